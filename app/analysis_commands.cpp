#include "app/analysis_commands.h"

#include "app/exporting.h"
#include "app/output.h"
#include "app/run_source.h"

namespace attnviz {

Result<AnalysisResult> analyse(CommandContext& context, const AnalysisDescriptor& analysis,
                               const AttentionRun& run) {
    auto chosen = chosenHeads(context.line, run);
    if (!chosen) return chosen.error();
    auto sources = filteredSources(context, run);
    if (!sources) return sources.error();
    return runAnalysis(
        analysis, AnalysisRequest{.run = run,
                                  .source = *sources->front(),
                                  .options = context.line.analysisOptions,
                                  .layers = chosen->layers,
                                  .heads = context.line.combine.empty() ? chosen->heads : std::vector<int>{},
                                  .progress = context.terminal.progressSink(),
                                  .stop = context.stop});
}

Result<void> runAnalysisCommand(CommandContext& context) {
    const CommandLine& line = context.line;
    auto session = obtainSession(context);
    if (!session) return session.error();
    auto result = analyse(context, *line.analysis, *session->run);
    if (!result) return result.error();
    // The suffix of the file decides where no format is given.
    std::string format = line.format;
    if (format.empty())
        format = line.output.ends_with(".json") ? "json" : line.output.ends_with(".csv") ? "csv" : "text";
    if (format == "json") return writeOutput(line.output, result->document.toText());
    if (format == "csv") return writeOutput(line.output, tableCsv(result->tables.front()));
    return writeOutput(line.output, result->text);
}

}  // namespace attnviz
