// Attention rollout: where a token of an upper layer draws from in the input, if attention and the residual
// stream share evenly (Abnar and Zuidema 2020).
//
// M_l = rownorm(combined A_l + I); R_start = M_start, R_l = M_l R_(l-1). For square attention only.
#pragma once

#include <stop_token>
#include <vector>

#include "core/attention/attention_run.h"
#include "core/attention/filter_settings.h"
#include "core/base/progress.h"

namespace attnviz {

struct RolloutOptions {
    int startLayer = 0;
    int layer = -1;                           // up to and with this one; -1: the last that is ready
    std::vector<int> heads = {};              // empty: all
    HeadCombine combine = HeadCombine::mean;  // mean, max or min
    double discard = 0;  // fraction of each row's visible keys, lowest first, never key 0
};

// R of the layer, (query, key). Takes three matrices of float32; refused where memory does not hold them,
// with the advice to ask for rows.
Result<FloatMatrix> rollout(const AttentionSource& source, const RolloutOptions& options = {},
                            const ProgressSink& progress = {}, std::stop_token stop = {});

// One row of it, without any matrix: each layer's rows are read once.
Result<std::vector<double>> rolloutRow(const AttentionSource& source, int query,
                                       const RolloutOptions& options = {}, const ProgressSink& progress = {},
                                       std::stop_token stop = {});

// The sum of all rows, each times the share of its query: rolloutRow of several tokens at once, in the same
// pass.
Result<std::vector<double>> rolloutOf(const AttentionSource& source, std::vector<double> queryShares,
                                      const RolloutOptions& options = {}, const ProgressSink& progress = {},
                                      std::stop_token stop = {});

}  // namespace attnviz
