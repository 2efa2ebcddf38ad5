// One place that styles Qt Charts: grounds, grids and labels of the palette, no animation, no legend.
#pragma once

#include <QAbstractAxis>
#include <QChart>

namespace attnviz::ui {

void styleChart(QChart& chart);

}  // namespace attnviz::ui
