// attention-viz stats: the numbers of every head, every layer and everything, compatible and corrected.
#include "core/analysis/analyses.h"
#include "core/analysis/statistics.h"
#include "core/base/readable.h"

namespace attnviz {
namespace {

const AnalysisOption kSparseBelow{.name = "sparse-below",
                                  .kind = AnalysisOption::Kind::number,
                                  .help = "A visible weight below this counts as sparse",
                                  .fallback = "0.01",
                                  .minimum = 0,
                                  .maximum = 1};

JsonValue blockDocument(JsonValue block, const BlockStatistics& numbers) {
    const CompatibleNumbers& compatible = numbers.compatible;
    const CorrectedNumbers& corrected = numbers.corrected;
    block.set("mean_attention", compatible.mean);
    block.set("std_attention", compatible.deviation);
    block.set("entropy", compatible.entropy);
    block.set("sparsity", compatible.sparsity);
    block.set("max_attention", compatible.max);
    block.set("min_attention", compatible.min);
    block.set("row_entropy", corrected.rowEntropy);
    block.set("normalized_row_entropy", corrected.normalizedRowEntropy);
    block.set("visible_sparsity", corrected.visibleSparsity);
    block.set("effective_tokens", corrected.effectiveTokens);
    block.set("gini", corrected.spread.gini);
    block.set("median", corrected.spread.median);
    block.set("q25", corrected.spread.q25);
    block.set("q75", corrected.spread.q75);
    block.set("approximate_quantiles", corrected.approximate);
    return block;
}

JsonValue headDocument(int layer, int head, const BlockStatistics& numbers) {
    const CorrectedNumbers& corrected = numbers.corrected;
    return JsonValue::object({{"layer", layer},
                              {"head", head},
                              {"row_entropy", corrected.rowEntropy},
                              {"normalized_row_entropy", corrected.normalizedRowEntropy},
                              {"visible_sparsity", corrected.visibleSparsity},
                              {"effective_tokens", corrected.effectiveTokens},
                              {"gini", corrected.spread.gini},
                              {"max_attention", numbers.compatible.max},
                              {"mean_distance", corrected.meanDistance},
                              {"approximate_quantiles", corrected.approximate}});
}

// One row a block: everything (no layer, no head), then layers (no head), then heads.
Table blockTable(const AttentionStatistics& statistics) {
    Table table{"stats", {"layer", "head"}, {}};
    const auto add = [&](JsonValue layer, JsonValue head, const BlockStatistics& block) {
        auto document = blockDocument(JsonValue::object(), block);
        document.set("mean_distance", block.corrected.meanDistance);
        std::vector<JsonValue> row{std::move(layer), std::move(head)};
        for (const auto& [name, value] : document.members()) {
            if (table.rows.empty()) table.columns.push_back(name);
            row.push_back(value);
        }
        table.rows.push_back(std::move(row));
    };
    add({}, {}, statistics.overall);
    for (std::size_t layer = 0; layer < statistics.layers.size(); ++layer)
        add(statistics.layers[layer], {}, statistics.layerBlocks[layer]);
    for (std::size_t layer = 0; layer < statistics.layers.size(); ++layer)
        for (std::size_t head = 0; head < statistics.heads.size(); ++head)
            add(statistics.layers[layer], statistics.heads[head], statistics.head(layer, head));
    return table;
}

Table overallTable(const AttentionStatistics& statistics) {
    const CompatibleNumbers& compatible = statistics.overall.compatible;
    const CorrectedNumbers& corrected = statistics.overall.corrected;
    const std::string about = corrected.approximate ? " (approximate)" : "";
    return {"overall",
            {"number", "value"},
            {{"mean attention", compatible.mean},
             {"standard deviation", compatible.deviation},
             {"entropy, flattened", compatible.entropy},
             {"sparsity", compatible.sparsity},
             {"max attention", compatible.max},
             {"row entropy, nats", corrected.rowEntropy},
             {"row entropy, normalized", corrected.normalizedRowEntropy},
             {"sparsity of visible cells", corrected.visibleSparsity},
             {"effective tokens", corrected.effectiveTokens},
             {"Gini" + about, corrected.spread.gini},
             {"median" + about, corrected.spread.median}}};
}

Table layerTable(const AttentionStatistics& statistics) {
    Table table{"layers",
                {"layer", "mean", "std", "entropy", "sparsity", "max", "row entropy", "normalized",
                 "effective", "visible sparsity", "gini"},
                {}};
    for (std::size_t layer = 0; layer < statistics.layers.size(); ++layer) {
        const auto& [compatible, corrected, histogram] = statistics.layerBlocks[layer];
        table.rows.push_back({statistics.layers[layer], compatible.mean, compatible.deviation,
                              compatible.entropy, compatible.sparsity, compatible.max, corrected.rowEntropy,
                              corrected.normalizedRowEntropy, corrected.effectiveTokens,
                              corrected.visibleSparsity, corrected.spread.gini});
    }
    return table;
}

Result<AnalysisResult> runStatistics(const AnalysisRequest& request) {
    StatisticsOptions options{.layers = request.layers, .heads = request.heads};
    options.sparseBelow = request.options.number("sparse-below").value_or(options.sparseBelow);
    const auto statistics = attentionStatistics(request.source, options, request.progress, request.stop);
    if (!statistics) return statistics.error();
    const AttentionInfo& info = request.source.info();

    AnalysisResult result;
    result.document = documentHead(request.run, request.source);
    result.document.set("num_layers", info.layers);
    result.document.set("num_heads", info.heads);
    result.document.set("sequence_length", info.queries);
    result.document.set("overall_stats", blockDocument(JsonValue::object(), statistics->overall));
    JsonValue::Array layers, heads;
    for (std::size_t layer = 0; layer < statistics->layers.size(); ++layer) {
        layers.push_back(blockDocument(JsonValue::object({{"layer", statistics->layers[layer]}}),
                                       statistics->layerBlocks[layer]));
        for (std::size_t head = 0; head < statistics->heads.size(); ++head)
            heads.push_back(headDocument(statistics->layers[layer], statistics->heads[head],
                                         statistics->head(layer, head)));
    }
    result.document.set("layer_stats", std::move(layers));
    result.document.set("head_stats", std::move(heads));
    result.tables = {blockTable(*statistics)};
    result.text = documentTitle("Attention statistics", request) + tableText(overallTable(*statistics)) +
                  '\n' + tableText(layerTable(*statistics));
    return result;
}

}  // namespace

const AnalysisDescriptor kStatisticsAnalysis{.id = "stats",
                                             .title = "Statistics",
                                             .help = "Entropy, sparsity and spread of every layer and head",
                                             .source = "",
                                             .options = {kSparseBelow},
                                             .run = &runStatistics};

}  // namespace attnviz
