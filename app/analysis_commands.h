// Any analysis of the table as a command: options in, text, JSON or CSV out.
#pragma once

#include <memory>

#include "app/command.h"
#include "core/attention/attention_source.h"

namespace attnviz {

// Runs `context.line.analysis` and writes its result.
Result<void> runAnalysisCommand(CommandContext& context);

// The result of one analysis on a session, seen through the line's filters.
Result<AnalysisResult> analyse(CommandContext& context, const AnalysisDescriptor& analysis,
                               const AttentionRun& run);

}  // namespace attnviz
