#include "core/attention/attention_source.h"

#include <algorithm>

#include "core/attention/tile_pooler.h"

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
    constexpr int kBlockRows = 16;
    const AttentionInfo& info = source.info();
    TilePooler pooler(info, key, out);
    std::vector<float> rows(static_cast<std::size_t>(kBlockRows) * static_cast<std::size_t>(info.keys));
    for (int query = pooler.firstQuery(), cellRow = 0; query < pooler.lastQuery(); ++cellRow) {
        const int end = std::min(query + pooler.step(), pooler.lastQuery());
        while (query < end) {
            if (stop.stop_requested()) return cancelled();
            const int count = std::min(kBlockRows, end - query);
            if (auto done = source.rows(key.head, query, count, rows, stop); !done) return done;
            for (int row = 0; row < count; ++row) {
                const KeyRange range = pooler.visible(query + row);
                if (range.size() == 0) continue;
                const auto offset = static_cast<std::size_t>(row) * static_cast<std::size_t>(info.keys);
                pooler.addRow(query + row, std::span<const float>(rows).subspan(
                                               offset + static_cast<std::size_t>(range.begin),
                                               static_cast<std::size_t>(range.size())));
            }
            query += count;
        }
        pooler.endCellRow(cellRow);
    }
    return {};
}

}  // namespace attnviz
