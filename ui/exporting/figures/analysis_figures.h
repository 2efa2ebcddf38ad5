// What analyses look like in a file: the widgets that the window's panes show, filled from a result, so that
// what is exported is what is seen. One file a kind of picture, one row an analysis in analysis_figures.cpp;
// an analysis without a row draws nothing.
//
// They need a QApplication (on any platform; commands use the offscreen one), and stand on white in either
// theme.
#pragma once

#include <QString>
#include <QWidget>
#include <memory>
#include <span>
#include <string_view>

#include "core/analysis/analysis.h"
#include "core/base/byte_sink.h"
#include "ui/exporting/widget_figure.h"

namespace attnviz::ui {

struct AnalysisDrawing {
    const AnalysisRequest& request;  // checked
    const AnalysisResult& result;    // of it
    std::string colormap = "viridis";
};

struct AnalysisPicture {
    std::unique_ptr<QWidget> body;
    QString caption;  // what is drawn, below the title: "mean of 12 heads, top 3 per query"
};

struct AnalysisFigureDescriptor {
    std::string_view analysis;  // its id
    Result<AnalysisPicture> (*draw)(const AnalysisDrawing&);
};

// Null where the analysis draws nothing.
const AnalysisFigureDescriptor* findAnalysisFigure(std::string_view analysis);
std::span<const AnalysisFigureDescriptor* const> analysisFigures();

// The whole file; `dpi` is a PNG's. Refuses sizes that cannot be drawn.
Result<QByteArray> drawAnalysis(const AnalysisFigureDescriptor& figure, const AnalysisDrawing& drawing,
                                const FigureSheet& sheet, int dpi, FigureFormat format);

// Labels of the shown source's keys or queries: of words where a filter made words.
QStringList figureKeys(const AnalysisRequest& request);
QStringList figureQueries(const AnalysisRequest& request);
// A number of a cell; NaN where it is none.
double numberOf(const JsonValue& cell);

}  // namespace attnviz::ui
