// PDF figures: one page of exactly the figure's size, fonts embedded, maps lossless.
#include <QBuffer>
#include <QPainter>
#include <QPdfWriter>

#include "ui/exporting/drawn_figure.h"
#include "ui/exporting/figure_exporters.h"
#include "ui/exporting/figure_painting.h"

namespace attnviz {
namespace {

Result<void> writePdf(const ExportRequest& request, ByteSink& sink, const ProgressSink& progress,
                      std::stop_token stop) {
    auto figure = ui::drawnFigure(request, stop);
    if (!figure) return figure.error();
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    {
        QPdfWriter writer(&buffer);
        writer.setResolution(ui::kUnitsPerInch);
        writer.setPageSize(QPageSize(QSizeF(request.widthInches, request.heightInches), QPageSize::Inch,
                                     QStringLiteral("figure"), QPageSize::ExactMatch));
        writer.setPageMargins(QMarginsF());
        writer.setTitle(figure->plan.title);
        writer.setCreator(QStringLiteral("Attention Viz"));
        QPainter painter(&writer);
        painter.setRenderHint(QPainter::LosslessImageRendering);
        if (auto done = ui::paintFigure(painter, figure->plan, figure->layout, 0, progress, std::move(stop));
            !done)
            return done;
    }
    return sink.write({bytes.constData(), static_cast<std::size_t>(bytes.size())});
}

}  // namespace

extern const ExporterDescriptor kPdfExporter{
    .id = "pdf", .title = "PDF document", .suffixes = {".pdf"}, .draws = true, .write = &writePdf};

}  // namespace attnviz
