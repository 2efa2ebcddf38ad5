#include "app/drawing.h"

#include "app/exporting.h"

#if ATTNVIZ_WITH_GUI
#include <QApplication>

#include "app/qt_messages.h"
#include "ui/exporting/figure_exporters.h"
#include "ui/exporting/figures/analysis_figures.h"
#endif

namespace attnviz {
#if ATTNVIZ_WITH_GUI
namespace {

// "Attention rollout · gpt2"
std::string titleOf(const AnalysisDescriptor& analysis, const AnalysisRequest& request) {
    std::string title(analysis.title);
    if (!request.run.model.name.empty()) title += " · " + request.run.model.name;
    return title;
}

}  // namespace
#endif

std::vector<const ExporterDescriptor*> allExporters() {
    const auto core = coreExporters();
    std::vector<const ExporterDescriptor*> exporters(core.begin(), core.end());
#if ATTNVIZ_WITH_GUI
    const auto figures = figureExporters();
    exporters.insert(exporters.end(), figures.begin(), figures.end());
#endif
    return exporters;
}

Result<const ExporterDescriptor*> exporterFor(const std::string& fileName) {
    const auto exporters = allExporters();
    if (const auto* exporter = exporterForName(fileName, exporters)) return exporter;
    std::string suffixes;
    for (const auto* exporter : exporters)
        for (const auto suffix : exporter->suffixes)
            suffixes += (suffixes.empty() ? "" : ", ") + std::string(suffix);
#if !ATTNVIZ_WITH_GUI
    for (const std::string_view figure : {".png", ".svg", ".pdf"})
        if (fileName.ends_with(figure))
            return unsupported("this build has no figures", fileName,
                               "It was made without the window; write " + suffixes + " instead.");
#endif
    return badInput("the suffix names no format", fileName, "It can be " + suffixes + ".");
}

bool drawsFigure(const CommandLine& line) {
    if (!line.format.empty()) return false;
    for (const std::string_view suffix : {".png", ".svg", ".pdf"})
        if (line.output.size() > suffix.size() && line.output.ends_with(suffix)) return true;
    return false;
}

Result<void> checkFigure([[maybe_unused]] const AnalysisDescriptor& analysis, const std::string& fileName) {
#if ATTNVIZ_WITH_GUI
    if (ui::findAnalysisFigure(analysis.id)) return {};
    std::string those;
    for (const auto* figure : ui::analysisFigures())
        those += (those.empty() ? "" : ", ") + std::string(figure->analysis);
    return unsupported(
        "'" + std::string(analysis.id) + "' draws no figure", fileName,
        "Figures are of " + those + "; end the name with .txt, .json or .csv for its numbers.");
#else
    return unsupported("this build has no figures", fileName,
                       "It was made without the window; end the name with .txt, .json or .csv.");
#endif
}

Result<std::string> analysisFigure([[maybe_unused]] const CommandContext& context,
                                   [[maybe_unused]] const AnalysisDescriptor& analysis,
                                   [[maybe_unused]] const AnalysisRequest& request,
                                   [[maybe_unused]] const AnalysisResult& result) {
#if ATTNVIZ_WITH_GUI
    const auto* figure = ui::findAnalysisFigure(analysis.id);
    const auto format = ui::figureFormatOf(QString::fromStdString(context.line.output));
    if (!figure || !format) return internalError("a figure that cannot be drawn was asked for");
    const FigureWishes wishes = figureWishes(context);
    const auto bytes = ui::drawAnalysis(
        *figure, {request, result, wishes.colormap},
        {QString::fromStdString(wishes.title.empty() ? titleOf(analysis, request) : wishes.title),
         wishes.widthInches, wishes.heightInches},
        wishes.dpi, *format);
    if (!bytes) return bytes.error();
    return std::string(bytes->constData(), static_cast<std::size_t>(bytes->size()));
#else
    return unsupported("this build has no figures", {}, "It was made without the window.");
#endif
}

Result<void> prepareDrawing([[maybe_unused]] Terminal& terminal) {
#if ATTNVIZ_WITH_GUI
    if (!QCoreApplication::instance()) {
        qputenv("QT_QPA_PLATFORM", "offscreen");
        static int count = 1;
        static char name[] = "attention-viz";
        static char* arguments[] = {name, nullptr};
        static const QtMessages messages(terminal);
        static QApplication application(count, arguments);
    }
    return {};
#else
    return unsupported("this build has no figures", {}, "It was made without the window.");
#endif
}

}  // namespace attnviz
