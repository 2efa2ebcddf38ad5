// The export formats as a file dialog wants them, derived from the tables of exporters.
#pragma once

#include <QString>

#include "core/exporting/exporter.h"

namespace attnviz::ui {

QString exportFilters();  // "PNG image (*.png);;…"
// By the file name's suffix, else by the filter that was chosen (its suffix is then appended to `path`).
const ExporterDescriptor* exporterOf(QString& path, const QString& chosenFilter);

}  // namespace attnviz::ui
