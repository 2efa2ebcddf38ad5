#include "app/drawing.h"

#if ATTNVIZ_WITH_GUI
#include <QApplication>

#include "app/qt_messages.h"
#include "ui/exporting/figure_exporters.h"
#endif

namespace attnviz {

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
