// What the three figure formats share: a request checked, planned and laid out, ready to be painted.
#pragma once

#include "ui/exporting/figure_file.h"
#include "ui/exporting/figure_layout.h"

namespace attnviz::ui {

struct DrawnFigure {
    FigurePlan plan;
    FigureLayout layout;
};

// Its size, without a title.
FigureSheet sheetOf(const ExportRequest& request);

// Refuses sizes outside 2 to 100 inches, and a process without a QGuiApplication.
Result<DrawnFigure> drawnFigure(const ExportRequest& request, std::stop_token stop);

}  // namespace attnviz::ui
