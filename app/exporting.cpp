#include "app/exporting.h"

#include <algorithm>
#include <chrono>
#include <ctime>

#include "app/drawing.h"
#include "app/output.h"
#include "app/view_filters.h"
#include "core/analysis/filter_tokens.h"
#include "core/exporting/figure_presets.h"

namespace attnviz {
namespace {

bool includes(const std::string& list, std::string_view word, bool fallback) {
    if (list.empty()) return fallback;
    return ("," + list + ",").find("," + std::string(word) + ",") != std::string::npos;
}

// A layer or head by number, negative from the end.
Result<std::vector<int>> one(const std::optional<int>& index, const std::string& list, int count,
                             std::string_view what) {
    if (index) return parseIndices(std::to_string(*index), count, what, "--" + std::string(what));
    if (!list.empty()) return parseIndices(list, count, what);
    return std::vector<int>{};
}

}  // namespace

Result<ChosenHeads> chosenHeads(const CommandLine& line, const AttentionRun& run) {
    int layers = 0, heads = 0;
    for (const auto& source : run.sources) {
        layers = std::max(layers, source->info().layers);
        heads = std::max(heads, source->info().heads);
    }
    if (line.layer && !line.layers.empty()) return badInput("--layer and --layers exclude each other");
    if (line.head && !line.heads.empty()) return badInput("--head and --heads exclude each other");
    auto chosenLayers = one(line.layer, line.layers, layers, "layer");
    if (!chosenLayers) return chosenLayers.error();
    auto chosen = one(line.head, line.heads, heads, "head");
    if (!chosen) return chosen.error();
    return ChosenHeads{std::move(*chosenLayers), std::move(*chosen)};
}

Result<std::vector<std::shared_ptr<const AttentionSource>>> filteredSources(const CommandContext& context,
                                                                            const AttentionRun& run) {
    FilterSettings settings = filterSettings(context.line);
    // Combining is a filter like the others: analyses and exports see one head.
    if (!context.line.combine.empty()) {
        const auto chosen = chosenHeads(context.line, run);
        if (!chosen) return chosen.error();
        settings.combine = context.line.combine == "max"   ? HeadCombine::max
                           : context.line.combine == "min" ? HeadCombine::min
                           : context.line.combine == "sum" ? HeadCombine::sum
                                                           : HeadCombine::mean;
        settings.heads = chosen->heads;
        std::sort(settings.heads.begin(), settings.heads.end());
    }
    std::vector<std::shared_ptr<const AttentionSource>> sources;
    for (const auto& source : run.sources) {
        auto seen = filteredSource(run, source, settings, context.stop);
        if (!seen) return seen.error();
        sources.push_back(std::move(*seen));
    }
    return sources;
}

FigureWishes figureWishes(const CommandContext& context) {
    const CommandLine& line = context.line;
    const auto& drawing = context.configuration.visualization;
    FigureWishes out;
    out.title = line.title.value_or("");
    out.colormap = line.colormap.value_or(drawing.defaultColormap);
    out.widthInches = line.widthInches.value_or(drawing.widthInches);
    out.heightInches = line.heightInches.value_or(drawing.heightInches);
    if (const auto* preset = findFigurePreset(line.preset)) {
        out.widthInches = preset->widthInches;
        out.heightInches = preset->widthInches * drawing.heightInches / drawing.widthInches;
    }
    out.dpi = line.dpi.value_or(drawing.dpi);
    return out;
}

std::string timestamp() {
    const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return text;
}

Result<void> exportSession(CommandContext& context, const Session& session, const std::string& path) {
    const CommandLine& line = context.line;
    auto exporter = exporterFor(path);
    if (!exporter) return exporter.error();
    if ((*exporter)->draws)
        if (auto ready = prepareDrawing(context.terminal); !ready) return ready;
    auto chosen = chosenHeads(line, *session.run);
    if (!chosen) return chosen.error();
    auto sources = filteredSources(context, *session.run);
    if (!sources) return sources.error();

    std::vector<std::string> notices;
    ExportRequest request{.session = session};
    request.sources = std::move(*sources);
    request.layers = std::move(chosen->layers);
    // Combined heads are one head, whose number is 0.
    if (line.combine.empty()) request.heads = std::move(chosen->heads);
    request.combine = line.combine;
    request.includeAttention = includes(line.include, "attention", true);
    request.includeLogits = includes(line.include, "logits", false);
    request.includeHiddenStates = includes(line.include, "hidden-states", false);
    request.halfPrecision = line.precision == Precision::float16;
    request.includeMetadata = context.configuration.exporting.includeMetadata;
    request.compress = context.configuration.exporting.compression;
    const FigureWishes wishes = figureWishes(context);
    request.title = wishes.title;
    request.colormap = wishes.colormap;
    request.widthInches = wishes.widthInches;
    request.heightInches = wishes.heightInches;
    request.dpi = wishes.dpi;
    request.theme = line.theme.value_or("light") == "dark" ? Theme::dark : Theme::light;
    request.created = timestamp();
    request.notices = &notices;
    auto written = writeOutput(path, [&](ByteSink& sink) {
        return (*exporter)->write(request, sink, context.terminal.progressSink(), context.stop);
    });
    for (const auto& notice : notices) context.terminal.notice(notice);
    return written;
}

}  // namespace attnviz
