// attention-viz analyze: the summary of a run, with the Python library's keys.
#include "core/analysis/analyses.h"
#include "core/analysis/summary.h"

namespace attnviz {
namespace {

JsonValue statisticsDocument(const CompatibleNumbers& numbers) {
    return JsonValue::object({{"mean_attention", numbers.mean},
                              {"std_attention", numbers.deviation},
                              {"entropy", numbers.entropy},
                              {"sparsity", numbers.sparsity},
                              {"max_attention", numbers.max},
                              {"min_attention", numbers.min}});
}

Result<AnalysisResult> runSummary(const AnalysisRequest& request) {
    const auto summary = summarise(request.source, request.layers, request.progress, request.stop);
    if (!summary) return summary.error();
    const AttentionInfo& info = request.source.info();
    AnalysisResult result;
    result.document = documentHead(request.run, request.source);
    result.document.set("model_info", JsonValue::object({{"name", request.run.model.name},
                                                         {"num_layers", info.layers},
                                                         {"num_heads", info.heads},
                                                         {"sequence_length", info.queries}}));
    result.document.set("overall_statistics", statisticsDocument(summary->statistics.overall.compatible));
    JsonValue::Array layers;
    Table table{"analyze",
                {"layer", "mean_attention", "std_attention", "entropy", "sparsity", "max_attention",
                 "min_attention", "positional_pattern", "local", "medium", "global"},
                {}};
    for (std::size_t layer = 0; layer < summary->statistics.layers.size(); ++layer) {
        const CompatibleNumbers& numbers = summary->statistics.layerBlocks[layer].compatible;
        JsonValue pattern, ratios, local, medium, global;
        if (summary->positions) {
            const LayerPositions& positions = summary->positions->layerPositions[layer];
            pattern = positions.pattern();
            local = positions.local;
            medium = positions.medium;
            global = positions.global;
            ratios = JsonValue::object({{"local", local}, {"medium", medium}, {"global", global}});
        }
        const int index = summary->statistics.layers[layer];
        layers.push_back(JsonValue::object({{"layer", index},
                                            {"statistics", statisticsDocument(numbers)},
                                            {"positional_pattern", pattern},
                                            {"attention_ratios", ratios}}));
        table.rows.push_back({index, numbers.mean, numbers.deviation, numbers.entropy, numbers.sparsity,
                              numbers.max, numbers.min, pattern, local, medium, global});
    }
    result.document.set("layer_summaries", std::move(layers));
    result.document.set(
        "key_findings",
        JsonValue::object({{"highest_entropy_layer", summary->highestEntropyLayer},
                           {"lowest_entropy_layer", summary->lowestEntropyLayer},
                           {"sparsest_layer", summary->sparsestLayer},
                           {"densest_layer", summary->densestLayer},
                           {"predominant_pattern",
                            summary->positions ? JsonValue(summary->predominantPattern) : JsonValue()}}));
    const CompatibleNumbers& overall = summary->statistics.overall.compatible;
    const Table findings{"findings",
                         {"finding", "value"},
                         {{"layers", info.layers},
                          {"heads", info.heads},
                          {"overall entropy", overall.entropy},
                          {"overall sparsity", overall.sparsity},
                          {"highest-entropy layer", summary->highestEntropyLayer},
                          {"sparsest layer", summary->sparsestLayer},
                          {"predominant pattern", summary->predominantPattern}}};
    result.text =
        documentTitle("Attention analysis", request) + tableText(findings) + '\n' + tableText(table);
    result.tables = {std::move(table)};
    return result;
}

}  // namespace

const AnalysisDescriptor kSummaryAnalysis{.id = "analyze",
                                          .title = "Summary",
                                          .help = "Key findings and numbers by layer",
                                          .source = "",
                                          .options = {},
                                          .run = &runSummary};

}  // namespace attnviz
