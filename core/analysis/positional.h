// Where attention goes by position: near, middling, far, first token, last token, and its mean distance.
//
// Compatible shares are those of the Python library: |i - j| <= 1 local, 2 to 3 medium, above 3 global, each
// over their total. Corrected: the mean distance, and the profile of weights by distance beside that of a
// uniform head. The thresholds can be set. For square attention only: between two texts a distance has no
// meaning.
#pragma once

#include <stop_token>
#include <string_view>
#include <vector>

#include "core/attention/attention_source.h"
#include "core/base/progress.h"
#include "core/base/result.h"

namespace attnviz {

struct PositionalOptions {
    std::vector<int> layers, heads;  // empty: all
    int localUpTo = 1, mediumUpTo = 3;
};

struct HeadPositions {
    double local = 0, medium = 0, global = 0;  // shares of the head's weight
    double firstToken = 0, lastToken = 0;      // mean of the first and of the last column
    double meanDistance = 0;                   // mean_i sum_j A_ij |i - j|, rows that see a key
    // Mean weight of the visible cells at a distance, and what a head that spreads evenly has there: mean of
    // 1 / v(i). Distances that no visible cell has are NaN.
    std::vector<double> weightByDistance, uniformByDistance;
};

struct LayerPositions {
    double local = 0, medium = 0, global = 0;  // means over the layer's heads
    std::string_view pattern() const;          // "local", "global", "medium-range", "mixed"
};

struct Positions {
    std::vector<int> layers, heads;
    std::vector<LayerPositions> layerPositions;
    std::vector<HeadPositions> headPositions;  // (chosen layer, chosen head)

    const HeadPositions& head(std::size_t layer, std::size_t head) const {
        return headPositions[layer * heads.size() + head];
    }
};

// An Error for cross attention.
Result<Positions> positionalAttention(const AttentionSource& source, const PositionalOptions& options = {},
                                      const ProgressSink& progress = {}, std::stop_token stop = {});

}  // namespace attnviz
