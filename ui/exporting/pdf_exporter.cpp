// PDF figures: one page of exactly the figure's size, fonts embedded, maps lossless.

#include <qcustomplot.h>

#include "ui/exporting/drawn_figure.h"
#include "ui/exporting/figure_exporters.h"
#include "ui/exporting/figure_painting.h"

namespace attnviz {
namespace {

Result<void> writePdf(const ExportRequest& request, ByteSink& sink, const ProgressSink& progress,
                      std::stop_token stop) {
    auto figure = ui::drawnFigure(request, stop);
    if (!figure) return figure.error();
    ui::FigureSheet sheet = ui::sheetOf(request);
    sheet.title = figure->plan.title;
    const auto bytes = ui::pdfFile(sheet, ui::kUnitsPerInch, [&](QCPPainter& painter) {
        return ui::paintFigure(painter, figure->plan, figure->layout, 0, progress, stop);
    });
    if (!bytes) return bytes.error();
    return sink.write({bytes->constData(), static_cast<std::size_t>(bytes->size())});
}

}  // namespace

extern const ExporterDescriptor kPdfExporter{
    .id = "pdf", .title = "PDF document", .suffixes = {".pdf"}, .draws = true, .write = &writePdf};

}  // namespace attnviz
