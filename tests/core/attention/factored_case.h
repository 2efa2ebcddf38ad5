// Queries and keys by chance, and the obvious way from them to weights: the oracle of the fast one.
#pragma once

#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/attention/dense_attention.h"
#include "core/attention/factored_attention.h"
#include "core/base/half.h"

namespace attnviz::test {

struct FactoredCase {
    std::string name;
    AttentionInfo info;
    std::vector<std::shared_ptr<const FactoredLayer>> layers;
};

inline AttentionInfo shape(int layers, int heads, int keyValueHeads, int queries, int keys) {
    AttentionInfo info;
    info.kind = queries == keys ? AttentionKind::decoder : AttentionKind::cross;
    info.layers = layers;
    info.heads = heads;
    info.keyValueHeads = keyValueHeads;
    info.queries = queries;
    info.keys = keys;
    info.visibility = Visibility::full(queries, keys);
    return info;
}

// Logits have a standard deviation of about `spread`.
inline std::shared_ptr<FactoredLayer> randomLayer(const AttentionInfo& info, int width, float spread,
                                                  unsigned seed, LogitAdjust adjust = {}) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    auto layer = std::make_shared<FactoredLayer>();
    layer->width = width;
    layer->scale = spread / std::sqrt(static_cast<float>(width));
    layer->adjust = std::move(adjust);
    layer->queryFloats.resize(static_cast<std::size_t>(info.heads) * info.queries * width);
    layer->keyFloats.resize(static_cast<std::size_t>(info.keyValueHeads) * info.keys * width);
    for (float& value : layer->queryFloats) value = normal(random);
    for (float& value : layer->keyFloats) value = normal(random);
    return layer;
}

inline double alibiBias(const AttentionInfo& info, const Alibi& alibi, int head, int key) {
    int position = key;
    if (alibi.countsUnmasked)
        for (int before = 0; before < key; ++before) position -= info.visibility.masked(before);
    const float slope = alibi.slopes[static_cast<std::size_t>(head)];
    if (alibi.rounding == AlibiRounding::none) return static_cast<double>(slope) * position;
    // bfloat16 holds whole numbers up to 256; beyond, the reference rounds the position before it multiplies.
    const auto rounded = [](float value) { return floatFromBfloat16(bfloat16FromFloat(value)); };
    return rounded(rounded(slope) * rounded(static_cast<float>(position)));
}

// Weights of one row, in float64, as the definition has them.
inline std::vector<double> obviousRow(const AttentionInfo& info, int layerIndex, const FactoredLayer& layer,
                                      int head, int query) {
    const auto at = [&](const std::vector<float>& floats, const std::vector<std::uint16_t>& halves,
                        std::size_t i) {
        return static_cast<double>(halves.empty() ? floats[i] : floatFromHalf(halves[i]));
    };
    const int group = head / (info.heads / info.keyValueHeads);
    const LogitAdjust& adjust = layer.adjust;
    std::vector<double> logits(static_cast<std::size_t>(info.keys), 0);
    double largest = adjust.sinks.empty() ? -INFINITY : adjust.sinks[static_cast<std::size_t>(head)];
    for (int key = 0; key < info.keys; ++key) {
        if (!info.visibility.sees(layerIndex, query, key)) continue;
        double product = 0;
        for (int i = 0; i < layer.width; ++i)
            product += at(layer.queryFloats, layer.queryHalves,
                          (static_cast<std::size_t>(head) * info.queries + query) * layer.width + i) *
                       at(layer.keyFloats, layer.keyHalves,
                          (static_cast<std::size_t>(group) * info.keys + key) * layer.width + i);
        double logit = product * layer.scale;
        if (adjust.softcap > 0) logit = adjust.softcap * std::tanh(logit / adjust.softcap);
        if (!adjust.alibi.slopes.empty()) {
            // Relative to the query, which only a sink can tell from absolute positions.
            const double bias =
                alibiBias(info, adjust.alibi, head, key) - alibiBias(info, adjust.alibi, head, query);
            logit += adjust.alibi.beforeScaling ? bias * layer.scale : bias;
        }
        if (adjust.relative.buckets > 0)
            logit += adjust.relative.values[static_cast<std::size_t>(
                head * adjust.relative.buckets + relativeBucket(key - query, adjust.relative.twoSided,
                                                                adjust.relative.buckets,
                                                                adjust.relative.maxDistance))];
        logits[static_cast<std::size_t>(key)] = logit;
        largest = std::max(largest, logit);
    }
    double sum =
        adjust.sinks.empty() ? 0.0 : std::exp(adjust.sinks[static_cast<std::size_t>(head)] - largest);
    for (int key = 0; key < info.keys; ++key)
        if (info.visibility.sees(layerIndex, query, key))
            sum += std::exp(logits[static_cast<std::size_t>(key)] - largest);
    std::vector<double> weights(static_cast<std::size_t>(info.keys), 0);
    for (int key = 0; key < info.keys; ++key)
        if (info.visibility.sees(layerIndex, query, key))
            weights[static_cast<std::size_t>(key)] =
                std::exp(logits[static_cast<std::size_t>(key)] - largest) / sum;
    return weights;
}

inline std::shared_ptr<const DenseAttention> obviousDense(const FactoredCase& given) {
    std::vector<std::shared_ptr<const DenseLayer>> layers;
    for (std::size_t l = 0; l < given.layers.size(); ++l) {
        auto dense = std::make_shared<DenseLayer>();
        for (int head = 0; head < given.info.heads; ++head)
            for (int query = 0; query < given.info.queries; ++query)
                for (const double weight :
                     obviousRow(given.info, static_cast<int>(l), *given.layers[l], head, query))
                    dense->floats.push_back(static_cast<float>(weight));
        layers.push_back(std::move(dense));
    }
    return DenseAttention::create(given.info, std::move(layers));
}

}  // namespace attnviz::test
