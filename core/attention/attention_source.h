// Where attention weights come from, whatever they are kept as. Immutable; may be asked from any thread.
//
// It never hands out a whole model's map. Masked cells are 0. Rows sum to 1 except where the model says
// otherwise. Axes are layer, head, query, key. Callers keep layer, head and query in range.
#pragma once

#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "core/attention/head_summary.h"
#include "core/attention/overview.h"
#include "core/attention/visibility.h"
#include "core/base/result.h"

namespace attnviz {

enum class AttentionKind { encoder, decoder, cross };
std::string_view attentionKindName(AttentionKind kind);  // "encoder", "decoder", "cross"

struct HeadId {
    int layer = 0, head = 0;
    auto operator<=>(const HeadId&) const = default;
};

struct AttentionInfo {
    AttentionKind kind = AttentionKind::decoder;
    int layers = 0, heads = 0, keyValueHeads = 0, queries = 0, keys = 0;
    Visibility visibility;
    std::string storage;  // for a person: "dense float32", "queries and keys, float16"
    std::int64_t keptBytes = 0;
    bool renormalized = false;  // a filter changed rows: every number shown says so
    std::string combined;       // "mean of 12 heads"; empty for heads as the model has them
    // Masked keys that a filter hides; the other masked ones are padding. Ascending.
    std::vector<int> hiddenKeys = {};

    bool square() const { return kind != AttentionKind::cross && queries == keys; }
};

enum class Pooling { max, mean };

inline constexpr int kTileCells = 256;

// One square of kTileCells x kTileCells cells, each pooled from 2^level x 2^level weights. Level 0 is exact.
// Tile (row, column) begins at query row * kTileCells << level. Which source it belongs to is the owner's to
// say.
struct TileKey {
    HeadId head;
    int level = 0, row = 0, column = 0;
    Pooling pooling = Pooling::max;
    auto operator<=>(const TileKey&) const = default;
};

class AttentionSource {
 public:
    virtual ~AttentionSource() = default;
    virtual const AttentionInfo& info() const = 0;
    // [begin, end) of keys that the query may see; padding apart.
    KeyRange visible(int layer, int query) const { return info().visibility.range(layer, query); }

    // Layers that are there already; all of them once a run has ended. A layer that is not ready may not be
    // asked for.
    virtual int layersReady() const { return info().layers; }
    virtual const Overview& overview(HeadId head) const = 0;
    virtual const HeadSummary& summary(HeadId head) const = 0;
    // All keys of one row; `keys` has info().keys elements.
    virtual void row(HeadId head, int query, std::span<float> keys) const = 0;
    // Rows [query, query + count) of a head, row-major into (count, keys). Faster than row by row where
    // recomputed.
    virtual Result<void> rows(HeadId head, int query, int count, std::span<float> out,
                              std::stop_token stop) const;
    // The keys [keys.begin, keys.end) of such rows alone, row-major into (count, keys.size()).
    virtual Result<void> block(HeadId head, int query, int count, KeyRange keys, std::span<float> out,
                               std::stop_token stop) const;
    // (kTileCells, kTileCells) values, row-major. Cells with nothing visible, and those beyond the edge, are
    // kMaskedCell. Pooling is over the visible cells. Cancelled when `stop` fires.
    virtual Result<void> tile(const TileKey& key, std::span<float> out, std::stop_token stop) const;
};

// Pools the visible cells of block() into one tile: what `tile` is for a source that knows no quicker way.
Result<void> poolTile(const AttentionSource& source, const TileKey& key, std::span<float> out,
                      std::stop_token stop);

}  // namespace attnviz
