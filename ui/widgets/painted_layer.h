// What a plot paints beside its plottables, as a layerable of its own: axes with tokens, bars, marks under
// the pointer. The view that owns it hands in one of its functions.
#pragma once

#include <qcustomplot.h>

#include <functional>
#include <utility>

namespace attnviz::ui {

class PaintedLayer final : public QCPLayerable {
 public:
    using Paint = std::function<void(QCPPainter&)>;
    PaintedLayer(QCustomPlot& plot, const QString& layer, Paint paint)
        : QCPLayerable(&plot, layer), m_paint(std::move(paint)) {}

 protected:
    void applyDefaultAntialiasingHint(QCPPainter* painter) const override { painter->setAntialiasing(false); }
    void draw(QCPPainter* painter) override { m_paint(*painter); }

 private:
    Paint m_paint;
};

}  // namespace attnviz::ui
