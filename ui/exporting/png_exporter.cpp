// PNG figures: round(inches * dpi) pixels, the resolution said in the file, a palette where 256 colours are
// enough.
#include <QHash>
#include <QImage>
#include <QPainter>
#include <cmath>

#include "ui/exporting/drawn_figure.h"
#include "ui/exporting/figure_exporters.h"
#include "ui/exporting/figure_painting.h"

namespace attnviz {
namespace {

// The same picture with a palette; the picture itself where it has more than 256 colours.
QImage withPalette(const QImage& image) {
    QHash<QRgb, int> places;
    QList<QRgb> palette;
    QImage indexed(image.size(), QImage::Format_Indexed8);
    if (indexed.isNull()) return image;
    for (int y = 0; y < image.height(); ++y) {
        const auto* from = reinterpret_cast<const QRgb*>(image.constScanLine(y));
        auto* to = indexed.scanLine(y);
        QRgb last = from[0] + 1;
        uchar lastPlace = 0;
        for (int x = 0; x < image.width(); ++x) {
            if (from[x] != last) {
                last = from[x];
                auto place = places.constFind(last);
                if (place == places.constEnd()) {
                    if (palette.size() == 256) return image;
                    place = places.insert(last, static_cast<int>(palette.size()));
                    palette.append(last);
                }
                lastPlace = static_cast<uchar>(*place);
            }
            to[x] = lastPlace;
        }
    }
    indexed.setColorTable(palette);
    return indexed;
}

Result<void> writePng(const ExportRequest& request, ByteSink& sink, const ProgressSink& progress,
                      std::stop_token stop) {
    auto figure = ui::drawnFigure(request, stop);
    if (!figure) return figure.error();
    if (auto fits = ui::checkPixels(ui::sheetOf(request), request.dpi); !fits) return fits;
    const double width = std::round(request.widthInches * request.dpi);
    const double height = std::round(request.heightInches * request.dpi);
    QImage image(static_cast<int>(width), static_cast<int>(height), QImage::Format_RGB32);
    if (image.isNull())
        return outOfMemory("the figure does not fit into memory", {},
                           "Choose fewer inches or dots per inch.");
    image.fill(Qt::white);
    {
        QPainter painter(&image);
        painter.scale(width / figure->layout.width, height / figure->layout.height);
        if (auto done = ui::paintFigure(painter, figure->plan, figure->layout, request.dpi, progress,
                                        std::move(stop));
            !done)
            return done;
    }
    image = withPalette(image);
    if (image.format() != QImage::Format_Indexed8) image = image.convertToFormat(QImage::Format_RGB888);
    const auto bytes = ui::pngFile(std::move(image), request.dpi);
    if (!bytes) return bytes.error();
    return sink.write({bytes->constData(), static_cast<std::size_t>(bytes->size())});
}

}  // namespace

extern const ExporterDescriptor kPngExporter{
    .id = "png", .title = "PNG image", .suffixes = {".png"}, .draws = true, .write = &writePng};

}  // namespace attnviz
