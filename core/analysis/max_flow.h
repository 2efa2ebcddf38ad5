// Attention flow: how much could flow from a token of an upper layer down to each input token, if attention
// were the capacity of pipes (Abnar and Zuidema 2020).
//
// Nodes are (layer, token); the capacity from a token to one of the layer below is M_l[query][key] of
// rollout.h: attention and the residual stream in equal parts. For square attention only.
#pragma once

#include <stop_token>
#include <vector>

#include "core/analysis/rollout.h"

namespace attnviz {

// By input token, divided by their sum. Of `options` start layer, layer, heads, how they are combined, and
// what is discarded. Each input token takes a search through the whole graph: refused beyond about 900 tokens
// in 12 layers.
Result<std::vector<double>> maxFlow(const AttentionSource& source, int query,
                                    const RolloutOptions& options = {}, const ProgressSink& progress = {},
                                    std::stop_token stop = {});

}  // namespace attnviz
