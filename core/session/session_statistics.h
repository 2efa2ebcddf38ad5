// The `statistics` of a session: the compatible numbers that the Python library writes, per layer and over
// all.
#pragma once

#include <stop_token>
#include <vector>

#include "core/attention/attention_source.h"
#include "core/base/result.h"

namespace attnviz {

struct CompatibleStatistics {
    double mean = 0, deviation = 0, entropy = 0, sparsity = 0, max = 0, min = 0;
};
struct SessionStatistics {
    std::vector<CompatibleStatistics> layers;
    CompatibleStatistics overall;
};

Result<SessionStatistics> sessionStatistics(const AttentionSource& source, std::stop_token stop);

}  // namespace attnviz
