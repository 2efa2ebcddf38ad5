// SVG figures: real text with a list of families, maps as lossless images of one pixel a cell.
#include <QBuffer>
#include <QPainter>
#include <QSvgGenerator>
#include <cmath>

#include "ui/exporting/drawn_figure.h"
#include "ui/exporting/figure_exporters.h"
#include "ui/exporting/figure_painting.h"

namespace attnviz {
namespace {

Result<void> writeSvg(const ExportRequest& request, ByteSink& sink, const ProgressSink& progress,
                      std::stop_token stop) {
    auto figure = ui::drawnFigure(request, stop);
    if (!figure) return figure.error();
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    QSvgGenerator generator;
    generator.setOutputDevice(&buffer);
    generator.setResolution(ui::kUnitsPerInch);
    const QSize size(static_cast<int>(std::lround(figure->layout.width)),
                     static_cast<int>(std::lround(figure->layout.height)));
    generator.setSize(size);
    generator.setViewBox(QRect(QPoint(0, 0), size));
    generator.setTitle(figure->plan.title.toHtmlEscaped());  // Qt writes it as it is
    generator.setDescription(QStringLiteral("Attention Viz"));
    {
        QPainter painter(&generator);
        painter.fillRect(QRect(QPoint(0, 0), size), Qt::white);
        if (auto done = ui::paintFigure(painter, figure->plan, figure->layout, 0, progress, std::move(stop));
            !done)
            return done;
    }
    // Qt names one family and lets viewers smooth images. Text of the figure cannot be taken for either: its
    // quotes are escaped.
    bytes.replace("font-family=\"Inter\"",
                  "font-family=\"Inter, 'Noto Sans', Helvetica, Arial, sans-serif\"");
    for (const char* hint : {" image-rendering=\"optimizeSpeed\"", " image-rendering=\"optimizeQuality\""})
        bytes.replace(hint, "");
    bytes.replace("<image ", "<image image-rendering=\"pixelated\" ");
    return sink.write({bytes.constData(), static_cast<std::size_t>(bytes.size())});
}

}  // namespace

extern const ExporterDescriptor kSvgExporter{
    .id = "svg", .title = "SVG drawing", .suffixes = {".svg"}, .draws = true, .write = &writeSvg};

}  // namespace attnviz
