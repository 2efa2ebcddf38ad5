#include "core/attention/factored_attention.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include "core/base/half.h"

namespace attnviz {
namespace {

constexpr float kNothing = -std::numeric_limits<float>::infinity();

std::size_t index(int value) {
    return static_cast<std::size_t>(value);
}

// One head of one layer, with its vectors widened where they are kept as float16.
class HeadLogits {
 public:
    HeadLogits(const AttentionInfo& info, int layerIndex, const FactoredLayer& layer, int head)
        : m_info(info),
          m_layerIndex(layerIndex),
          m_layer(layer),
          m_head(head),
          m_bias(layer.adjust, head, layer.scale, info.visibility),
          m_query(index(layer.width)) {
        const int keyValueHead = head / (info.heads / info.keyValueHeads);
        const std::size_t offset = index(keyValueHead) * index(info.keys) * index(layer.width);
        const std::size_t count = index(info.keys) * index(layer.width);
        if (layer.isHalf()) {
            m_widened.resize(count);
            floatsFromHalves(std::span(layer.keyHalves).subspan(offset, count), m_widened);
            m_keys = m_widened.data();
        } else {
            m_keys = layer.keyFloats.data() + offset;
        }
    }

    // Logits of the visible keys of one row; masked keys get minus infinity.
    void row(int query, KeyRange range, std::span<float> logits) {
        const std::size_t width = index(m_layer.width);
        const std::size_t offset = (index(m_head) * index(m_info.queries) + index(query)) * width;
        if (m_layer.isHalf())
            floatsFromHalves(std::span(m_layer.queryHalves).subspan(offset, width), m_query);
        else
            std::copy_n(m_layer.queryFloats.begin() + static_cast<long>(offset), width, m_query.begin());
        const float cap = m_layer.adjust.softcap;
        for (int key = range.begin; key < range.end; ++key) {
            float& logit = logits[index(key - range.begin)];
            if (m_info.visibility.masked(key)) {
                logit = kNothing;
                continue;
            }
            const float* vector = m_keys + index(key) * width;
            float product = 0;
            for (std::size_t i = 0; i < width; ++i) product += m_query[i] * vector[i];
            logit = m_layer.scale * product;
            if (cap > 0) logit = cap * std::tanh(logit / cap);
            if (!m_bias.none()) logit += m_bias.at(query, key);
        }
    }

    int layerIndex() const { return m_layerIndex; }

 private:
    const AttentionInfo& m_info;
    int m_layerIndex;
    const FactoredLayer& m_layer;
    int m_head;
    LogitBias m_bias;
    std::vector<float> m_query, m_widened;
    const float* m_keys = nullptr;
};

float lseOf(std::span<const float> logits, const LogitAdjust& adjust, int head) {
    float largest = kNothing;
    for (const float logit : logits) largest = std::max(largest, logit);
    const float sink = adjust.sinks.empty() ? kNothing : adjust.sinks[index(head)];
    largest = std::max(largest, sink);
    if (largest == kNothing) return kNothing;
    double sum = sink == kNothing ? 0.0 : std::exp(static_cast<double>(sink) - largest);
    for (const float logit : logits) sum += std::exp(logit - largest);
    return static_cast<float>(static_cast<double>(largest) + std::log(sum));
}

void weightsFromLogits(std::span<float> logits, float lse) {
    for (float& logit : logits) logit = logit == kNothing ? 0.0F : std::exp(logit - lse);
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
    std::vector<float> weights(index(info.keys));
    for (int head = 0; head < info.heads; ++head) {
        HeadLogits logits(info, layerIndex, *copy, head);
        OverviewBuilder overview(info.queries, info.keys);
        HeadSummaryBuilder summary(info.queries, info.keys, info.square());
        for (int query = 0; query < info.queries; ++query) {
            const KeyRange range = info.visibility.range(layerIndex, query);
            const auto visible = std::span(weights).first(index(range.size()));
            logits.row(query, range, visible);
            weightsFromLogits(visible, copy->lse[index(head) * index(info.queries) + index(query)]);
            overview.addRow(query, range, visible, info.visibility);
            summary.addRow(layerIndex, query, range, visible, info.visibility);
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
    std::vector<float> lse;
    lse.reserve(index(info.heads) * index(info.queries));
    std::vector<float> row(index(info.keys));
    for (int head = 0; head < info.heads; ++head) {
        HeadLogits logits(info, layerIndex, layer, head);
        for (int query = 0; query < info.queries; ++query) {
            if (stop.stop_requested()) return {};
            const KeyRange range = info.visibility.range(layerIndex, query);
            const auto visible = std::span(row).first(index(range.size()));
            logits.row(query, range, visible);
            lse.push_back(lseOf(visible, layer.adjust, head));
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
    const FactoredLayer& kept = layer(head.layer);
    HeadLogits logits(m_info, head.layer, kept, head.head);
    for (int at = query; at < query + count; ++at) {
        if (stop.stop_requested()) return cancelled();
        const auto row = out.subspan(index(at - query) * index(m_info.keys), index(m_info.keys));
        const KeyRange range = visible(head.layer, at);
        std::fill(row.begin(), row.end(), 0.0F);
        const auto seen = row.subspan(index(range.begin), index(range.size()));
        logits.row(at, range, seen);
        weightsFromLogits(seen, kept.lse[index(head.head) * index(m_info.queries) + index(at)]);
    }
    return {};
}

Result<void> FactoredAttention::tile(const TileKey& key, std::span<float> out, std::stop_token stop) const {
    return poolTile(*this, key, out, std::move(stop));
}

}  // namespace attnviz
