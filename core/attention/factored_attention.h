// Attention kept as the queries and keys that it is made of, and recomputed where it is looked at:
// weight = exp(cap(scale * q.k) + bias - lse) inside the visibility.
//
// Memory grows with the length, not with its square. The log-sum-exp belongs to Q and K as kept, so rows sum
// to one (with a learned sink: to what it leaves). Equals the dense form within 2e-6 where Q and K are
// float32. Layers are shared, so a source with one more layer (a run in progress) costs nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <vector>

#include "core/attention/attention_source.h"
#include "core/attention/logit_adjust.h"

namespace attnviz {

// One layer. Q is (head, query, width), K is (key-value head, key, width), row-major, rotary and norms
// already applied; either both as floats or both as halves. Head h uses key-value head h / (heads /
// keyValueHeads).
struct FactoredLayer {
    int width = 0;
    float scale = 1;
    LogitAdjust adjust;
    std::vector<float> queryFloats, keyFloats;
    std::vector<std::uint16_t> queryHalves, keyHalves;  // float16
    std::vector<float> lse;              // (head, query), natural log; -inf where nothing is visible
    std::vector<Overview> overviews;     // by head; empty: computed by FactoredAttention::create
    std::vector<HeadSummary> summaries;  // by head; likewise

    bool isHalf() const { return !queryHalves.empty(); }
    std::int64_t keptBytes() const;
};

class FactoredAttention final : public AttentionSource {
 public:
    // `info.layers` is the whole model's; `layers` may hold fewer (a run in progress). Fills in `storage` and
    // `keptBytes`; computes log-sum-exps, overviews and summaries of layers that have none. Sizes must agree
    // (asserted: callers check what strangers give them).
    static std::shared_ptr<const FactoredAttention> create(
        AttentionInfo info, std::vector<std::shared_ptr<const FactoredLayer>> layers);

    // Log-sum-exp of one layer, (head, query), taken from Q and K as kept, a sink included. Of `info`, the
    // heads, lengths and visibility are read. Empty when `stop` fires.
    static std::vector<float> logSumExp(const AttentionInfo& info, int layerIndex, const FactoredLayer& layer,
                                        std::stop_token stop = {});

    // Q and K rounded to float16, with log-sum-exp, overviews and summaries of the rounded form; the layer
    // itself if it is half already, or holds a value beyond float16's range.
    static std::shared_ptr<const FactoredLayer> rounded(const AttentionInfo& info, int layerIndex,
                                                        std::shared_ptr<const FactoredLayer> layer,
                                                        std::stop_token stop = {});

    const AttentionInfo& info() const override { return m_info; }
    int layersReady() const override { return static_cast<int>(m_layers.size()); }
    const Overview& overview(HeadId head) const override;
    const HeadSummary& summary(HeadId head) const override;
    void row(HeadId head, int query, std::span<float> keys) const override;
    Result<void> rows(HeadId head, int query, int count, std::span<float> out,
                      std::stop_token stop) const override;
    Result<void> block(HeadId head, int query, int count, KeyRange keys, std::span<float> out,
                       std::stop_token stop) const override;
    Result<void> tile(const TileKey& key, std::span<float> out, std::stop_token stop) const override;

    const FactoredLayer& layer(int layer) const { return *m_layers[static_cast<std::size_t>(layer)]; }

 private:
    FactoredAttention() = default;
    AttentionInfo m_info;
    std::vector<std::shared_ptr<const FactoredLayer>> m_layers;
};

}  // namespace attnviz
