#include "ui/exporting/widget_figure.h"

#include <qcustomplot.h>

#include <QBuffer>
#include <QClipboard>
#include <QFileInfo>
#include <QGuiApplication>
#include <QMimeData>
#include <QPainter>
#include <QPdfWriter>
#include <QSvgGenerator>

#include "core/base/atomic_file.h"
#include "ui/theme/appearance.h"

namespace attnviz::ui {
namespace {

constexpr int kScreenDpi = 96;
constexpr double kPngScale = 2;

void paint(QWidget& picture, QPaintDevice& device) {
    QCPPainter painter(&device);
    painter.setRenderHint(QPainter::LosslessImageRendering);
    painter.fillRect(QRect(QPoint(0, 0), picture.size()), ui::palette().panel);
    paintPicture(picture, painter);
}

QImage imageOf(QWidget& picture) {
    QImage image((QSizeF(picture.size()) * kPngScale).toSize(), QImage::Format_RGB32);
    image.setDevicePixelRatio(kPngScale);
    if (auto* plot = qobject_cast<QCustomPlot*>(&picture)) {
        image = plot->toPixmap(0, 0, kPngScale).toImage();
        return image;
    }
    paint(picture, image);
    return image;
}

}  // namespace

// A plot draws itself on a painter; other widgets are rendered with their children.
void paintPicture(QWidget& picture, QCPPainter& painter) {
    if (auto* plot = qobject_cast<QCustomPlot*>(&picture)) {
        painter.setMode(QCPPainter::pmVectorized);
        painter.setMode(QCPPainter::pmNoCaching);
        plot->toPainter(&painter, picture.width(), picture.height());
        return;
    }
    picture.render(&painter, {}, {}, QWidget::DrawChildren);
}

Result<FigureFormat> figureFormatOf(const QString& path) {
    const QString suffix = QFileInfo(path).suffix().toLower();
    if (suffix == "png") return FigureFormat::png;
    if (suffix == "svg") return FigureFormat::svg;
    if (suffix == "pdf") return FigureFormat::pdf;
    return unsupported("a figure cannot be written as this", path.toStdString(),
                       "Choose a name that ends in .png, .svg or .pdf.");
}

QByteArray figureOf(QWidget& picture, FigureFormat format) {
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    if (format == FigureFormat::png) {
        imageOf(picture).save(&buffer, "PNG");
    } else if (format == FigureFormat::svg) {
        QSvgGenerator generator;
        generator.setOutputDevice(&buffer);
        generator.setResolution(kScreenDpi);
        generator.setSize(picture.size());
        generator.setViewBox(QRect(QPoint(0, 0), picture.size()));
        generator.setTitle(picture.accessibleName().toHtmlEscaped());  // Qt writes it as it is
        paint(picture, generator);
    } else {
        QPdfWriter writer(&buffer);
        writer.setResolution(kScreenDpi);
        writer.setPageSize(QPageSize(QSizeF(picture.size()) / kScreenDpi, QPageSize::Inch,
                                     QStringLiteral("figure"), QPageSize::ExactMatch));
        writer.setPageMargins(QMarginsF());
        writer.setCreator(QStringLiteral("Attention Viz"));
        paint(picture, writer);
    }
    return bytes;
}

void copyFigure(QWidget& picture) {
    auto* data = new QMimeData;
    data->setImageData(imageOf(picture));
    data->setData(QStringLiteral("image/svg+xml"), figureOf(picture, FigureFormat::svg));
    data->setData(QStringLiteral("application/pdf"), figureOf(picture, FigureFormat::pdf));
    QGuiApplication::clipboard()->setMimeData(data);
}

Result<void> writeFigure(QWidget& picture, const QString& path) {
    const auto format = figureFormatOf(path);
    if (!format) return format.error();
    const QByteArray bytes = figureOf(picture, *format);
    return writeFile(path.toStdString(), {bytes.constData(), static_cast<std::size_t>(bytes.size())});
}

}  // namespace attnviz::ui
