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

Result<void> AttentionSource::block(HeadId head, int query, int count, KeyRange keys, std::span<float> out,
                                    std::stop_token stop) const {
    const auto width = static_cast<std::size_t>(keys.size());
    constexpr int kBlockRows = 16;
    const auto all = static_cast<std::size_t>(info().keys);
    std::vector<float> whole(static_cast<std::size_t>(std::min(count, kBlockRows)) * all);
    for (int first = 0; first < count; first += kBlockRows) {
        const int here = std::min(kBlockRows, count - first);
        if (auto done = rows(head, query + first, here, whole, stop); !done) return done;
        for (int row = 0; row < here; ++row)
            std::copy_n(
                whole.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(row) * all) + keys.begin,
                width,
                out.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(first + row) * width));
    }
    return {};
}

Result<void> AttentionSource::tile(const TileKey& key, std::span<float> out, std::stop_token stop) const {
    return poolTile(*this, key, out, std::move(stop));
}

Result<void> poolTile(const AttentionSource& source, const TileKey& key, std::span<float> out,
                      std::stop_token stop) {
    constexpr int kBlockRows = 16;
    TilePooler pooler(source.info(), key, out);
    const KeyRange keys = pooler.keys();
    const auto width = static_cast<std::size_t>(keys.size());
    if (width == 0) return {};
    std::vector<float> block(kBlockRows * width);
    for (int first = pooler.firstQuery(); first < pooler.lastQuery(); first += kBlockRows) {
        if (stop.stop_requested()) return cancelled();
        const int count = std::min(kBlockRows, pooler.lastQuery() - first);
        if (auto done = source.block(key.head, first, count, keys, block, stop); !done) return done;
        for (int query = first; query < first + count; ++query)
            pooler.addRowOf(query, std::span<const float>(block).subspan(
                                       static_cast<std::size_t>(query - first) * width, width));
    }
    return {};
}

}  // namespace attnviz
