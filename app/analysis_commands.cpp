#include "app/analysis_commands.h"

#include <algorithm>

#include "app/drawing.h"
#include "app/exporting.h"
#include "app/output.h"
#include "app/run_source.h"

namespace attnviz {

namespace {

// Of the other side's sources the one of the same kind, else its first.
const AttentionSource& sameKind(const std::vector<std::shared_ptr<const AttentionSource>>& sources,
                                const AttentionSource& as) {
    const auto found = std::find_if(sources.begin(), sources.end(), [&](const auto& source) {
        return source->info().kind == as.info().kind;
    });
    return found == sources.end() ? *sources.front() : **found;
}

}  // namespace

Result<AnalysisResult> analyse(CommandContext& context, const AnalysisDescriptor& analysis,
                               const AttentionRun& run, const AttentionRun* other) {
    auto chosen = chosenHeads(context.line, run);
    if (!chosen) return chosen.error();
    auto sources = filteredSources(context, run);
    if (!sources) return sources.error();
    AnalysisRequest request{.run = run,
                            .source = *sources->front(),
                            .options = context.line.analysisOptions,
                            .layers = chosen->layers,
                            .heads = context.line.combine.empty() ? chosen->heads : std::vector<int>{},
                            .progress = context.terminal.progressSink(),
                            .stop = context.stop};
    std::vector<std::shared_ptr<const AttentionSource>> others;
    if (other) {
        auto filtered = filteredSources(context, *other);
        if (!filtered) return filtered.error();
        others = std::move(*filtered);
        request.otherRun = other;
        request.otherSource = &sameKind(others, request.source);
    }
    return runAnalysis(analysis, request);
}

Result<void> checkTextSuffix(const CommandLine& line, std::string_view command) {
    if (!line.format.empty()) return {};
    const auto exporters = allExporters();
    const auto* exporter = exporterForName(line.output, exporters);
    const bool text = !exporter || line.output.ends_with(".json") || line.output.ends_with(".csv") ||
                      line.output.ends_with(".md") || line.output.ends_with(".markdown");
    if (text) return {};
    return badInput(
        "'" + std::string(command) + "' writes text, JSON and CSV, no " + std::string(exporter->title),
        line.output, "End the name with .txt, .json or .csv, or give --format.");
}

Result<void> runAnalysisCommand(CommandContext& context) {
    const CommandLine& line = context.line;
    if (auto fits = checkTextSuffix(line, line.analysis->id); !fits) return fits;
    RunWishes wishes;
    if (line.analysis->wishes) {
        RunOptions options;
        options.predictAt.clear();
        if (auto wished = line.analysis->wishes(line.analysisOptions, options); !wished) return wished;
        wishes = {options.allLogits, options.hiddenStates, options.predictAt, options.predictions};
    }
    Session session, other;
    if (line.analysis->comparesTwo) {
        auto both = obtainBothSides(context, wishes);
        if (!both) return both.error();
        session = std::move(both->left);
        other = std::move(both->right);
    } else {
        auto one = obtainSession(context, wishes);
        if (!one) return one.error();
        session = std::move(*one);
    }
    auto result = analyse(context, *line.analysis, *session.run, other.run.get());
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
