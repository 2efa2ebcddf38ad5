// Figures without a display: the exporters of this build, and the drawing that they need.
#pragma once

#include <vector>

#include "app/terminal.h"
#include "core/base/result.h"
#include "core/exporting/exporter.h"

namespace attnviz {

// Core's exporters, and the figures where the build has them.
std::vector<const ExporterDescriptor*> allExporters();

// The exporter that a file name asks for by its suffix; an Error that lists the suffixes otherwise.
Result<const ExporterDescriptor*> exporterFor(const std::string& fileName);

// Makes an application on the offscreen platform, always, so that figures are the same everywhere. Once a
// process. Qt's remarks go to the terminal, which must live as long as the process.
Result<void> prepareDrawing(Terminal& terminal);

}  // namespace attnviz
