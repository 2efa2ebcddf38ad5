// A number of every head by layer: a dot each, a line for the means. Dots choose their head; arrow keys move
// the choice through layers (left, right) and heads (up, down).
#pragma once

#include <QWidget>
#include <vector>

#include "core/attention/attention_source.h"

class QChart;
class QLineSeries;
class QScatterSeries;
class QValueAxis;

namespace attnviz::ui {

struct LayerDot {
    HeadId head;
    double value = 0;  // NaN: none
};

class LayerDots final : public QWidget {
    Q_OBJECT
 public:
    // "JS divergence", "nats · dot = head, line = mean"
    LayerDots(const QString& title, const QString& caption, QWidget* parent = nullptr);
    // `means` by layer, the index of each being its layer. The axis begins at zero or at the least value.
    void setDots(std::vector<LayerDot> dots, const std::vector<double>& means, bool fromZero);
    void setChosen(HeadId head);
    const std::vector<LayerDot>& dots() const { return m_dots; }
    QPointF positionOf(HeadId head) const;  // of its dot, in the widget

 signals:
    void headClicked(attnviz::HeadId head, Qt::KeyboardModifiers modifiers);

 protected:
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

 private:
    void style();
    QPointF pointOf(const LayerDot& dot) const;  // in the chart's values
    void setRange(double low, double high);

    std::vector<LayerDot> m_dots;
    HeadId m_head;
    int m_layerCount = 1, m_headCount = 1;
    QChart* m_chart;
    QWidget* m_viewport;
    QScatterSeries *m_heads, *m_chosen;
    QLineSeries* m_means;
    QValueAxis *m_layers, *m_values;
};

}  // namespace attnviz::ui
