#include "core/attention/dense_attention.h"

#include <algorithm>
#include <cassert>

#include "core/attention/tile_pooler.h"
#include "core/base/half.h"

namespace attnviz {
namespace {

std::size_t rowOffset(const AttentionInfo& info, int head, int query) {
    return (static_cast<std::size_t>(head) * static_cast<std::size_t>(info.queries) +
            static_cast<std::size_t>(query)) *
           static_cast<std::size_t>(info.keys);
}

void readRow(const AttentionInfo& info, const DenseLayer& layer, int head, int query, std::span<float> keys) {
    const auto offset = rowOffset(info, head, query);
    if (layer.halves.empty())
        std::copy_n(layer.floats.begin() + static_cast<long>(offset), keys.size(), keys.begin());
    else
        floatsFromHalves(std::span(layer.halves).subspan(offset, keys.size()), keys);
}

// A layer that came without overviews (a file) gets them; the others are shared as they are.
std::shared_ptr<const DenseLayer> summarized(const AttentionInfo& info, int layerIndex,
                                             std::shared_ptr<const DenseLayer> layer) {
    if (layer->overviews.size() == static_cast<std::size_t>(info.heads)) return layer;
    auto copy = std::make_shared<DenseLayer>(*layer);
    copy->overviews.clear();
    copy->summaries.clear();
    std::vector<float> row(static_cast<std::size_t>(info.keys));
    for (int head = 0; head < info.heads; ++head) {
        OverviewBuilder overview(info.queries, info.keys);
        HeadSummaryBuilder summary(info.queries, info.keys, info.square());
        for (int query = 0; query < info.queries; ++query) {
            readRow(info, *copy, head, query, row);
            const KeyRange range = info.visibility.range(layerIndex, query);
            const auto weights = std::span<const float>(row).subspan(static_cast<std::size_t>(range.begin),
                                                                     static_cast<std::size_t>(range.size()));
            overview.addRow(query, range, weights, info.visibility);
            summary.addRow(layerIndex, query, range, weights, info.visibility);
        }
        copy->overviews.push_back(overview.finish());
        copy->summaries.push_back(summary.finish());
    }
    return copy;
}

}  // namespace

std::shared_ptr<const DenseAttention> DenseAttention::create(
    AttentionInfo info, std::vector<std::shared_ptr<const DenseLayer>> layers) {
    std::shared_ptr<DenseAttention> source(new DenseAttention);
    std::int64_t bytes = 0;
    for (std::size_t index = 0; index < layers.size(); ++index) {
        auto& layer = layers[index];
        assert(layer->floats.size() + layer->halves.size() == rowOffset(info, info.heads, 0));
        layer = summarized(info, static_cast<int>(index), std::move(layer));
        bytes += static_cast<std::int64_t>(layer->floats.size() * sizeof(float) +
                                           layer->halves.size() * sizeof(std::uint16_t));
    }
    source->m_layers = std::move(layers);
    info.storage = source->isHalf() ? "dense float16" : "dense float32";
    info.keptBytes = bytes;
    source->m_info = std::move(info);
    return source;
}

const Overview& DenseAttention::overview(HeadId head) const {
    return m_layers[static_cast<std::size_t>(head.layer)]->overviews[static_cast<std::size_t>(head.head)];
}

const HeadSummary& DenseAttention::summary(HeadId head) const {
    return m_layers[static_cast<std::size_t>(head.layer)]->summaries[static_cast<std::size_t>(head.head)];
}

void DenseAttention::row(HeadId head, int query, std::span<float> keys) const {
    readRow(m_info, layer(head.layer), head.head, query, keys);
}

Result<void> DenseAttention::tile(const TileKey& key, std::span<float> out, std::stop_token stop) const {
    const DenseLayer& kept = layer(key.head.layer);
    TilePooler pooler(m_info, key, out);
    std::vector<float> widened(kept.halves.empty() ? 0 : static_cast<std::size_t>(pooler.keys().size()));
    for (int query = pooler.firstQuery(); query < pooler.lastQuery(); ++query) {
        if (stop.stop_requested()) return cancelled();
        const KeyRange range = pooler.visible(query);
        const auto offset = rowOffset(m_info, key.head.head, query) + static_cast<std::size_t>(range.begin);
        const auto count = static_cast<std::size_t>(range.size());
        if (kept.halves.empty()) {
            pooler.addRow(query, std::span(kept.floats).subspan(offset, count));
            continue;
        }
        floatsFromHalves(std::span(kept.halves).subspan(offset, count), std::span(widened).first(count));
        pooler.addRow(query, std::span<const float>(widened).first(count));
    }
    return {};
}

Result<void> DenseAttention::block(HeadId head, int query, int count, KeyRange keys, std::span<float> out,
                                   std::stop_token stop) const {
    const DenseLayer& kept = layer(head.layer);
    const auto width = static_cast<std::size_t>(keys.size());
    for (int i = 0; i < count; ++i) {
        if (stop.stop_requested()) return cancelled();
        const auto offset = rowOffset(m_info, head.head, query + i) + static_cast<std::size_t>(keys.begin);
        const auto to = out.subspan(static_cast<std::size_t>(i) * width, width);
        if (kept.halves.empty())
            std::copy_n(kept.floats.begin() + static_cast<std::ptrdiff_t>(offset), width, to.begin());
        else
            floatsFromHalves(std::span(kept.halves).subspan(offset, width), to);
    }
    return {};
}

}  // namespace attnviz
