// SVG figures: real text with a list of families, maps as lossless images of one pixel a cell.

#include <qcustomplot.h>

#include "ui/exporting/drawn_figure.h"
#include "ui/exporting/figure_exporters.h"
#include "ui/exporting/figure_painting.h"

namespace attnviz {
namespace {

Result<void> writeSvg(const ExportRequest& request, ByteSink& sink, const ProgressSink& progress,
                      std::stop_token stop) {
    auto figure = ui::drawnFigure(request, stop);
    if (!figure) return figure.error();
    ui::FigureSheet sheet = ui::sheetOf(request);
    sheet.title = figure->plan.title;
    const auto bytes = ui::svgFile(sheet, ui::kUnitsPerInch, [&](QCPPainter& painter) {
        painter.fillRect(QRectF(0, 0, figure->layout.width, figure->layout.height), Qt::white);
        return ui::paintFigure(painter, figure->plan, figure->layout, 0, progress, stop);
    });
    if (!bytes) return bytes.error();
    return sink.write({bytes->constData(), static_cast<std::size_t>(bytes->size())});
}

}  // namespace

extern const ExporterDescriptor kSvgExporter{
    .id = "svg", .title = "SVG drawing", .suffixes = {".svg"}, .draws = true, .write = &writeSvg};

}  // namespace attnviz
