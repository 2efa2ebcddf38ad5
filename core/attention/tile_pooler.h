// Pools rows of exact weights into one tile.
//
// Rows are first joined element by element, which runs at the speed of memory, then cells along the keys.
// Masked cells count for neither the maximum nor the mean. Sums of a key's rows run in float32, cells in
// float64.
#pragma once

#include <span>
#include <vector>

#include "core/attention/attention_source.h"

namespace attnviz {

class TilePooler {
 public:
    // Fills `out` (kTileCells, kTileCells) with kMaskedCell.
    TilePooler(const AttentionInfo& info, const TileKey& key, std::span<float> out);

    KeyRange keys() const { return m_keys; }  // what the tile covers
    int firstQuery() const { return m_firstQuery; }
    int lastQuery() const { return m_lastQuery; }  // one behind
    int step() const { return m_step; }            // weights a cell along either axis
    KeyRange visible(int query) const;             // of this query, inside keys()

    // Every query from firstQuery() to lastQuery(), in order. `weights` are those of visible(query), for
    // addRow, or of all keys() of the tile.
    void addRow(int query, std::span<const float> weights);
    void addRowOf(int query, std::span<const float> weights);

 private:
    void endCellRow();
    void poolMax(std::span<float> cells);
    void poolMean(std::span<float> cells);

    const AttentionInfo& m_info;
    TileKey m_key;
    std::span<float> m_out;
    int m_step = 1, m_firstQuery = 0, m_lastQuery = 0, m_cellRow = 0;
    KeyRange m_keys;
    bool m_any = false;
    std::vector<float> m_joined;     // by key of the tile: maximum or sum of the rows so far
    std::vector<int> m_countChange;  // rows that see the key, as differences along the keys
};

}  // namespace attnviz
