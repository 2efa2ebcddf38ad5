#include "ui/exporting_choices.h"

#include <QStringList>
#include <vector>

namespace attnviz::ui {
namespace {

std::vector<const ExporterDescriptor*> allExporters() {
    std::vector<const ExporterDescriptor*> out;
    for (const auto* exporter : coreExporters()) out.push_back(exporter);
    return out;
}

QString text(std::string_view view) {
    return QString::fromUtf8(view.data(), static_cast<qsizetype>(view.size()));
}

QString filterOf(const ExporterDescriptor& exporter) {
    QStringList patterns;
    for (const auto suffix : exporter.suffixes) patterns << "*" + text(suffix);
    return text(exporter.title) + " (" + patterns.join(' ') + ")";
}

}  // namespace

QString exportFilters() {
    QStringList filters;
    for (const auto* exporter : allExporters()) filters << filterOf(*exporter);
    return filters.join(";;");
}

const ExporterDescriptor* exporterOf(QString& path, const QString& chosenFilter) {
    const auto all = allExporters();
    if (const auto* exporter = exporterForName(path.toStdString(), all)) return exporter;
    for (const auto* exporter : all)
        if (filterOf(*exporter) == chosenFilter && !exporter->suffixes.empty()) {
            path += text(exporter->suffixes.front());
            return exporter;
        }
    return nullptr;
}

}  // namespace attnviz::ui
