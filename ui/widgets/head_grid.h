// The layers x heads map: one cell a head, coloured by a score. Click and arrow keys choose a head.
//
// Layers that have no scores yet take the masked ground and say "waiting"; a score that does not exist (NaN)
// likewise, without words. Chosen: accent ring with a white halo.
#pragma once

#include <QWidget>
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
    void setChosen(HeadId head);
    HeadId chosen() const { return m_chosen; }
    void setRunning(const QString& words,
                    double fraction);  // in the layer that is being computed; empty: none

    std::optional<HeadId> headAt(const QPointF& position) const;
    QRectF rectOf(HeadId head) const;
    bool hasHeightForWidth() const override { return true; }
    int heightForWidth(int width) const override;
    QSize sizeHint() const override;

 signals:
    void headClicked(attnviz::HeadId head);
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
    double scoreAt(HeadId head) const;
    double cellWidth() const;
    double cellHeight() const;
    void hover(std::optional<HeadId> head);

    int m_layers = 0, m_heads = 0, m_layersReady = 0;
    std::vector<double> m_scores;
    ColorScale m_scale;
    HeadId m_chosen;
    std::optional<HeadId> m_hovered;
    QString m_runningWords;
    double m_runningFraction = -1;
    bool m_keyboardFocus = false;
};

}  // namespace attnviz::ui
