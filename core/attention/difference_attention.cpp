#include "core/attention/difference_attention.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>
#include <vector>

namespace attnviz {
namespace {

// Rows of a band: what is held of both sides while a pooled tile is made.
constexpr int kBandRows = 64;

std::size_t index(int value) {
    return static_cast<std::size_t>(value);
}

JointTokens sameTokens(int count) {
    std::vector<int> all(index(count));
    std::iota(all.begin(), all.end(), 0);
    return {all, all};
}

std::vector<int> placesOf(const std::vector<int>& tokens) {
    std::vector<int> places;
    for (std::size_t place = 0; place < tokens.size(); ++place)
        if (tokens[place] >= 0) places.push_back(static_cast<int>(place));
    return places;
}

}  // namespace

int overviewStep(int queries, int keys) {
    int step = 1;
    while ((std::max(queries, keys) + step - 1) / step > kTileCells) step *= 2;
    return step;
}

DifferenceAttention::DifferenceAttention(Side a, Side b)
    : m_a(std::move(a)),
      m_b(std::move(b)),
      m_queries(sameTokens(m_a.source->info().queries)),
      m_keys(sameTokens(m_a.source->info().keys)) {
    const AttentionInfo& left = m_a.source->info();
    const AttentionInfo& right = m_b.source->info();
    assert(left.queries == right.queries && left.keys == right.keys);
    describe();
    if (left.visibility.causal() && right.visibility.causal()) m_info.visibility.setCausal(true);
}

DifferenceAttention::DifferenceAttention(Side a, Side b, JointTokens queries, JointTokens keys,
                                         Overview overview)
    : m_a(std::move(a)),
      m_b(std::move(b)),
      m_queries(std::move(queries)),
      m_keys(std::move(keys)),
      m_overview(std::move(overview)) {
    describe();
    const auto readsOn = [](const Side& side) {
        return side.source->info().square() && side.source->info().visibility.causal();
    };
    if (readsOn(m_a) && readsOn(m_b)) m_info.visibility.setCausal(true);
    const int step = overviewStep(m_info.queries, m_info.keys);
    for (int row = 0; row < m_overview.rows; ++row)
        markAlone(row * step, std::min(m_info.queries, (row + 1) * step), 0, m_info.keys, step,
                  std::span(m_overview.max).subspan(index(row) * index(m_overview.columns)));
    m_overview.mean = m_overview.max;
}

void DifferenceAttention::describe() {
    const AttentionInfo& left = m_a.source->info();
    const AttentionInfo& right = m_b.source->info();
    m_keyPlacesA = placesOf(m_keys.a);
    m_keyPlacesB = placesOf(m_keys.b);
    assert(m_keyPlacesA.size() == index(left.keys) && m_keyPlacesB.size() == index(right.keys));
    m_info.kind = right.kind;
    m_info.layers = m_info.heads = m_info.keyValueHeads = 1;
    m_info.queries = m_queries.count();
    m_info.keys = m_keys.count();
    // Whether a cell is masked is asked of both sides; this says only how the map is shaped.
    m_info.visibility = Visibility::full(m_info.queries, m_info.keys);
    m_info.storage = "difference";
    m_info.renormalized = left.renormalized || right.renormalized;
    m_info.combined = right.combined;
}

std::vector<DifferenceAttention::Column> DifferenceAttention::columnsIn(KeyRange keys) const {
    std::vector<Column> columns;
    for (int place = keys.begin; place < keys.end; ++place)
        if (m_keys.both(place)) columns.push_back({place, m_keys.a[index(place)], m_keys.b[index(place)]});
    return columns;
}

// A side's tokens between the first and the last that have partners are neighbours: one block of each side.
Result<void> DifferenceAttention::read(int query, int count, const std::vector<Column>& columns, Band& band,
                                       const std::stop_token& stop) const {
    int first = query, last = query + count - 1;
    while (first <= last && !m_queries.both(first)) ++first;
    while (last >= first && !m_queries.both(last)) --last;
    band.rowsA = band.rowsB = {};
    if (first > last || columns.empty()) return {};
    band.rowsA = {m_queries.a[index(first)], m_queries.a[index(last)] + 1};
    band.rowsB = {m_queries.b[index(first)], m_queries.b[index(last)] + 1};
    band.keysA = {columns.front().a, columns.back().a + 1};
    band.keysB = {columns.front().b, columns.back().b + 1};
    band.a.resize(index(band.rowsA.size()) * index(band.keysA.size()));
    band.b.resize(index(band.rowsB.size()) * index(band.keysB.size()));
    if (auto done =
            m_a.source->block(m_a.head, band.rowsA.begin, band.rowsA.size(), band.keysA, band.a, stop);
        !done)
        return done;
    return m_b.source->block(m_b.head, band.rowsB.begin, band.rowsB.size(), band.keysB, band.b, stop);
}

void DifferenceAttention::row(HeadId head, int query, std::span<float> keys) const {
    // A block fails only when it is stopped.
    (void)block(head, query, 1, {0, m_info.keys}, keys, {});
}

Result<void> DifferenceAttention::block(HeadId, int query, int count, KeyRange keys, std::span<float> out,
                                        std::stop_token stop) const {
    std::ranges::fill(out, 0.0F);
    const auto columns = columnsIn(keys);
    Band band;
    if (auto done = read(query, count, columns, band, stop); !done) return done;
    for (int at = 0; at < count; ++at) {
        if (columns.empty() || !m_queries.both(query + at)) continue;
        const float* a = band.a.data() +
                         index(m_queries.a[index(query + at)] - band.rowsA.begin) * index(band.keysA.size());
        const float* b = band.b.data() +
                         index(m_queries.b[index(query + at)] - band.rowsB.begin) * index(band.keysB.size());
        float* values = out.data() + index(at) * index(keys.size());
        for (const auto& column : columns)
            values[column.place - keys.begin] =
                b[column.b - band.keysB.begin] - a[column.a - band.keysA.begin];
    }
    return {};
}

// The places that a query of one side may see, from the first to the last; padding and other side's tokens
// between them apart.
KeyRange DifferenceAttention::seen(const Side& side, const std::vector<int>& places, int own) const {
    const KeyRange range = side.source->info().visibility.range(side.head.layer, own);
    return range.size() <= 0 ? KeyRange{}
                             : KeyRange{places[index(range.begin)], places[index(range.end - 1)] + 1};
}

// Cells of one row of a tile that hold no difference but a token without a partner.
void DifferenceAttention::markAlone(int firstQuery, int endQuery, int firstKey, int endKey, int step,
                                    std::span<float> cells) const {
    const bool causal = m_info.visibility.causal();
    int lastAlone = endQuery - 1;  // the query that sees most
    while (lastAlone >= firstQuery && m_queries.both(lastAlone)) --lastAlone;
    for (int begin = firstKey, cell = 0; begin < endKey; begin += step, ++cell) {
        if (cells[index(cell)] != kMaskedCell) continue;
        bool alone = lastAlone >= firstQuery && (!causal || begin <= lastAlone);
        const int end = std::min({begin + step, endKey, causal ? endQuery : endKey});
        for (int key = begin; key < end && !alone; ++key) alone = !m_keys.both(key);
        if (alone) cells[index(cell)] = kAloneCell;
    }
}

Result<void> DifferenceAttention::tile(const TileKey& key, std::span<float> out, std::stop_token stop) const {
    std::ranges::fill(out, kMaskedCell);
    const int step = 1 << key.level;
    const auto edge = [&](int tile, int count) {
        return static_cast<int>(
            std::min<std::int64_t>((static_cast<std::int64_t>(tile) * kTileCells) << key.level, count));
    };
    const int firstQuery = edge(key.row, m_info.queries), endQuery = edge(key.row + 1, m_info.queries);
    const KeyRange keys{edge(key.column, m_info.keys), edge(key.column + 1, m_info.keys)};
    const auto columns = columnsIn(keys);
    const auto &paddedA = m_a.source->info().visibility, &paddedB = m_b.source->info().visibility;
    Band band;
    std::vector<double> sums(kTileCells);
    std::vector<int> counts(kTileCells);
    for (int query = firstQuery; query < endQuery; ++query) {
        if ((query - firstQuery) % kBandRows == 0)
            if (auto done = read(query, std::min(kBandRows, endQuery - query), columns, band, stop); !done)
                return done;
        const int cellRow = (query - firstQuery) / step;
        const auto cells = out.subspan(index(cellRow) * kTileCells, kTileCells);
        if ((query - firstQuery) % step == 0) {
            std::ranges::fill(sums, 0.0);
            std::ranges::fill(counts, 0);
        }
        if (!columns.empty() && m_queries.both(query)) {
            const int ownA = m_queries.a[index(query)], ownB = m_queries.b[index(query)];
            const float* a = band.a.data() + index(ownA - band.rowsA.begin) * index(band.keysA.size());
            const float* b = band.b.data() + index(ownB - band.rowsB.begin) * index(band.keysB.size());
            const KeyRange seenA = seen(m_a, m_keyPlacesA, ownA), seenB = seen(m_b, m_keyPlacesB, ownB);
            for (const auto& column : columns) {
                if (!(seenA.contains(column.place) && !paddedA.masked(column.a)) &&
                    !(seenB.contains(column.place) && !paddedB.masked(column.b)))
                    continue;
                const float value = b[column.b - band.keysB.begin] - a[column.a - band.keysA.begin];
                const std::size_t cell = index((column.place - keys.begin) / step);
                if (key.pooling == Pooling::mean) {
                    sums[cell] += static_cast<double>(value);
                    ++counts[cell];
                    cells[cell] = static_cast<float>(sums[cell] / counts[cell]);
                } else if (cells[cell] == kMaskedCell || std::fabs(value) > std::fabs(cells[cell])) {
                    cells[cell] = value;
                }
            }
        }
        if ((query - firstQuery + 1) % step == 0 || query + 1 == endQuery)
            markAlone(firstQuery + cellRow * step, query + 1, keys.begin, keys.end, step, cells);
    }
    return {};
}

}  // namespace attnviz
