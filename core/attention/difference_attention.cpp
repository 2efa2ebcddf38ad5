#include "core/attention/difference_attention.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <vector>

namespace attnviz {
namespace {

// Rows of a band: what is held of both sides while a pooled tile is made.
constexpr int kBandRows = 64;

std::size_t index(int value) {
    return static_cast<std::size_t>(value);
}

}  // namespace

DifferenceAttention::DifferenceAttention(Side a, Side b) : m_a(std::move(a)), m_b(std::move(b)) {
    const AttentionInfo& left = m_a.source->info();
    const AttentionInfo& right = m_b.source->info();
    assert(left.queries == right.queries && left.keys == right.keys);
    m_info.kind = right.kind;
    m_info.layers = m_info.heads = m_info.keyValueHeads = 1;
    m_info.queries = right.queries;
    m_info.keys = right.keys;
    // Whether a cell is masked is asked of both sides; this says only how the map is shaped.
    m_info.visibility = Visibility::full(m_info.queries, m_info.keys);
    if (left.visibility.causal() && right.visibility.causal()) m_info.visibility.setCausal(true);
    m_info.storage = "difference";
    m_info.renormalized = left.renormalized || right.renormalized;
    m_info.combined = right.combined;
}

bool DifferenceAttention::sees(int query, int key) const {
    return m_a.source->info().visibility.sees(m_a.head.layer, query, key) &&
           m_b.source->info().visibility.sees(m_b.head.layer, query, key);
}

void DifferenceAttention::row(HeadId, int query, std::span<float> keys) const {
    std::vector<float> left(keys.size());
    m_a.source->row(m_a.head, query, left);
    m_b.source->row(m_b.head, query, keys);
    for (std::size_t key = 0; key < keys.size(); ++key) keys[key] -= left[key];
}

Result<void> DifferenceAttention::block(HeadId, int query, int count, KeyRange keys, std::span<float> out,
                                        std::stop_token stop) const {
    std::vector<float> left(out.size());
    if (auto done = m_a.source->block(m_a.head, query, count, keys, left, stop); !done) return done;
    if (auto done = m_b.source->block(m_b.head, query, count, keys, out, stop); !done) return done;
    for (std::size_t i = 0; i < out.size(); ++i) out[i] -= left[i];
    return {};
}

Result<void> DifferenceAttention::tile(const TileKey& key, std::span<float> out, std::stop_token stop) const {
    std::ranges::fill(out, kMaskedCell);
    const int step = 1 << key.level, side = kTileCells << key.level;
    const int firstQuery = key.row * side, firstKey = key.column * side;
    const KeyRange keys{firstKey, std::min(m_info.keys, firstKey + side)};
    const int endQuery = std::min(m_info.queries, firstQuery + side);
    if (keys.size() <= 0 || endQuery <= firstQuery) return {};
    std::vector<float> band;
    std::vector<double> sums(kTileCells);
    std::vector<int> counts(kTileCells);
    for (int query = firstQuery; query < endQuery; ++query) {
        const int inBand = (query - firstQuery) % kBandRows;
        if (inBand == 0) {
            const int rows = std::min(kBandRows, endQuery - query);
            band.resize(index(rows) * index(keys.size()));
            if (auto done = block({}, query, rows, keys, band, stop); !done) return done;
        }
        const int cellRow = (query - firstQuery) / step;
        if ((query - firstQuery) % step == 0) {
            std::ranges::fill(sums, 0.0);
            std::ranges::fill(counts, 0);
        }
        const float* values = band.data() + index(inBand) * index(keys.size());
        float* cells = out.data() + index(cellRow) * kTileCells;
        for (int at = 0; at < keys.size(); ++at) {
            if (!sees(query, keys.begin + at)) continue;
            const float value = values[at];
            const std::size_t cell = index(at / step);
            if (key.pooling == Pooling::mean) {
                sums[cell] += static_cast<double>(value);
                ++counts[cell];
                cells[cell] = static_cast<float>(sums[cell] / counts[cell]);
            } else if (cells[cell] == kMaskedCell || std::fabs(value) > std::fabs(cells[cell])) {
                cells[cell] = value;
            }
        }
    }
    return {};
}

}  // namespace attnviz
