// One head's map minus another's, cell by cell: B - A, from -1 to 1. For drawing on a diverging scale; no
// attention, so no number of attention is taken of it.
//
// Both maps have the same queries and keys, or the tokens of both are laid on joint axes; a token without a
// partner has kAloneCell in tiles and 0 in rows. A cell is masked where neither side's query may see the key.
// Pooled cells keep the difference that is farthest from zero (Pooling::max) or the mean, so that a single
// change is never lost; they are alone only where no difference is. It is one head, 0, of one layer, 0.
// The summary is empty, and the overview unless one is given: nothing asks a difference for them.
#pragma once

#include <memory>

#include "core/attention/attention_source.h"

namespace attnviz {

// In tiles: of a token that only one side has.
inline constexpr float kAloneCell = -3.0F;

// By place on a joint axis: the token of each side, -1 where it has none. Each side's tokens all stand there,
// in their order.
struct JointTokens {
    std::vector<int> a, b;
    int count() const { return static_cast<int>(a.size()); }
    bool both(int place) const {
        return a[static_cast<std::size_t>(place)] >= 0 && b[static_cast<std::size_t>(place)] >= 0;
    }
};

// Joint queries and keys to a cell of a difference's overview: the power of two at which one tile holds all.
int overviewStep(int queries, int keys);

class DifferenceAttention final : public AttentionSource {
 public:
    struct Side {
        std::shared_ptr<const AttentionSource> source;
        HeadId head;
    };
    // The same lengths on both sides (asserted), and both layers ready.
    DifferenceAttention(Side a, Side b);
    // Over all tokens of both sides. What comes later on the joint axis is masked where both sides are a
    // text's own causal attention, partner or not. `overview`: as compareHeads makes it, else empty.
    DifferenceAttention(Side a, Side b, JointTokens queries, JointTokens keys, Overview overview = {});

    const AttentionInfo& info() const override { return m_info; }
    const Overview& overview(HeadId) const override { return m_overview; }
    const HeadSummary& summary(HeadId) const override { return m_summary; }
    void row(HeadId head, int query, std::span<float> keys) const override;
    Result<void> block(HeadId head, int query, int count, KeyRange keys, std::span<float> out,
                       std::stop_token stop) const override;
    Result<void> tile(const TileKey& key, std::span<float> out, std::stop_token stop) const override;
    const JointTokens& queries() const { return m_queries; }
    const JointTokens& keys() const { return m_keys; }

 private:
    struct Column {  // a joint key that both sides have
        int place = 0, a = 0, b = 0;
    };
    struct Band {  // what both sides have of some joint rows and keys
        KeyRange rowsA, rowsB, keysA, keysB;
        std::vector<float> a, b;
    };
    void describe();
    std::vector<Column> columnsIn(KeyRange keys) const;
    Result<void> read(int query, int count, const std::vector<Column>& columns, Band& band,
                      const std::stop_token& stop) const;
    KeyRange seen(const Side& side, const std::vector<int>& places, int own) const;
    void markAlone(int firstQuery, int endQuery, int firstKey, int endKey, int step,
                   std::span<float> cells) const;

    Side m_a, m_b;
    JointTokens m_queries, m_keys;
    std::vector<int> m_keyPlacesA, m_keyPlacesB;  // by own key: its place on the joint axis
    AttentionInfo m_info;
    Overview m_overview;
    HeadSummary m_summary;
};

}  // namespace attnviz
