// What a picture of flow is made of: columns of tokens, and the links between neighbouring columns.
//
// Of a long text only the tokens that matter most are nodes; the others are one node a column, so that what
// flows is never lost without a word. Hidden and padded keys are no tokens here, unless a path starts there.
// Pure data: where things stand is the layout's to say (sankey_layout.h).
#pragma once

#include <stop_token>
#include <vector>

#include "core/analysis/flow_path.h"

namespace attnviz {

enum class FlowKind {
    links,    // each layer by itself: a link is as wide as its weight
    path,     // from a start down, by the kept links: a link is as wide as what flows
    rollout,  // the same with the residual stream, by all weights; only the kept links are drawn
};

struct SankeyOptions {
    FlowKind kind = FlowKind::links;
    FlowPathOptions path = {};  // layers, heads, links; the start unless the kind is links
    int mostTokens = 64;        // more are folded
};

struct SankeyNode {
    int column = 0;    // 0: what enters the first layer; c: what layer first + c - 1 gives
    int token = -1;    // -1: the others together
    double share = 0;  // that flows through it; of links: the larger of what comes in and what goes out
};

struct SankeyLink {
    int lower = 0, upper = 0;  // nodes; the upper one is the query, one column higher
    double weight = 0;         // mean over heads; of the others their sum. NaN from the others
    double value = 0;          // what flows; 0: kept, but not on the path
};

struct SankeyGraph {
    FlowKind kind = FlowKind::links;
    int firstLayer = 0, columns = 0;
    std::vector<SankeyNode> nodes;  // by column, then token; the others last
    std::vector<SankeyLink> links;  // by upper column, upper node, lower node
    std::vector<int> tokens;        // those that are nodes, ascending (of one layer: its keys)
    std::vector<int> queries;       // of the upper column; the same but for one layer
    int leftOutKeys = 0, leftOutQueries = 0;
    double keptShare = 0;  // of the weight of the rows that were read
    double ended = 0;      // of a path: share that reached rows that keep nothing
};

// Square attention. The tokens are, of a path or rollout, those with most share in all columns together (a
// start of a few always), else those with the largest mean incoming share.
Result<SankeyGraph> sankeyGraph(const AttentionSource& source, const SankeyOptions& options,
                                const ProgressSink& progress = {}, std::stop_token stop = {});

// One layer of any source, cross attention too: keys in column 0, queries in column 1. `queries` are asked
// for (empty: all; of too many, those that are most focused); keys with most incoming share, and those that
// the asked queries keep. Links below the k strongest of a query are not there.
struct BipartiteOptions {
    int layer = 0;
    LinkOptions keep = {};  // heads are these; layers are not looked at
    std::vector<int> queries = {};
    int mostTokens = 64;
};
Result<SankeyGraph> bipartiteGraph(const AttentionSource& source, const BipartiteOptions& options,
                                   std::stop_token stop = {});

}  // namespace attnviz
