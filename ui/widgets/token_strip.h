// Running text, token by token, each on a ground as strong as its weight. Long texts fold stretches that
// matter little, and say their mass. Hover and click report tokens.
//
// Only what is seen is painted; text is plain whatever it contains.
#pragma once

#include <QAbstractScrollArea>
#include <QStringList>
#include <optional>
#include <vector>

#include "core/text/token.h"

namespace attnviz::ui {

class TokenStrip final : public QAbstractScrollArea {
    Q_OBJECT
 public:
    explicit TokenStrip(QWidget* parent = nullptr);

    void setTokens(const std::vector<Token>& tokens, const QStringList& labels);
    // By token, 0 to 1 of the strongest; NaN where the token cannot be seen. Empty: no colours.
    void setWeights(std::vector<float> weights, bool logarithmic);
    // The framed token (the query or key that the weights belong to), and the hovered one.
    void setFramed(std::optional<int> token);
    void setHovered(std::optional<int> token);

    std::optional<int> tokenAt(const QPoint& position) const;
    QRect rectOf(int token) const;  // in the viewport; empty where folded
    int foldedTokens() const;
    int contentHeight() const { return static_cast<int>(m_height); }
    QColor groundOf(float weight) const;

 signals:
    void contentHeightChanged();
    void tokenHovered(std::optional<int> token);
    void tokenClicked(int token);

 protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

 private:
    struct Piece {
        int token = 0, count = 1;  // more than one: a folded stretch, `mass` of the weights
        QRectF place;
        QString text;
        double mass = 0;
    };
    void layOut();
    std::vector<std::pair<int, int>> folds() const;  // [first, end) stretches that are not shown

    std::vector<QString> m_texts;  // as running text: spaces as spaces
    std::vector<bool> m_breakAfter, m_special;
    std::vector<float> m_weights;
    double m_strongest = 0;
    bool m_logarithmic = false;
    std::optional<int> m_framed, m_hovered;
    std::vector<Piece> m_pieces;
    double m_height = 0;
    bool m_keyboardFocus = false;
};

}  // namespace attnviz::ui
