// Sinks: keys that most attention drains to, whatever is asked of them.
//
// A key is a sink of a layer where its incoming share (mean over heads) is over 0.3 and over 3 times its
// uniform expectation, the mean over seeing queries of 1 / v(i); both without the diagonal, and only for keys
// that at least max(4, N / 4) queries see. The sinks of a run are those found in at least a quarter of its
// layers.
#pragma once

#include <stop_token>
#include <vector>

#include "core/attention/attention_source.h"
#include "core/base/result.h"

namespace attnviz {

struct SinkShare {
    double share = 0, expectation = 0;
    bool sink = false;
};

// One layer, by key; keys that too few queries see are no sinks. Cross attention has no diagonal to leave
// out.
std::vector<SinkShare> sinkShares(const AttentionSource& source, int layer);

// Keys that are sinks in at least a quarter of the layers that are ready, ascending.
Result<std::vector<int>> sinksOf(const AttentionSource& source, std::stop_token stop = {});

}  // namespace attnviz
