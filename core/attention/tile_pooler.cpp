#include "core/attention/tile_pooler.h"

#include <algorithm>
#include <cstdint>

namespace attnviz {
namespace {

std::size_t index(int value) {
    return static_cast<std::size_t>(value);
}

// Tiles may lie beyond the edge, and levels are at most 31: products in 64 bits.
int clampedStart(int tile, int level, int count) {
    return static_cast<int>(
        std::min<std::int64_t>((static_cast<std::int64_t>(tile) * kTileCells) << level, count));
}

}  // namespace

TilePooler::TilePooler(const AttentionInfo& info, const TileKey& key, std::span<float> out)
    : m_info(info), m_key(key), m_out(out), m_step(1 << key.level) {
    m_firstQuery = clampedStart(key.row, key.level, info.queries);
    m_lastQuery = clampedStart(key.row + 1, key.level, info.queries);
    m_keys = {clampedStart(key.column, key.level, info.keys),
              clampedStart(key.column + 1, key.level, info.keys)};
    std::fill(m_out.begin(), m_out.end(), kMaskedCell);
    m_joined.assign(index(m_keys.size()), key.pooling == Pooling::max ? kMaskedCell : 0.0F);
    m_countChange.assign(index(m_keys.size()) + 1, 0);
}

KeyRange TilePooler::visible(int query) const {
    const KeyRange range = m_info.visibility.range(m_key.head.layer, query);
    const int begin = std::max(range.begin, m_keys.begin);
    return {begin, std::max(begin, std::min(range.end, m_keys.end))};
}

void TilePooler::addRowOf(int query, std::span<const float> weights) {
    const KeyRange range = visible(query);
    addRow(query, weights.subspan(index(range.begin - m_keys.begin), index(range.size())));
}

void TilePooler::addRow(int query, std::span<const float> weights) {
    const std::size_t count = weights.size();
    if (count > 0) {
        const int begin = visible(query).begin - m_keys.begin;
        float* joined = m_joined.data() + begin;
        const float* from = weights.data();
        if (m_key.pooling == Pooling::max)
            for (std::size_t i = 0; i < count; ++i) joined[i] = from[i] > joined[i] ? from[i] : joined[i];
        else
            for (std::size_t i = 0; i < count; ++i) joined[i] += from[i];
        ++m_countChange[index(begin)];
        --m_countChange[index(begin) + count];
        m_any = true;
    }
    if ((query - m_firstQuery + 1) % m_step == 0 || query + 1 == m_lastQuery) endCellRow();
}

void TilePooler::endCellRow() {
    const int cellRow = m_cellRow++;
    if (!m_any) return;
    const auto cells = m_out.subspan(index(cellRow) * kTileCells, kTileCells);
    if (m_key.pooling == Pooling::max)
        poolMax(cells);
    else
        poolMean(cells);
    std::fill(m_joined.begin(), m_joined.end(), m_key.pooling == Pooling::max ? kMaskedCell : 0.0F);
    std::fill(m_countChange.begin(), m_countChange.end(), 0);
    m_any = false;
}

void TilePooler::poolMax(std::span<float> cells) {
    for (const int key : m_info.visibility.maskedKeys())
        if (m_keys.contains(key)) m_joined[index(key - m_keys.begin)] = kMaskedCell;
    const int count = m_keys.size();
    for (int begin = 0, cell = 0; begin < count; begin += m_step, ++cell) {
        float max = kMaskedCell;
        for (int i = begin; i < std::min(begin + m_step, count); ++i) max = std::max(max, m_joined[index(i)]);
        cells[index(cell)] = max;
    }
}

void TilePooler::poolMean(std::span<float> cells) {
    const int count = m_keys.size();
    int rows = 0;
    for (int begin = 0, cell = 0; begin < count; begin += m_step, ++cell) {
        double sum = 0;
        std::int64_t seen = 0;
        for (int i = begin; i < std::min(begin + m_step, count); ++i) {
            rows += m_countChange[index(i)];
            if (m_info.visibility.masked(m_keys.begin + i)) continue;
            sum += m_joined[index(i)];
            seen += rows;
        }
        if (seen > 0) cells[index(cell)] = static_cast<float>(sum / static_cast<double>(seen));
    }
}

}  // namespace attnviz
