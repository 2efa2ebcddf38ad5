// attention-viz positional: near and far, per layer and head, and the profile of weights by distance.
#include "core/analysis/analyses.h"
#include "core/analysis/positional.h"

namespace attnviz {
namespace {

const AnalysisOption kLocalUpTo{.name = "local-up-to",
                                .kind = AnalysisOption::Kind::integer,
                                .help = "Greatest distance that counts as local",
                                .fallback = "1",
                                .minimum = 0,
                                .maximum = 1 << 24};
const AnalysisOption kMediumUpTo{.name = "medium-up-to",
                                 .kind = AnalysisOption::Kind::integer,
                                 .help = "Greatest distance that counts as medium",
                                 .fallback = "3",
                                 .minimum = 0,
                                 .maximum = 1 << 24};

JsonValue headDocument(int head, const HeadPositions& positions) {
    return JsonValue::object({{"head", head},
                              {"local_attention_ratio", positions.local},
                              {"medium_attention_ratio", positions.medium},
                              {"global_attention_ratio", positions.global},
                              {"attention_to_first_token", positions.firstToken},
                              {"attention_to_last_token", positions.lastToken},
                              {"mean_distance", positions.meanDistance}});
}

JsonValue profileDocument(int layer, int head, const HeadPositions& positions) {
    JsonValue::Array distances;
    for (std::size_t distance = 0; distance < positions.weightByDistance.size(); ++distance)
        distances.emplace_back(static_cast<long>(distance));
    return JsonValue::object({{"layer", layer},
                              {"head", head},
                              {"distance", std::move(distances)},
                              {"weight", JsonValue::arrayOf(positions.weightByDistance)},
                              {"uniform", JsonValue::arrayOf(positions.uniformByDistance)}});
}

Result<AnalysisResult> runPositional(const AnalysisRequest& request) {
    PositionalOptions options{.layers = request.layers, .heads = request.heads};
    options.localUpTo = static_cast<int>(request.options.integer("local-up-to").value_or(options.localUpTo));
    options.mediumUpTo =
        static_cast<int>(request.options.integer("medium-up-to").value_or(options.mediumUpTo));
    if (options.mediumUpTo < options.localUpTo)
        return badInput("medium ends before local does", "--medium-up-to",
                        "It is at least --local-up-to, " + std::to_string(options.localUpTo) + ".");
    const auto positions = positionalAttention(request.source, options, request.progress, request.stop);
    if (!positions) return positions.error();

    AnalysisResult result;
    result.document = documentHead(request.run, request.source);
    JsonValue::Array layers, profiles;
    Table heads{"positional",
                {"layer", "head", "local_attention_ratio", "medium_attention_ratio", "global_attention_ratio",
                 "attention_to_first_token", "attention_to_last_token", "mean_distance"},
                {}};
    Table summary{"layers", {"layer", "local", "medium", "global", "pattern"}, {}};
    for (std::size_t layer = 0; layer < positions->layers.size(); ++layer) {
        const LayerPositions& means = positions->layerPositions[layer];
        const int layerIndex = positions->layers[layer];
        JsonValue::Array headList;
        for (std::size_t head = 0; head < positions->heads.size(); ++head) {
            const int headIndex = positions->heads[head];
            const HeadPositions& found = positions->head(layer, head);
            headList.push_back(headDocument(headIndex, found));
            profiles.push_back(profileDocument(layerIndex, headIndex, found));
            heads.rows.push_back({layerIndex, headIndex, found.local, found.medium, found.global,
                                  found.firstToken, found.lastToken, found.meanDistance});
        }
        layers.push_back(JsonValue::object({{"layer", layerIndex},
                                            {"average_local_ratio", means.local},
                                            {"average_medium_ratio", means.medium},
                                            {"average_global_ratio", means.global},
                                            {"attention_pattern_type", means.pattern()},
                                            {"heads", std::move(headList)}}));
        summary.rows.push_back({layerIndex, means.local, means.medium, means.global, means.pattern()});
    }
    result.document.set("layers", std::move(layers));
    result.document.set("distance_profile", std::move(profiles));
    result.text =
        documentTitle("Positional attention", request) + tableText(summary) + '\n' + tableText(heads);
    result.tables = {std::move(heads)};
    return result;
}

}  // namespace

const AnalysisDescriptor kPositionalAnalysis{
    .id = "positional",
    .title = "Positional attention",
    .help = "Near and far: shares, mean distance, profile by distance",
    .source = "",
    .options = {kLocalUpTo, kMediumUpTo},
    .run = &runPositional};

}  // namespace attnviz
