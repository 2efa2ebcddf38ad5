// Figures without a display: the exporters of this build, and the drawing that they need.
#pragma once

#include <vector>

#include "app/command.h"
#include "app/terminal.h"
#include "core/analysis/analysis.h"
#include "core/base/result.h"
#include "core/exporting/exporter.h"

namespace attnviz {

// Core's exporters, and the figures where the build has them.
std::vector<const ExporterDescriptor*> allExporters();

// The exporter that a file name asks for by its suffix; an Error that lists the suffixes otherwise.
Result<const ExporterDescriptor*> exporterFor(const std::string& fileName);

// An analysis as a figure of the suffix of `line.output`: whether that is asked for, whether it can be drawn
// (one sentence where not), and the file.
bool drawsFigure(const CommandLine& line);
Result<void> checkFigure(const AnalysisDescriptor& analysis, const std::string& fileName);
Result<std::string> analysisFigure(const CommandContext& context, const AnalysisDescriptor& analysis,
                                   const AnalysisRequest& request, const AnalysisResult& result);

// Makes an application on the offscreen platform, always, so that figures are the same everywhere. Once a
// process. Qt's remarks go to the terminal, which must live as long as the process.
Result<void> prepareDrawing(Terminal& terminal);

}  // namespace attnviz
