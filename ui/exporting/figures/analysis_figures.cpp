#include "ui/exporting/figures/analysis_figures.h"

#include <qcustomplot.h>

#include <QApplication>
#include <QBuffer>
#include <QPdfWriter>
#include <QSvgGenerator>
#include <algorithm>
#include <array>
#include <cmath>

#include "core/exporting/selected_attention.h"
#include "ui/theme/appearance.h"
#include "ui/widgets/token_text.h"

namespace attnviz::ui {

extern const AnalysisFigureDescriptor kStatisticsFigure, kPositionalFigure, kFlowFigure, kRolloutFigure,
    kMaxFlowFigure, kRolesFigure, kClustersFigure, kSimilarityFigure, kDifferenceFigure, kImportanceFigure;

namespace {

const std::array kFigures{&kStatisticsFigure, &kPositionalFigure, &kFlowFigure,     &kRolloutFigure,
                          &kMaxFlowFigure,    &kRolesFigure,      &kClustersFigure, &kSimilarityFigure,
                          &kDifferenceFigure, &kImportanceFigure};

constexpr double kPixelsPerInch = 96;  // of the widgets' design
constexpr int kEdge = 12, kTitleLine = 22, kCaptionLine = 18;
constexpr int kLeastDpi = 10, kLargestDpi = 2400;
constexpr double kLargestPixels = 4e8;

QStringList texts(const std::vector<AxisLabel>& labels) {
    QStringList out;
    for (const auto& label : labels) out << tokenText(label.text);
    return out;
}

// Laid out and painted as if it were seen, without being seen.
void settle(QWidget& body, const QSize& size) {
    body.setAttribute(Qt::WA_DontShowOnScreen);
    body.resize(size);
    body.show();
    for (int round = 0; round < 8; ++round) QCoreApplication::processEvents();
}

void paintSheet(QCPPainter& painter, const FigureSheet& sheet, const AnalysisPicture& picture,
                const QString& caption, const QSize& size, int top) {
    const auto& p = ui::palette();
    painter.fillRect(QRect(QPoint(0, 0), size), p.panel);
    const QRectF line(kEdge, kEdge - 4, size.width() - 2 * kEdge, kTitleLine);
    const auto text = [&](const QRectF& place, const QFont& font, const QColor& color, const QString& words) {
        painter.setFont(font);
        painter.setPen(color);
        painter.drawText(place, Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine,
                         QFontMetricsF(font).elidedText(words, Qt::ElideRight, place.width()));
    };
    text(line, interfaceFont(14, QFont::DemiBold), p.text, sheet.title);
    if (!caption.isEmpty())
        text(QRectF(kEdge, line.bottom(), line.width(), kCaptionLine), interfaceFont(11), p.secondaryText,
             caption);
    painter.translate(0, top);
    paintPicture(*picture.body, painter);
}

Result<void> checked(const FigureSheet& sheet, FigureFormat format) {
    for (const double inches : {sheet.widthInches, sheet.heightInches})
        if (!(inches >= 2 && inches <= 100))
            return badInput("a figure of " + QString::number(sheet.widthInches).toStdString() + " x " +
                                QString::number(sheet.heightInches).toStdString() + " inches cannot be drawn",
                            {}, "Width and height are 2 to 100 inches.");
    if (format != FigureFormat::png) return {};
    if (sheet.dpi < kLeastDpi || sheet.dpi > kLargestDpi)
        return badInput(std::to_string(sheet.dpi) + " dots per inch cannot be drawn", "--dpi",
                        "It is " + std::to_string(kLeastDpi) + " to " + std::to_string(kLargestDpi) + ".");
    const double width = sheet.widthInches * sheet.dpi, height = sheet.heightInches * sheet.dpi;
    if (width * height > kLargestPixels || width > 32767 || height > 32767)
        return badInput("a figure of so many pixels is too large", {},
                        "Choose fewer inches or dots per inch, or write PDF.");
    return {};
}

}  // namespace

std::span<const AnalysisFigureDescriptor* const> analysisFigures() {
    return kFigures;
}

const AnalysisFigureDescriptor* findAnalysisFigure(std::string_view analysis) {
    const auto found = std::ranges::find(kFigures, analysis, &AnalysisFigureDescriptor::analysis);
    return found == kFigures.end() ? nullptr : *found;
}

QStringList figureKeys(const AnalysisRequest& request) {
    return texts(keyLabels(request.run, request.source));
}

QStringList figureQueries(const AnalysisRequest& request) {
    return texts(queryLabels(request.run, request.source));
}

double numberOf(const JsonValue& cell) {
    return cell.numberOr(std::nan(""));
}

Result<QByteArray> drawAnalysis(const AnalysisFigureDescriptor& figure, const AnalysisDrawing& drawing,
                                const FigureSheet& sheet, FigureFormat format) {
    if (!qobject_cast<QApplication*>(QCoreApplication::instance()))
        return internalError("figures need an application that can draw");
    if (auto fits = checked(sheet, format); !fits) return fits.error();
    Appearance::instance().apply(ThemeChoice::light);
    auto picture = figure.draw(drawing);
    if (!picture) return picture.error();
    const auto& info = drawing.request.source.info();
    QStringList words{picture->caption};
    if (!info.combined.empty()) words << QString::fromStdString(info.combined);
    if (info.renormalized) words << QStringLiteral("renormalized");
    words.removeAll(QString());
    const QString caption = words.join(QStringLiteral(" · "));
    const QSize size(static_cast<int>(std::lround(sheet.widthInches * kPixelsPerInch)),
                     static_cast<int>(std::lround(sheet.heightInches * kPixelsPerInch)));
    const int top = kEdge + kTitleLine + (caption.isEmpty() ? 0 : kCaptionLine);
    settle(*picture->body, {size.width(), size.height() - top});

    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    const auto paint = [&](QPaintDevice& device) {
        QCPPainter painter(&device);
        painter.setRenderHint(QPainter::LosslessImageRendering);
        paintSheet(painter, sheet, *picture, caption, size, top);
    };
    if (format == FigureFormat::png) {
        QImage image(static_cast<int>(std::lround(sheet.widthInches * sheet.dpi)),
                     static_cast<int>(std::lround(sheet.heightInches * sheet.dpi)), QImage::Format_RGB32);
        if (image.isNull())
            return outOfMemory("the figure does not fit into memory", {},
                               "Choose fewer inches or dots per inch.");
        image.fill(Qt::white);
        image.setDevicePixelRatio(sheet.dpi / kPixelsPerInch);
        paint(image);
        const int dotsPerMeter = static_cast<int>(std::lround(sheet.dpi / 0.0254));
        image.setDotsPerMeterX(dotsPerMeter);
        image.setDotsPerMeterY(dotsPerMeter);
        image.setText(QStringLiteral("Software"), QStringLiteral("Attention Viz"));
        if (!image.save(&buffer, "PNG")) return internalError("the figure could not be written as PNG");
    } else if (format == FigureFormat::svg) {
        QSvgGenerator generator;
        generator.setOutputDevice(&buffer);
        generator.setResolution(static_cast<int>(kPixelsPerInch));
        generator.setSize(size);
        generator.setViewBox(QRect(QPoint(0, 0), size));
        generator.setTitle(sheet.title.toHtmlEscaped());  // Qt writes it as it is
        paint(generator);
    } else {
        QPdfWriter writer(&buffer);
        writer.setResolution(static_cast<int>(kPixelsPerInch));
        writer.setPageSize(QPageSize(QSizeF(sheet.widthInches, sheet.heightInches), QPageSize::Inch,
                                     QStringLiteral("figure"), QPageSize::ExactMatch));
        writer.setPageMargins(QMarginsF());
        writer.setTitle(sheet.title);
        writer.setCreator(QStringLiteral("Attention Viz"));
        paint(writer);
    }
    return bytes;
}

}  // namespace attnviz::ui
