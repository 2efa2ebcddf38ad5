// attention-viz analyze: the report on a text, as the predecessor wrote it, and what it lacked.
#include "app/analysis_commands.h"
#include "app/command.h"
#include "app/exporting.h"
#include "app/output.h"
#include "app/run_source.h"
#include "core/analysis/report.h"

namespace attnviz {
namespace {

Result<void> runAnalyze(CommandContext& context) {
    const CommandLine& line = context.line;
    if (auto fits = checkTextSuffix(line, "analyze"); !fits) return fits;
    auto session = obtainSession(context);
    if (!session) return session.error();
    const auto* analysis = findAnalysis("analyze");
    if (!line.format.empty() || line.output.ends_with(".json") || line.output.ends_with(".csv")) {
        auto result = analyse(context, *analysis, *session->run);
        if (!result) return result.error();
        const bool json = line.format == "json" || (line.format.empty() && line.output.ends_with(".json"));
        const bool csv = line.format == "csv" || (line.format.empty() && line.output.ends_with(".csv"));
        return writeOutput(line.output, json  ? result->document.toText()
                                        : csv ? tableCsv(result->tables.front())
                                              : result->text);
    }
    auto chosen = chosenHeads(line, *session->run);
    if (!chosen) return chosen.error();
    auto sources = filteredSources(context, *session->run);
    if (!sources) return sources.error();
    ReportOptions options;
    options.generated = timestamp();
    options.layers = chosen->layers;
    auto report = markdownReport(*session->run, *sources->front(), options, context.terminal.progressSink(),
                                 context.stop);
    if (!report) return report.error();
    return writeOutput(line.output, *report);
}

}  // namespace

extern const CommandDescriptor kAnalyzeCommand{
    .name = "analyze",
    .help = "The Markdown report on a text, or its summary as JSON",
    .options =
        kRunSource | kChoiceOptions | kSingleHeadOptions | kFilterOptions | kFormatOption | kOutputOption,
    .textRequired = true,
    .run = &runAnalyze};

}  // namespace attnviz
