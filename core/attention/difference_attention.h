// One head's map minus another's, cell by cell: B - A, from -1 to 1. For drawing on a diverging scale; no
// attention, so no number of attention is taken of it.
//
// Both maps have the same queries and keys; a cell is masked where either is. Pooled cells keep the
// difference that is farthest from zero (Pooling::max) or the mean, so that a single change is never lost. It
// is one head, 0, of one layer, 0. Overview and summary are empty: nothing asks a difference for them.
#pragma once

#include <memory>

#include "core/attention/attention_source.h"

namespace attnviz {

class DifferenceAttention final : public AttentionSource {
 public:
    struct Side {
        std::shared_ptr<const AttentionSource> source;
        HeadId head;
    };
    // The same lengths on both sides (asserted), and both layers ready.
    DifferenceAttention(Side a, Side b);

    const AttentionInfo& info() const override { return m_info; }
    const Overview& overview(HeadId) const override { return m_overview; }
    const HeadSummary& summary(HeadId) const override { return m_summary; }
    void row(HeadId head, int query, std::span<float> keys) const override;
    Result<void> block(HeadId head, int query, int count, KeyRange keys, std::span<float> out,
                       std::stop_token stop) const override;
    Result<void> tile(const TileKey& key, std::span<float> out, std::stop_token stop) const override;

 private:
    bool sees(int query, int key) const;

    Side m_a, m_b;
    AttentionInfo m_info;
    Overview m_overview;
    HeadSummary m_summary;
};

}  // namespace attnviz
