#include "ui/exporting/figure_file.h"

#include <qcustomplot.h>

#include <QBuffer>
#include <QFileInfo>
#include <QImage>
#include <QPdfWriter>
#include <QSvgGenerator>
#include <cmath>

namespace attnviz::ui {
namespace {

constexpr int kLeastDpi = 10, kLargestDpi = 2400;
constexpr double kLargestPixels = 4e8;  // 1.6 GB while drawing
constexpr double kLargestSide = 32767;

Result<void> paintOn(QPaintDevice& device, const PaintFigure& paint) {
    QCPPainter painter(&device);
    painter.setRenderHint(QPainter::LosslessImageRendering);
    return paint(painter);
}

// The same figure is the same file: Qt's PDF differs in nothing but the time, which is overwritten in place.
void undate(QByteArray& pdf) {
    constexpr QByteArrayView kKey = "/CreationDate (D:", kTime = "19700101000000";
    // The dictionary of such facts stands before the page's content, and nothing that is drawn.
    const auto found = pdf.indexOf(kKey);
    if (found >= 0 && found + kKey.size() + kTime.size() <= pdf.size())
        pdf.replace(found + kKey.size(), kTime.size(), kTime.toByteArray());
}

}  // namespace

Result<FigureFormat> figureFormatOf(const QString& path) {
    const QString suffix = QFileInfo(path).suffix().toLower();
    if (suffix == "png") return FigureFormat::png;
    if (suffix == "svg") return FigureFormat::svg;
    if (suffix == "pdf") return FigureFormat::pdf;
    return unsupported("a figure cannot be written as this", path.toStdString(),
                       "Choose a name that ends in .png, .svg or .pdf.");
}

Result<void> checkInches(const FigureSheet& sheet) {
    for (const double inches : {sheet.widthInches, sheet.heightInches})
        if (!(inches >= 2 && inches <= 100))
            return badInput("a figure of " + QString::number(sheet.widthInches).toStdString() + " x " +
                                QString::number(sheet.heightInches).toStdString() + " inches cannot be drawn",
                            {}, "Width and height are 2 to 100 inches.");
    return {};
}

Result<void> checkPixels(const FigureSheet& sheet, int dpi) {
    if (dpi < kLeastDpi || dpi > kLargestDpi)
        return badInput(std::to_string(dpi) + " dots per inch cannot be drawn", "--dpi",
                        "It is " + std::to_string(kLeastDpi) + " to " + std::to_string(kLargestDpi) + ".");
    const double width = std::round(sheet.widthInches * dpi), height = std::round(sheet.heightInches * dpi);
    if (width * height > kLargestPixels || width > kLargestSide || height > kLargestSide)
        return badInput("a figure of " + std::to_string(static_cast<long>(width)) + " x " +
                            std::to_string(static_cast<long>(height)) + " pixels is too large",
                        {}, "Choose fewer inches or dots per inch, or write PDF.");
    return {};
}

Result<QByteArray> svgFile(const FigureSheet& sheet, int unitsPerInch, const PaintFigure& paint) {
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    QSvgGenerator generator;
    generator.setOutputDevice(&buffer);
    generator.setResolution(unitsPerInch);
    const QSize size(static_cast<int>(std::lround(sheet.widthInches * unitsPerInch)),
                     static_cast<int>(std::lround(sheet.heightInches * unitsPerInch)));
    generator.setSize(size);
    generator.setViewBox(QRect(QPoint(0, 0), size));
    generator.setTitle(sheet.title.toHtmlEscaped());  // Qt writes it as it is
    generator.setDescription(QStringLiteral("Attention Viz"));
    if (auto painted = paintOn(generator, paint); !painted) return painted.error();
    // Qt names one family and lets viewers smooth images. Text of the figure cannot be taken for either: its
    // quotes are escaped.
    bytes.replace("font-family=\"Inter\"",
                  "font-family=\"Inter, 'Noto Sans', Helvetica, Arial, sans-serif\"");
    bytes.replace("font-family=\"JetBrains Mono\"",
                  "font-family=\"JetBrains Mono, 'Noto Sans Mono', Menlo, Consolas, monospace\"");
    for (const char* hint : {" image-rendering=\"optimizeSpeed\"", " image-rendering=\"optimizeQuality\""})
        bytes.replace(hint, "");
    bytes.replace("<image ", "<image image-rendering=\"pixelated\" ");
    return bytes;
}

Result<QByteArray> pdfFile(const FigureSheet& sheet, int unitsPerInch, const PaintFigure& paint) {
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    {
        QPdfWriter writer(&buffer);
        writer.setResolution(unitsPerInch);
        writer.setPageSize(QPageSize(QSizeF(sheet.widthInches, sheet.heightInches), QPageSize::Inch,
                                     QStringLiteral("figure"), QPageSize::ExactMatch));
        writer.setPageMargins(QMarginsF());
        writer.setTitle(sheet.title);
        writer.setCreator(QStringLiteral("Attention Viz"));
        if (auto painted = paintOn(writer, paint); !painted) return painted.error();
    }
    undate(bytes);
    return bytes;
}

Result<QByteArray> pngFile(QImage image, int dpi) {
    const int dotsPerMeter = static_cast<int>(std::lround(dpi / 0.0254));
    image.setDotsPerMeterX(dotsPerMeter);
    image.setDotsPerMeterY(dotsPerMeter);
    image.setText(QStringLiteral("Software"), QStringLiteral("Attention Viz"));
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    if (!image.save(&buffer, "PNG")) return internalError("the figure could not be written as PNG");
    return bytes;
}

}  // namespace attnviz::ui
