// Weights by size and weights by distance, of one head, of several, of a layer, of everything: what a pane
// draws of its choice without the whole of the statistics.
#pragma once

#include <stop_token>
#include <vector>

#include "core/analysis/weight_spread.h"
#include "core/attention/attention_source.h"
#include "core/base/progress.h"
#include "core/base/result.h"

namespace attnviz {

struct WeightChoice {
    std::vector<int> layers = {}, heads = {};  // empty: all
};

// The visible cells of the chosen heads, pooled, in bins of equal ratio. Equal to the statistics' own.
Result<WeightHistogram> weightHistogram(const AttentionSource& source, const WeightChoice& choice = {},
                                        const ProgressSink& progress = {}, std::stop_token stop = {});

// By distance d = |query - key|, from 0 to keys - 1, over the visible cells of the chosen heads, pooled.
struct DistanceProfile {
    std::vector<double> weight;   // mean weight; NaN where no visible cell has the distance
    std::vector<double> uniform;  // the same of a head that spreads evenly: mean of 1 / v(query)
    std::vector<double> share;    // of all weight, the part at this distance; sums to 1
    std::vector<double> uniformShare;
};

// An Error for cross attention: between two texts a distance has no meaning.
Result<DistanceProfile> distanceProfile(const AttentionSource& source, const WeightChoice& choice = {},
                                        const ProgressSink& progress = {}, std::stop_token stop = {});

}  // namespace attnviz
