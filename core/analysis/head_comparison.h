// One head of each side over all tokens of both: the largest changes, the largest weight, and how alike they
// are, from one pass over the rows. Some rows are held at a time, never a map.
#pragma once

#include <cstdint>
#include <stop_token>
#include <vector>

#include "core/analysis/difference.h"
#include "core/attention/overview.h"

namespace attnviz {

struct HeadChange {
    int query = 0, key = 0;  // places on the joint axes (jointAxis of the alignment)
    float left = 0, right = 0;
    float change() const { return right - left; }
};

struct HeadComparison {
    HeadDifference measure;           // named by the left head
    std::vector<HeadChange> changes;  // largest first, then by query and key; never 0
    std::int64_t alignedCells = 0;    // of aligned tokens, that a query of either side may see
    double largestWeight = 0;         // of both sides, tokens without a partner too
    // B - A over the joint axes: its `max` keeps what is farthest from zero of each square of overviewStep,
    // kMaskedCell where there is no aligned cell.
    Overview overview;
};

// `most` changes are kept. Both layers are ready.
Result<HeadComparison> compareHeads(const AttentionSource& left, HeadId leftHead,
                                    const AttentionSource& right, HeadId rightHead,
                                    const RunAlignment& alignment, std::size_t most,
                                    const ProgressSink& progress = {}, std::stop_token stop = {});

}  // namespace attnviz
