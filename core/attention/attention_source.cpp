#include "core/attention/attention_source.h"

#include <algorithm>

namespace attnviz {

std::string_view attentionKindName(AttentionKind kind) {
    switch (kind) {
        case AttentionKind::encoder:
            return "encoder";
        case AttentionKind::decoder:
            return "decoder";
        case AttentionKind::cross:
            break;
    }
    return "cross";
}

Result<void> AttentionSource::rows(HeadId head, int query, int count, std::span<float> out,
                                   std::stop_token stop) const {
    const auto keys = static_cast<std::size_t>(info().keys);
    for (int i = 0; i < count; ++i) {
        if (stop.stop_requested()) return cancelled();
        row(head, query + i, out.subspan(static_cast<std::size_t>(i) * keys, keys));
    }
    return {};
}

Result<void> AttentionSource::tile(const TileKey& key, std::span<float> out, std::stop_token stop) const {
    return poolTile(*this, key, out, std::move(stop));
}

Result<void> poolTile(const AttentionSource& source, const TileKey& key, std::span<float> out,
                      std::stop_token stop) {
    const AttentionInfo& info = source.info();
    const int step = 1 << key.level;
    std::fill(out.begin(), out.end(), kMaskedCell);
    std::vector<float> row(static_cast<std::size_t>(info.keys));
    std::vector<int> counts(static_cast<std::size_t>(kTileCells));
    const long firstKey = static_cast<long>(key.column) * kTileCells * step;
    for (int cellRow = 0; cellRow < kTileCells; ++cellRow) {
        if (stop.stop_requested()) return cancelled();
        const long firstQuery = (static_cast<long>(key.row) * kTileCells + cellRow) * step;
        if (firstQuery >= info.queries) break;
        float* cells = out.data() + static_cast<std::size_t>(cellRow) * kTileCells;
        std::fill(counts.begin(), counts.end(), 0);
        std::vector<double> sums(key.pooling == Pooling::mean ? kTileCells : 0, 0.0);
        for (long query = firstQuery; query < std::min<long>(firstQuery + step, info.queries); ++query) {
            const KeyRange range = source.visible(key.head.layer, static_cast<int>(query));
            const long begin = std::max<long>(range.begin, firstKey);
            const long end = std::min<long>(range.end, firstKey + static_cast<long>(kTileCells) * step);
            if (begin >= end) continue;
            source.row(key.head, static_cast<int>(query), row);
            for (long k = begin; k < end; ++k) {
                if (info.visibility.masked(static_cast<int>(k))) continue;
                const auto cell = static_cast<std::size_t>((k - firstKey) / step);
                const float weight = row[static_cast<std::size_t>(k)];
                if (key.pooling == Pooling::max)
                    cells[cell] = std::max(cells[cell], weight);
                else
                    sums[cell] += weight;
                ++counts[cell];
            }
        }
        if (key.pooling == Pooling::mean) {
            for (std::size_t cell = 0; cell < sums.size(); ++cell)
                if (counts[cell]) cells[cell] = static_cast<float>(sums[cell] / counts[cell]);
        }
    }
    return {};
}

}  // namespace attnviz
