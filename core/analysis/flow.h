// Flow inside a layer: which keys receive, which queries are focused, and the links that a Sankey draws.
//
// Incoming is the column sum, mean over heads; the Python library's hubs are its three largest, ascending.
// Early tokens of a causal model win that by the mask alone, so the corrected numbers are the incoming share
// (incoming divided by the number of queries that can see the key) and the focus of a query (1 - normalized
// row entropy). What is undefined (a padded key, a query that sees fewer than two keys) is NaN and ranked
// nowhere.
#pragma once

#include <functional>
#include <span>
#include <stop_token>
#include <vector>

#include "core/attention/attention_source.h"
#include "core/base/progress.h"

namespace attnviz {

inline constexpr int kHubs = 3;

struct LayerFlow {
    int layer = 0;
    std::vector<double> incoming, incomingShare;  // by key
    std::vector<double> focus;                    // by query
    std::vector<int> globalHubs;                  // keys of the largest incoming, the largest last
    std::vector<int> hubs;                        // keys of the largest incoming share, the largest first
    std::vector<int> focused;                     // the most focused queries, the most focused first
};

// From the summaries of the chosen heads (empty: all); reads no row. `layer` and `heads` are in range.
LayerFlow layerFlow(const AttentionSource& source, int layer, const std::vector<int>& heads = {});

struct FlowLink {
    int layer = 0, query = 0, key = 0;
    double weight = 0;  // mean over the heads
};

// Of each row the largest weights: at most `perRow`, none below `atLeast`, and no more than it takes to reach
// the share `mass` of the row. Of equal weights the earlier key is kept. Zero is no link.
struct LinkOptions {
    std::vector<int> layers = {}, heads = {};  // empty: all
    int perRow = 3;
    double atLeast = 0;
    double mass = 1;
    // Half of each row is the residual stream: of rownorm(A + I), as a rollout has it (square attention
    // only).
    bool residual = false;
};

// In the order layer, query, weight (largest first).
Result<std::vector<FlowLink>> flowLinks(const AttentionSource& source, const LinkOptions& options = {},
                                        const ProgressSink& progress = {}, std::stop_token stop = {});

// A row as the links are taken from it: changed in place where the residual is asked for.
struct FlowRow {
    std::span<const double> weights;  // by key
    std::span<const int> kept;        // keys, the largest weight first
    double sum = 0, keptSum = 0;
};

// Visits the rows of the given queries (ascending; empty: all) of one layer in order; `options.layers` is not
// looked at. A row lives for the call only.
Result<void> eachFlowRow(const AttentionSource& source, int layer, std::span<const int> queries,
                         const LinkOptions& options, std::stop_token stop,
                         const std::function<void(int query, const FlowRow& row)>& visit);

}  // namespace attnviz
