#include "core/analysis/summary.h"

#include <algorithm>
#include <map>

namespace attnviz {
namespace {

std::string predominant(const std::vector<LayerPositions>& layers) {
    std::map<std::string_view, int> counts;
    for (const auto& layer : layers) ++counts[layer.pattern()];
    std::string_view best;
    for (const auto& layer : layers)
        if (best.empty() || counts[layer.pattern()] > counts[best]) best = layer.pattern();
    return std::string(best);
}

}  // namespace

Result<AttentionSummary> summarise(const AttentionSource& source, const std::vector<int>& layers,
                                   const ProgressSink& progress, std::stop_token stop) {
    AttentionSummary summary;
    auto statistics = attentionStatistics(source, {.layers = layers, .heads = {}}, progress, stop);
    if (!statistics) return statistics.error();
    summary.statistics = std::move(*statistics);
    if (source.info().square()) {
        auto positions = positionalAttention(source, {.layers = layers, .heads = {}}, progress, stop);
        if (!positions) return positions.error();
        summary.predominantPattern = predominant(positions->layerPositions);
        summary.positions = std::move(*positions);
    }
    const auto& blocks = summary.statistics.layerBlocks;
    const auto layerAt = [&](auto better) {
        std::size_t best = 0;
        for (std::size_t layer = 1; layer < blocks.size(); ++layer)
            if (better(blocks[layer].compatible, blocks[best].compatible)) best = layer;
        return summary.statistics.layers[best];
    };
    using Numbers = CompatibleNumbers;
    summary.highestEntropyLayer =
        layerAt([](const Numbers& a, const Numbers& b) { return a.entropy > b.entropy; });
    summary.lowestEntropyLayer =
        layerAt([](const Numbers& a, const Numbers& b) { return a.entropy < b.entropy; });
    summary.sparsestLayer =
        layerAt([](const Numbers& a, const Numbers& b) { return a.sparsity > b.sparsity; });
    summary.densestLayer =
        layerAt([](const Numbers& a, const Numbers& b) { return a.sparsity < b.sparsity; });
    return summary;
}

}  // namespace attnviz
