#include "ui/exporting/figures/analysis_figures.h"

#include <qcustomplot.h>

#include <QApplication>
#include <algorithm>
#include <array>
#include <cmath>

#include "core/exporting/selected_attention.h"
#include "ui/theme/appearance.h"
#include "ui/widgets/token_text.h"

namespace attnviz::ui {

extern const AnalysisFigureDescriptor kStatisticsFigure, kPositionalFigure, kFlowFigure, kRolloutFigure,
    kMaxFlowFigure, kRolesFigure, kClustersFigure, kSimilarityFigure, kDifferenceFigure, kImportanceFigure,
    kPredictFigure;

namespace {

const std::array kFigures{&kStatisticsFigure, &kPositionalFigure, &kFlowFigure,     &kRolloutFigure,
                          &kMaxFlowFigure,    &kRolesFigure,      &kClustersFigure, &kSimilarityFigure,
                          &kDifferenceFigure, &kImportanceFigure, &kPredictFigure};

constexpr int kPixelsPerInch = 96;  // of the widgets' design
constexpr int kEdge = 12, kTitleLine = 22, kCaptionLine = 18;

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
                                const FigureSheet& sheet, int dpi, FigureFormat format) {
    if (!qobject_cast<QApplication*>(QCoreApplication::instance()))
        return internalError("figures need an application that can draw");
    if (auto fits = checkInches(sheet); !fits) return fits.error();
    if (format == FigureFormat::png)
        if (auto fits = checkPixels(sheet, dpi); !fits) return fits.error();
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

    const PaintFigure paint = [&](QCPPainter& painter) -> Result<void> {
        paintSheet(painter, sheet, *picture, caption, size, top);
        return {};
    };
    if (format == FigureFormat::svg) return svgFile(sheet, kPixelsPerInch, paint);
    if (format == FigureFormat::pdf) return pdfFile(sheet, kPixelsPerInch, paint);
    QImage image(static_cast<int>(std::lround(sheet.widthInches * dpi)),
                 static_cast<int>(std::lround(sheet.heightInches * dpi)), QImage::Format_RGB32);
    if (image.isNull())
        return outOfMemory("the figure does not fit into memory", {},
                           "Choose fewer inches or dots per inch.");
    image.fill(Qt::white);
    image.setDevicePixelRatio(static_cast<double>(dpi) / kPixelsPerInch);
    {
        QCPPainter painter(&image);
        if (auto done = paint(painter); !done) return done.error();
    }
    return pngFile(std::move(image), dpi);
}

}  // namespace attnviz::ui
