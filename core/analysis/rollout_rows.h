// The rows that rollout multiplies and attention flow takes as capacities: M_l = rownorm(combined A_l + I).
#pragma once

#include <functional>
#include <span>
#include <stop_token>

#include "core/analysis/rollout.h"

namespace attnviz {

// The options with layer and heads filled in; an Error for cross attention, or where the start is above the
// end.
Result<RolloutOptions> checkedRollout(const AttentionSource& source, RolloutOptions options);

// Calls `visit(query, row)` for the queries [begin, end) of M in order; each row sums to 1. Of checked
// options.
Result<void> eachMixedRow(const AttentionSource& source, int layer, const RolloutOptions& options, int begin,
                          int end, const std::stop_token& stop,
                          const std::function<void(int query, std::span<double> row)>& visit);

}  // namespace attnviz
