// What a head is like, in numbers that do not depend on the length of the text: its role scores, its
// normalized row entropy, and how its weight is spread over relative distance.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "core/attention/attention_run.h"
#include "core/base/progress.h"
#include "core/base/result.h"

namespace attnviz {

inline constexpr int kDistanceBins = 10;

struct HeadFeatures {
    std::vector<std::string> names;  // "previous_token", …, "normalized_row_entropy", "distance_0", …
    std::vector<double> values;      // (heads, names); NaN where a head has no such number
};

// Of the heads in the order layer, head. `distance_b` is the share of the head's weight at distances d with
// floor(10 d / keys) = b; cross attention has none. Reads every row of the chosen heads twice.
Result<HeadFeatures> headFeatures(const AttentionRun& run, const AttentionSource& source,
                                  const std::vector<int>& layers, const std::vector<int>& heads,
                                  const ProgressSink& progress = {}, std::stop_token stop = {});

}  // namespace attnviz
