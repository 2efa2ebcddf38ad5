#include "core/exporting/page_maps.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "core/base/base64.h"
#include "core/base/half.h"
#include "core/base/readable.h"

namespace attnviz {
namespace {

// What a masked cell is in the page: its script takes every negative number as one.
constexpr float kPageMasked = -1.0F;

constexpr int kLeastCells = 32;
constexpr double kHalfLimit = 65504.0;

int pooledSize(int size, int pool) {
    return (size + pool - 1) / pool;
}

std::vector<KeyRange> shapeOfLayer(const AttentionSource& source, int layer, int pool) {
    const AttentionInfo& info = source.info();
    std::vector<KeyRange> shape;
    for (int first = 0; first < info.queries; first += pool) {
        KeyRange range{info.keys, 0};
        for (int query = first; query < std::min(first + pool, info.queries); ++query) {
            const KeyRange keys = source.visible(layer, query);
            if (keys.size() == 0) continue;
            range.begin = std::min(range.begin, keys.begin);
            range.end = std::max(range.end, keys.end);
        }
        if (range.begin >= range.end) range = {0, 0};
        shape.push_back({range.begin / pool, pooledSize(range.end, pool)});
    }
    return shape;
}

PageMap mapAt(std::shared_ptr<const AttentionSource> source, int pool) {
    PageMap map;
    map.pool = pool;
    map.rows = pooledSize(source->info().queries, pool);
    map.columns = pooledSize(source->info().keys, pool);
    for (int layer = 0; layer < source->info().layers; ++layer) {
        auto shape = shapeOfLayer(*source, layer, pool);
        const auto known = std::find(map.shapes.begin(), map.shapes.end(), shape);
        map.shapeOf.push_back(static_cast<int>(known - map.shapes.begin()));
        if (known == map.shapes.end()) map.shapes.push_back(std::move(shape));
    }
    map.source = std::move(source);
    return map;
}

bool beyondHalf(const AttentionSource& source) {
    for (int layer = 0; layer < source.info().layers; ++layer)
        for (int head = 0; head < source.info().heads; ++head)
            if (source.summary({layer, head}).maxWeight > kHalfLimit) return true;
    return false;
}

std::int64_t allCells(const std::vector<PageMap>& maps) {
    std::int64_t total = 0;
    for (const auto& map : maps) total += map.cells();
    return total;
}

}  // namespace

std::int64_t PageMap::cells() const {
    std::int64_t total = 0;
    for (const int shape : shapeOf)
        for (const KeyRange& range : shapes[static_cast<std::size_t>(shape)]) total += range.size();
    return total * source->info().heads;
}

Result<std::vector<PageMap>> planPage(const std::vector<std::shared_ptr<const AttentionSource>>& sources,
                                      bool half) {
    std::vector<PageMap> maps;
    for (const auto& source : sources) {
        int pool = 1;
        while (std::max(pooledSize(source->info().queries, pool), pooledSize(source->info().keys, pool)) >
               kPageCells)
            pool *= 2;
        maps.push_back(mapAt(source, pool));
    }
    while (2 * allCells(maps) > kPageBytes) {
        auto& largest = *std::max_element(
            maps.begin(), maps.end(),
            [](const PageMap& one, const PageMap& other) { return one.cells() < other.cells(); });
        if (std::max(largest.rows, largest.columns) <= kLeastCells) {
            const AttentionInfo& info = largest.source->info();
            return unsupported(std::to_string(info.layers) + " layers of " + std::to_string(info.heads) +
                                   " heads do not fit into one page, which holds " +
                                   readableBytes(kPageBytes),
                               {}, "Choose fewer layers or heads, or save a session instead.");
        }
        largest = mapAt(largest.source, largest.pool * 2);
    }
    const bool small = 4 * allCells(maps) <= kPageExactBytes;
    for (auto& map : maps) map.half = (half || !small) && !beyondHalf(*map.source);
    return maps;
}

Result<std::vector<float>> pooledHead(const AttentionSource& source, HeadId head, int pool,
                                      std::stop_token stop) {
    const AttentionInfo& info = source.info();
    const auto keys = static_cast<std::size_t>(info.keys);
    const auto columns = static_cast<std::size_t>(pooledSize(info.keys, pool));
    std::vector<float> cells(static_cast<std::size_t>(pooledSize(info.queries, pool)) * columns, kPageMasked);
    // A band of whole pools, of about a quarter of a million weights, at a time.
    const int band = std::max(1, static_cast<int>(262'144 / std::max<std::size_t>(keys, 1) / pool)) * pool;
    std::vector<float> rows(static_cast<std::size_t>(std::min(band, info.queries)) * keys);
    for (int first = 0; first < info.queries; first += band) {
        if (stop.stop_requested()) return cancelled();
        const int count = std::min(band, info.queries - first);
        const std::span<float> part(rows.data(), static_cast<std::size_t>(count) * keys);
        if (auto done = source.rows(head, first, count, part, stop); !done) return done.error();
        for (int i = 0; i < count; ++i) {
            const KeyRange range = source.visible(head.layer, first + i);
            const float* weights = part.data() + static_cast<std::size_t>(i) * keys;
            float* line = cells.data() + static_cast<std::size_t>((first + i) / pool) * columns;
            for (int key = range.begin; key < range.end; ++key) {
                if (info.visibility.masked(key)) continue;
                line[key / pool] = std::max(line[key / pool], weights[key]);
            }
        }
    }
    return cells;
}

Result<std::string> packLayer(const PageMap& map, int layer, std::stop_token stop) {
    const auto& shape = map.shapes[static_cast<std::size_t>(map.shapeOf[static_cast<std::size_t>(layer)])];
    std::vector<float> kept;
    for (int head = 0; head < map.source->info().heads; ++head) {
        const auto cells = pooledHead(*map.source, {layer, head}, map.pool, stop);
        if (!cells) return cells.error();
        for (int row = 0; row < map.rows; ++row) {
            const KeyRange range = shape[static_cast<std::size_t>(row)];
            const auto begin = cells->begin() + static_cast<std::ptrdiff_t>(row) * map.columns;
            kept.insert(kept.end(), begin + range.begin, begin + range.end);
        }
    }
    const std::size_t width = map.half ? 2 : 4;
    std::string planes(kept.size() * width, '\0');
    for (std::size_t i = 0; i < kept.size(); ++i) {
        std::uint32_t bits = 0;
        if (map.half)
            bits = halfFromFloat(kept[i]);
        else
            std::memcpy(&bits, &kept[i], sizeof bits);
        for (std::size_t plane = 0; plane < width; ++plane)
            planes[plane * kept.size() + i] = static_cast<char>(bits >> (8 * plane) & 0xFFU);
    }
    uLongf size = compressBound(planes.size());
    std::string packed(size, '\0');
    if (compress2(reinterpret_cast<Bytef*>(packed.data()), &size,
                  reinterpret_cast<const Bytef*>(planes.data()), planes.size(), 9) != Z_OK) {
        return outOfMemory("not enough memory to compress a layer", {}, "Choose fewer layers or heads.");
    }
    packed.resize(size);
    return base64(packed);
}

std::string base64(std::string_view bytes) {
    std::string text;
    appendBase64(std::as_bytes(std::span(bytes)), text);
    return text;
}

}  // namespace attnviz
