#include "core/attention/factored_attention.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

#include "core/attention/factored_blocks.h"
#include "core/attention/tile_pooler.h"
#include "core/base/half.h"

namespace attnviz {
namespace {

constexpr int kBlockRows = 32;        // rows recomputed together where all keys are wanted
constexpr int kLongBlockRows = 512;   // where nothing of them is kept
constexpr int kBlockCells = 1 << 17;  // weights of a block of a tile

std::size_t index(int value) {
    return static_cast<std::size_t>(value);
}

std::shared_ptr<const FactoredLayer> summarized(const AttentionInfo& info, int layerIndex,
                                                std::shared_ptr<const FactoredLayer> layer) {
    const auto heads = index(info.heads);
    if (layer->lse.size() == heads * index(info.queries) && layer->overviews.size() == heads &&
        layer->summaries.size() == heads)
        return layer;
    auto copy = std::make_shared<FactoredLayer>(*layer);
    if (copy->lse.size() != heads * index(info.queries))
        copy->lse = FactoredAttention::logSumExp(info, layerIndex, *copy);
    copy->overviews.clear();
    copy->summaries.clear();
    std::vector<float> weights(index(kBlockRows) * index(info.keys));
    for (int head = 0; head < info.heads; ++head) {
        FactoredBlocks blocks(info, layerIndex, *copy, head);
        OverviewBuilder overview(info.queries, info.keys);
        HeadSummaryBuilder summary(info.queries, info.keys, info.square());
        for (int first = 0; first < info.queries; first += kBlockRows) {
            const int count = std::min(kBlockRows, info.queries - first);
            blocks.weights(first, count, {0, info.keys}, weights.data(), info.keys, {});
            for (int query = first; query < first + count; ++query) {
                const KeyRange range = info.visibility.range(layerIndex, query);
                const auto visible = std::span<const float>(weights).subspan(
                    index(query - first) * index(info.keys) + index(range.begin), index(range.size()));
                overview.addRow(query, range, visible, info.visibility);
                summary.addRow(layerIndex, query, range, visible, info.visibility);
            }
        }
        copy->overviews.push_back(overview.finish());
        copy->summaries.push_back(summary.finish());
    }
    return copy;
}

}  // namespace

std::int64_t FactoredLayer::keptBytes() const {
    return static_cast<std::int64_t>((queryFloats.size() + keyFloats.size() + lse.size()) * sizeof(float) +
                                     (queryHalves.size() + keyHalves.size()) * sizeof(std::uint16_t));
}

std::shared_ptr<const FactoredAttention> FactoredAttention::create(
    AttentionInfo info, std::vector<std::shared_ptr<const FactoredLayer>> layers) {
    assert(info.keyValueHeads > 0 && info.heads % info.keyValueHeads == 0);
    std::shared_ptr<FactoredAttention> source(new FactoredAttention);
    std::int64_t bytes = 0;
    std::size_t halves = 0;
    for (std::size_t at = 0; at < layers.size(); ++at) {
        auto& layer = layers[at];
        assert(layer->queryFloats.size() + layer->queryHalves.size() ==
               index(info.heads) * index(info.queries) * index(layer->width));
        assert(layer->keyFloats.size() + layer->keyHalves.size() ==
               index(info.keyValueHeads) * index(info.keys) * index(layer->width));
        layer = summarized(info, static_cast<int>(at), std::move(layer));
        bytes += layer->keptBytes();
        halves += layer->isHalf();
    }
    info.storage = halves == 0               ? "queries and keys, float32"
                   : halves == layers.size() ? "queries and keys, float16"
                                             : "queries and keys, float16 and float32";
    info.keptBytes = bytes;
    source->m_layers = std::move(layers);
    source->m_info = std::move(info);
    return source;
}

std::vector<float> FactoredAttention::logSumExp(const AttentionInfo& info, int layerIndex,
                                                const FactoredLayer& layer, std::stop_token stop) {
    std::vector<float> lse(index(info.heads) * index(info.queries));
    for (int head = 0; head < info.heads; ++head) {
        FactoredBlocks blocks(info, layerIndex, layer, head);
        const auto rows = std::span(lse).subspan(index(head) * index(info.queries), index(info.queries));
        for (int first = 0; first < info.queries; first += kLongBlockRows) {
            const int count = std::min(kLongBlockRows, info.queries - first);
            if (!blocks.logSumExp(first, rows.subspan(index(first), index(count)), stop)) return {};
        }
    }
    return lse;
}

std::shared_ptr<const FactoredLayer> FactoredAttention::rounded(const AttentionInfo& info, int layerIndex,
                                                                std::shared_ptr<const FactoredLayer> layer,
                                                                std::stop_token stop) {
    constexpr float kLargest = 65504.0F;
    const auto fits = [](const std::vector<float>& values) {
        return std::all_of(values.begin(), values.end(),
                           [](float value) { return std::abs(value) <= kLargest; });
    };
    if (layer->isHalf() || !fits(layer->queryFloats) || !fits(layer->keyFloats)) return layer;
    auto half = std::make_shared<FactoredLayer>();
    half->width = layer->width;
    half->scale = layer->scale;
    half->adjust = layer->adjust;
    half->queryHalves.resize(layer->queryFloats.size());
    half->keyHalves.resize(layer->keyFloats.size());
    halvesFromFloats(layer->queryFloats, half->queryHalves);
    halvesFromFloats(layer->keyFloats, half->keyHalves);
    half->lse = logSumExp(info, layerIndex, *half, stop);
    if (stop.stop_requested()) return layer;
    return summarized(info, layerIndex, std::move(half));
}

const Overview& FactoredAttention::overview(HeadId head) const {
    return layer(head.layer).overviews[index(head.head)];
}

const HeadSummary& FactoredAttention::summary(HeadId head) const {
    return layer(head.layer).summaries[index(head.head)];
}

void FactoredAttention::row(HeadId head, int query, std::span<float> keys) const {
    (void)rows(head, query, 1, keys, {});
}

Result<void> FactoredAttention::rows(HeadId head, int query, int count, std::span<float> out,
                                     std::stop_token stop) const {
    return block(head, query, count, {0, m_info.keys}, out, std::move(stop));
}

Result<void> FactoredAttention::block(HeadId head, int query, int count, KeyRange keys, std::span<float> out,
                                      std::stop_token stop) const {
    FactoredBlocks blocks(m_info, head.layer, layer(head.layer), head.head);
    if (!blocks.weights(query, count, keys, out.data(), keys.size(), stop)) return cancelled();
    return {};
}

Result<void> FactoredAttention::tile(const TileKey& key, std::span<float> out, std::stop_token stop) const {
    TilePooler pooler(m_info, key, out);
    const int width = pooler.keys().size();
    if (width == 0) return {};
    FactoredBlocks blocks(m_info, key.head.layer, layer(key.head.layer), key.head.head);
    if (key.level > 0 && key.pooling == Pooling::max) {
        if (!blocks.maxima(pooler.firstQuery(), pooler.lastQuery() - pooler.firstQuery(), pooler.keys(),
                           key.level, out, kTileCells, stop))
            return cancelled();
        return {};
    }
    // At level 0 the whole tile shares its packed keys; above, blocks are as tall as the second cache allows.
    const int blockRows = std::clamp(kBlockCells / width, kBlockRows, kTileCells);
    std::vector<float> weights(index(blockRows) * index(width));
    for (int first = pooler.firstQuery(); first < pooler.lastQuery(); first += blockRows) {
        const int count = std::min(blockRows, pooler.lastQuery() - first);
        if (!blocks.weights(first, count, pooler.keys(), weights.data(), width, stop)) return cancelled();
        for (int query = first; query < first + count; ++query)
            pooler.addRowOf(query, std::span<const float>(weights).subspan(
                                       index(query - first) * index(width), index(width)));
    }
    return {};
}

}  // namespace attnviz
