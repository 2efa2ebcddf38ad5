// The layers x heads map: one cell a head, coloured by a score or showing the head's pattern. Click and arrow
// keys choose a head, with Ctrl one beside the others, with Shift all between.
//
// Layers that have no scores yet take the masked ground and say "waiting"; a score that does not exist (NaN)
// likewise, without words. Shown: accent ring with a white halo; chosen beside it: a thin ring of the text's
// colour. Heads that share keys and values stand together, a gap apart from the next.
#pragma once

#include <QWidget>
#include <functional>
#include <optional>
#include <vector>

#include "core/attention/attention_source.h"
#include "ui/widgets/color_scale.h"

namespace attnviz::ui {

class HeadGrid final : public QWidget {
    Q_OBJECT
 public:
    explicit HeadGrid(QWidget* parent = nullptr);

    // `scores` are layer-major; NaN where there is none. Layers from `layersReady` on are waiting.
    void setScores(int layers, int heads, int layersReady, std::vector<double> scores);
    void setScale(const ColorScale& scale);
    void setChosen(HeadId shown, std::vector<HeadId> chosen);
    HeadId chosen() const { return m_chosen; }
    void setHovered(std::optional<HeadId> head);  // elsewhere; without a signal
    int largestHeight() const;                    // more is left empty
    void setRings(bool shown);                    // around the chosen heads; a figure has none
    void setGroups(int headsPerGroup);            // that share keys and values; 1: none
    // The pattern of a head, painted in its cell instead of the score's colour; empty: scores.
    void setPatterns(std::function<QImage(HeadId)> patterns);
    void setRunning(const QString& words,
                    double fraction);  // in the layer that is being computed; empty: none

    std::optional<HeadId> headAt(const QPointF& position) const;
    QRectF rectOf(HeadId head) const;
    bool hasHeightForWidth() const override { return true; }
    int heightForWidth(int width) const override;
    QSize sizeHint() const override;

 signals:
    void headClicked(attnviz::HeadId head, Qt::KeyboardModifiers modifiers);
    void headHovered(std::optional<attnviz::HeadId> head);

 protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    bool event(QEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

 private:
    void describe();
    double scoreAt(HeadId head) const;
    double cellWidth() const;
    double groupGap() const;  // before each group but the first
    double cellHeight() const;
    void hover(std::optional<HeadId> head);

    int m_layers = 0, m_heads = 0, m_layersReady = 0;
    std::vector<double> m_scores;
    ColorScale m_scale;
    HeadId m_chosen;
    std::vector<HeadId> m_others;
    int m_groupSize = 1;
    std::function<QImage(HeadId)> m_patterns;
    std::optional<HeadId> m_hovered;
    QString m_runningWords;
    double m_runningFraction = -1;
    bool m_keyboardFocus = false, m_rings = true;
};

}  // namespace attnviz::ui
