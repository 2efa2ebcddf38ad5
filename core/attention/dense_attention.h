// Attention kept as it is: one (head, query, key) block a layer, float32 or float16.
//
// What opened files are kept as, and runs whose maps fit into memory. Blocks are shared, so a source with one
// more layer (a run in progress) costs nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/attention/attention_source.h"

namespace attnviz {

// One layer's weights, row-major (head, query, key); exactly one of the two vectors is used.
struct DenseLayer {
    std::vector<float> floats;
    std::vector<std::uint16_t> halves;
    std::vector<Overview> overviews;     // by head; empty: computed by DenseAttention::create
    std::vector<HeadSummary> summaries;  // by head; likewise
};

class DenseAttention final : public AttentionSource {
 public:
    // `info.layers` is the whole model's; `layers` may hold fewer (a run in progress). Fills in `storage` and
    // `keptBytes`, and computes overviews and summaries of layers that have none. Sizes must agree (asserted:
    // callers check what strangers give them).
    static std::shared_ptr<const DenseAttention> create(
        AttentionInfo info, std::vector<std::shared_ptr<const DenseLayer>> layers);

    const AttentionInfo& info() const override { return m_info; }
    int layersReady() const override { return static_cast<int>(m_layers.size()); }
    const Overview& overview(HeadId head) const override;
    const HeadSummary& summary(HeadId head) const override;
    void row(HeadId head, int query, std::span<float> keys) const override;
    Result<void> block(HeadId head, int query, int count, KeyRange keys, std::span<float> out,
                       std::stop_token stop) const override;
    Result<void> tile(const TileKey& key, std::span<float> out, std::stop_token stop) const override;

    const DenseLayer& layer(int layer) const { return *m_layers[static_cast<std::size_t>(layer)]; }
    bool isHalf() const { return !m_layers.empty() && !m_layers.front()->halves.empty(); }

 private:
    DenseAttention() = default;
    AttentionInfo m_info;
    std::vector<std::shared_ptr<const DenseLayer>> m_layers;
};

}  // namespace attnviz
