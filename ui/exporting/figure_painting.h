// Draws a planned and laid out figure: axes and text as vectors, maps cell by cell.
#pragma once

#include "ui/exporting/figure_layout.h"

class QPainter;

namespace attnviz::ui {

// `painter` is in the layout's units. On a raster device (`pixelsPerInch` > 0) maps are painted pixel by
// pixel, never smoothed, pooled where cells are smaller than pixels; on a vector device (0) as one image a
// map, with one pixel a cell.
Result<void> paintFigure(QPainter& painter, const FigurePlan& plan, const FigureLayout& layout,
                         double pixelsPerInch, const ProgressSink& progress, std::stop_token stop);

}  // namespace attnviz::ui
