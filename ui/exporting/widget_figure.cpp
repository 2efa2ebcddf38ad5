#include "ui/exporting/widget_figure.h"

#include <qcustomplot.h>

#include <QClipboard>
#include <QGuiApplication>
#include <QMimeData>

#include "core/base/atomic_file.h"
#include "ui/theme/appearance.h"

namespace attnviz::ui {
namespace {

constexpr int kScreenDpi = 96;
constexpr double kPngScale = 2;

void paintOnGround(QWidget& picture, QCPPainter& painter) {
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
    QCPPainter painter(&image);
    paintOnGround(picture, painter);
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

QByteArray figureOf(QWidget& picture, FigureFormat format) {
    if (format == FigureFormat::png) {
        const auto bytes = pngFile(imageOf(picture), static_cast<int>(kScreenDpi * kPngScale));
        return bytes ? *bytes : QByteArray();
    }
    const FigureSheet sheet{picture.accessibleName(), static_cast<double>(picture.width()) / kScreenDpi,
                            static_cast<double>(picture.height()) / kScreenDpi};
    const PaintFigure paint = [&picture](QCPPainter& painter) -> Result<void> {
        paintOnGround(picture, painter);
        return {};
    };
    const auto bytes =
        format == FigureFormat::svg ? svgFile(sheet, kScreenDpi, paint) : pdfFile(sheet, kScreenDpi, paint);
    return bytes ? *bytes : QByteArray();
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
