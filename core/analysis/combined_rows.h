// Rows of a layer with its heads combined: what rollout multiplies and flow draws.
#pragma once

#include <functional>
#include <span>
#include <stop_token>
#include <vector>

#include "core/attention/filter_settings.h"

namespace attnviz {

// Calls `visit(query, row)` for the queries [begin, end) in order; `row` has info().keys weights, cells that
// the query may not see are 0. `heads` are in range and not empty. Holds a block of about a quarter of a
// megabyte.
Result<void> eachCombinedRow(const AttentionSource& source, int layer, std::span<const int> heads,
                             HeadCombine combine, int begin, int end, std::stop_token stop,
                             const std::function<void(int query, std::span<double> row)>& visit);

}  // namespace attnviz
