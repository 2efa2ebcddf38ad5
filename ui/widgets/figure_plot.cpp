#include "ui/widgets/figure_plot.h"

#include <QPaintEngine>

namespace attnviz::ui {

void FigurePlot::paintEvent(QPaintEvent* event) {
    {
        QCPPainter painter(this);
        const auto* engine = painter.paintEngine();
        const bool elsewhere = engine && (engine->type() != QPaintEngine::Raster ||
                                          painter.device()->devicePixelRatioF() != devicePixelRatioF());
        if (elsewhere) {
            painter.setMode(QCPPainter::pmVectorized);
            painter.setMode(QCPPainter::pmNoCaching);
            toPainter(&painter, width(), height());
            return;
        }
    }
    QCustomPlot::paintEvent(event);
}

}  // namespace attnviz::ui
