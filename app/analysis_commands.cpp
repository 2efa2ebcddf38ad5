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

// A result, the request that it is of, and the filtered sources that the request looks at.
struct Analysed {
    std::shared_ptr<const AttentionSource> source;
    std::vector<std::shared_ptr<const AttentionSource>> others = {};
    std::optional<AnalysisRequest> request = {};
    AnalysisResult result = {};
};

Result<Analysed> analysed(CommandContext& context, const AnalysisDescriptor& analysis,
                          const AttentionRun& run, const AttentionRun* other) {
    auto chosen = chosenHeads(context.line, run);
    if (!chosen) return chosen.error();
    auto sources = filteredSources(context, run);
    if (!sources) return sources.error();
    Analysed out{.source = sources->front()};
    AnalysisRequest request{.run = run,
                            .source = *out.source,
                            .options = context.line.analysisOptions,
                            .layers = chosen->layers,
                            .heads = context.line.combine.empty() ? chosen->heads : std::vector<int>{},
                            .progress = context.terminal.progressSink(),
                            .stop = context.stop};
    if (other) {
        auto filtered = filteredSources(context, *other);
        if (!filtered) return filtered.error();
        out.others = std::move(*filtered);
        request.otherRun = other;
        request.otherSource = &sameKind(out.others, request.source);
    }
    auto checked = checkedRequest(analysis, request);
    if (!checked) return checked.error();
    auto result = runAnalysis(analysis, *checked);
    if (!result) return result.error();
    out.request.emplace(*std::move(checked));
    out.result = *std::move(result);
    return out;
}

}  // namespace

Result<AnalysisResult> analyse(CommandContext& context, const AnalysisDescriptor& analysis,
                               const AttentionRun& run, const AttentionRun* other) {
    auto done = analysed(context, analysis, run, other);
    if (!done) return done.error();
    return std::move(done->result);
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
    const bool draws = drawsFigure(line);
    if (draws) {
        if (auto can = checkFigure(*line.analysis, line.output); !can) return can;
        if (auto ready = prepareDrawing(context.terminal); !ready) return ready;
    } else if (auto fits = checkTextSuffix(line, line.analysis->id); !fits) {
        return fits;
    }
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
    auto done = analysed(context, *line.analysis, *session.run, other.run.get());
    if (!done) return done.error();
    const auto* result = &done->result;
    if (draws) {
        auto bytes = analysisFigure(context, *line.analysis, *done->request, *result);
        if (!bytes) return bytes.error();
        return writeOutput(line.output, *bytes);
    }
    // The suffix of the file decides where no format is given.
    std::string format = line.format;
    if (format.empty())
        format = line.output.ends_with(".json") ? "json" : line.output.ends_with(".csv") ? "csv" : "text";
    if (format == "json") return writeOutput(line.output, result->document.toText());
    if (format == "csv") return writeOutput(line.output, tableCsv(result->tables.front()));
    return writeOutput(line.output, result->text);
}

}  // namespace attnviz
