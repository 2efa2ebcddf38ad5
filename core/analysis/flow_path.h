// Flow through layers: what part of tokens of an upper layer comes from each token of each layer below.
//
// shares[c][token] for the boundaries between layers, from what enters the first layer (0) up to the start.
// s_(l-1)[key] = sum_query s_l[query] W_l[query][key], W_l being the kept links of each row, made to sum to
// one; or, for a rollout, all of M_l = rownorm(mean_h A_l + I) (Abnar and Zuidema 2020), so that shares[0] is
// the rollout's row. What reaches a row that keeps nothing ends there. For square attention only.
#pragma once

#include <map>
#include <stop_token>
#include <vector>

#include "core/analysis/flow.h"

namespace attnviz {

struct FlowPathOptions {
    int firstLayer = 0, lastLayer = -1;          // up to and with; -1: the last that is ready
    std::map<int, std::vector<int>> heads = {};  // by layer, ascending; of a layer that is not named: all
    std::vector<int> start = {};                 // queries of the last layer, in equal shares; not empty
    LinkOptions keep = {};                       // which links; layers and heads are those above
};

// The same options with what is left open filled in; an Error where the source or the layers allow no path.
Result<FlowPathOptions> checkedFlowPath(const AttentionSource& source, FlowPathOptions options);

// Only rows that the start draws from are read, blocks of them in parallel; the same numbers every time.
Result<std::vector<std::vector<double>>> flowShares(const AttentionSource& source,
                                                    const FlowPathOptions& options,
                                                    const ProgressSink& progress = {},
                                                    std::stop_token stop = {});

}  // namespace attnviz
