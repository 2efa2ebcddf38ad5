// The weights of a page: which cells it holds, pooled as far as it must be, packed for a browser to inflate.
//
// Only visible cells are stored: a causal map takes half. A cell with nothing visible inside a stored range
// is -1.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "core/attention/attention_source.h"

namespace attnviz {

// How one source goes into the page.
struct PageMap {
    std::shared_ptr<const AttentionSource> source;
    int pool = 1;  // a cell is the largest of pool x pool weights
    int rows = 0, columns = 0;
    bool half = false;
    std::vector<std::vector<KeyRange>> shapes;  // the visible columns of each row; layers mostly share one
    std::vector<int> shapeOf;                   // by layer

    std::int64_t cells() const;  // stored ones, of all layers and heads
};

inline constexpr int kPageCells = 1024;                     // a side
inline constexpr std::int64_t kPageExactBytes = 1'500'000;  // float32 up to here
inline constexpr std::int64_t kPageBytes = std::int64_t{48}
                                           << 20U;  // float16, before compression; pooled above

// Exact where it fits; otherwise the largest maps are pooled until all do. Refused, with advice, where even
// maps of 32 cells a side do not fit. `half`: float16 even where float32 would fit.
Result<std::vector<PageMap>> planPage(const std::vector<std::shared_ptr<const AttentionSource>>& sources,
                                      bool half);

// One head's cells, row-major (rows, columns); -1 where nothing is visible. A side has ceil(size / pool)
// cells.
Result<std::vector<float>> pooledHead(const AttentionSource& source, HeadId head, int pool,
                                      std::stop_token stop);

// A layer's stored cells, (head, cell) in the order of its shape: all first bytes, then all second bytes, …,
// as one zlib stream, in base64. Planes of bytes compress better than numbers.
Result<std::string> packLayer(const PageMap& map, int layer, std::stop_token stop);

std::string base64(std::string_view bytes);

}  // namespace attnviz
