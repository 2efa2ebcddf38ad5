#include "ui/theme/chart_style.h"

#include <QGraphicsLayout>
#include <QLegend>
#include <QPen>

#include "ui/theme/appearance.h"

namespace attnviz::ui {

void styleChart(QChart& chart) {
    const auto& p = palette();
    chart.setBackgroundVisible(false);
    chart.setPlotAreaBackgroundVisible(false);
    chart.setMargins(QMargins(0, 0, 0, 0));
    chart.layout()->setContentsMargins(0, 0, 0, 0);
    chart.legend()->hide();
    chart.setAnimationOptions(QChart::NoAnimation);
    for (auto* axis : chart.axes()) {
        axis->setLabelsFont(interfaceFont(11));
        axis->setLabelsBrush(p.secondaryText);
        axis->setGridLinePen(QPen(p.hairline, 1));
        axis->setLinePen(QPen(p.line, 1));
    }
}

}  // namespace attnviz::ui
