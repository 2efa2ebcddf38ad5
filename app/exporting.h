// From options to an exported file: which heads, seen through which filters, drawn how.
#pragma once

#include <string>

#include "app/command.h"
#include "core/exporting/exporter.h"
#include "core/session/session.h"

namespace attnviz {

// Writes `session` to `path` by the exporter of its suffix, as the options ask.
Result<void> exportSession(CommandContext& context, const Session& session, const std::string& path);

// The run's sources seen through the line's filters, one a kind, in the run's order.
Result<std::vector<std::shared_ptr<const AttentionSource>>> filteredSources(const CommandContext& context,
                                                                            const AttentionRun& run);

// --layer and --layers, --head and --heads as indices of this run; empty lists where none was given.
struct ChosenHeads {
    std::vector<int> layers, heads;
};
Result<ChosenHeads> chosenHeads(const CommandLine& line, const AttentionRun& run);

// How figures are drawn: the line's options, else the configuration's.
struct FigureWishes {
    std::string title, colormap;
    double widthInches = 12, heightInches = 8;
    int dpi = 300;
};
FigureWishes figureWishes(const CommandContext& context);

// Now, as ISO 8601 in UTC.
std::string timestamp();

}  // namespace attnviz
