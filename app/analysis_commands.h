// Any analysis of the table as a command: options in, text, JSON or CSV out.
#pragma once

#include <memory>

#include "app/command.h"
#include "core/attention/attention_source.h"

namespace attnviz {

// Runs `context.line.analysis` and writes its result.
Result<void> runAnalysisCommand(CommandContext& context);

// The result of one analysis on a run, seen through the line's filters; `other` is the other side of a
// comparison, or null.
Result<AnalysisResult> analyse(CommandContext& context, const AnalysisDescriptor& analysis,
                               const AttentionRun& run, const AttentionRun* other = nullptr);

// Refuses a file name whose suffix asks for what a command of text cannot write: a picture, an archive.
Result<void> checkTextSuffix(const CommandLine& line, std::string_view command);

}  // namespace attnviz
