// Pictures that several analyses share.
#pragma once

#include "ui/exporting/figures/analysis_figures.h"

namespace attnviz::ui {

// A bar a row of the result's table, in its order.
Result<AnalysisPicture> barsPicture(const AnalysisDrawing& drawing, std::string_view indexColumn,
                                    std::string_view tokenColumn, std::string_view valueColumn,
                                    const QString& caption);

// A matrix as the heatmap shows a map, row 0 on top.
struct MatrixPicture {
    std::vector<float> values;  // row by row
    QStringList rows, columns;
    QString rowTitle, columnTitle, valueTitle;
    double end = 1;  // of the colours, from 0
    bool causal = false;
};
Result<AnalysisPicture> matrixPicture(const AnalysisDrawing& drawing, MatrixPicture matrix,
                                      const QString& caption);

}  // namespace attnviz::ui
