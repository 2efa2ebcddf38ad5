// The summary of a run: the Python library's numbers by layer, and its key findings.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/analysis/positional.h"
#include "core/analysis/statistics.h"

namespace attnviz {

struct AttentionSummary {
    AttentionStatistics statistics;
    std::optional<Positions> positions;  // absent for cross attention
    // Layer numbers. Ties go to the lowest layer.
    int highestEntropyLayer = 0, lowestEntropyLayer = 0, sparsestLayer = 0, densestLayer = 0;
    std::string predominantPattern;  // the most frequent; ties go to the one whose first layer is lowest
};

// `layers` empty: all.
Result<AttentionSummary> summarise(const AttentionSource& source, const std::vector<int>& layers,
                                   const ProgressSink& progress = {}, std::stop_token stop = {});

}  // namespace attnviz
