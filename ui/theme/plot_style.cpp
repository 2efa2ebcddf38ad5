#include "ui/theme/plot_style.h"

#include <qcustomplot.h>

#include "ui/theme/appearance.h"

namespace attnviz::ui {
namespace {

// Numbers as the program writes them: a true minus, as long as a plus.
class TrueMinusTicker final : public QCPAxisTicker {
 protected:
    QString getTickLabel(double tick, const QLocale& locale, QChar format, int precision) override {
        return QCPAxisTicker::getTickLabel(tick, locale, format, precision).replace('-', QChar(0x2212));
    }
};

}  // namespace

void stylePlot(QCustomPlot& plot, PlotFrame frame) {
    const auto& p = ui::palette();
    const bool numbers = frame == PlotFrame::axes;
    plot.setBackground(p.panel);
    for (auto* rect : plot.axisRects()) {
        rect->setupFullAxesBox(false);
        rect->setBackground(p.panel);
        for (auto* axis : rect->axes()) {
            const bool first = axis->axisType() == QCPAxis::atLeft || axis->axisType() == QCPAxis::atBottom;
            if (!axis->ticker().dynamicCast<TrueMinusTicker>())
                axis->setTicker(QSharedPointer<TrueMinusTicker>::create());
            axis->setBasePen(QPen(p.line, 1));
            axis->setTickPen(QPen(p.line, 1));
            axis->setSubTicks(false);
            axis->setTicks(numbers && first);
            axis->setTickLabels(numbers && first);
            axis->setTickLength(0, 3);
            axis->setTickLabelFont(interfaceFont(11));
            axis->setTickLabelColor(p.secondaryText);
            axis->setTickLabelPadding(4);
            axis->setLabelFont(interfaceFont(11));
            axis->setLabelColor(p.secondaryText);
            axis->setNumberPrecision(3);
            axis->grid()->setVisible(numbers && first);
            axis->grid()->setPen(QPen(p.hairline, 1));
            axis->grid()->setZeroLinePen(QPen(p.line, 1));
        }
    }
}

}  // namespace attnviz::ui
