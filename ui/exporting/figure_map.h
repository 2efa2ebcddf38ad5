// A panel's map as an image: one pixel a cell, exact colours, pooled by the maximum where asked for.
#pragma once

#include <QImage>

#include "ui/exporting/figure_plan.h"

namespace attnviz::ui {

// Ground of cells that nothing may see; the light theme's, as figures stand on paper.
inline constexpr QRgb kFigureMasked = qRgb(0xF1, 0xF3, 0xF5);

// (ceil(queries / 2^level), ceil(keys / 2^level)) pixels; null with an Error when stopped or out of memory.
Result<QImage> mapImage(const FigurePanel& panel, const ColorScale& scale, int level, std::stop_token stop);

// The least level at which neither side has more than `most` cells.
int levelForCells(int queries, int keys, int most);

}  // namespace attnviz::ui
