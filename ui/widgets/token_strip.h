// Running text, token by token, each on a ground as strong as its weight. Long texts fold stretches that
// matter little, and say their mass; padding at the ends is folded too; a click opens one. Hover, click and
// drag report tokens.
//
// Only what is seen is painted; text is plain whatever it contains.
#pragma once

#include <QAbstractScrollArea>
#include <QStringList>
#include <optional>
#include <vector>

#include "core/attention/visibility.h"
#include "core/text/token.h"

namespace attnviz::ui {

class TokenStrip final : public QAbstractScrollArea {
    Q_OBJECT
 public:
    explicit TokenStrip(QWidget* parent = nullptr);

    void setTokens(const std::vector<Token>& tokens, const QStringList& labels);
    // What is before and behind is padding: one fold each, whatever the weights. Until setTokens.
    void setContent(KeyRange tokens);
    // Tokens from here on were written by the model: underlined with dots. Below 0: none. Until setTokens.
    void setWritten(int first);
    // By token, 0 to 1 of the strongest; NaN where the token cannot be seen. Empty: no colours.
    // `sums`: they are shares of one whole, of which a fold says its part; else it says its largest.
    void setWeights(std::vector<float> weights, bool logarithmic, bool sums = true);
    // The framed tokens: queries in the accent, keys in the key's colour. Arrow keys move on from `step`.
    void setFramed(std::optional<KeyRange> queries, std::optional<KeyRange> keys, int step);
    void setHovered(std::optional<int> token);

    std::optional<int> tokenAt(const QPoint& position) const;
    QRect rectOf(int token) const;  // in the viewport; empty where folded
    int foldedTokens() const;
    QRect foldAt(int index) const;  // in the viewport; empty where there are fewer
    void openFold(int index);
    int contentHeight() const { return static_cast<int>(m_height); }
    QColor groundOf(float weight) const;

 signals:
    void contentHeightChanged();
    void tokenHovered(std::optional<int> token);
    // `drag`: on from the token that was pressed before.
    void tokenPicked(int token, Qt::KeyboardModifiers modifiers, bool drag);

 protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

 private:
    struct Piece {
        int token = 0, count = 1;  // more than one: a folded stretch
        QRectF place;
        QString text;
    };
    void describe();
    void layOut();
    void refold();
    bool isLong() const;
    void paintFrame(QPainter& painter, int token, const QRectF& place, const QRectF& ground) const;
    std::vector<std::pair<int, int>> folds() const;  // [first, end) stretches that are not shown
    std::vector<int> keptTokens() const;
    QString foldText(int first, int end) const;

    std::vector<QString> m_texts;  // as running text: spaces as spaces
    std::vector<bool> m_breakAfter, m_special;
    KeyRange m_content;
    std::vector<float> m_weights;
    double m_strongest = 0;
    int m_written = -1;
    bool m_logarithmic = false, m_sums = true;
    std::optional<KeyRange> m_queries, m_keys;
    int m_step = 0;
    std::optional<int> m_hovered, m_pressed;
    std::vector<bool> m_open;  // by token: of a fold that was opened
    std::vector<Piece> m_pieces;
    double m_height = 0;
    bool m_keyboardFocus = false;
};

}  // namespace attnviz::ui
