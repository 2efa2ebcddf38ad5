// How differently heads look at the same text: the Jensen-Shannon divergence of their rows, mean over rows,
// for every pair of heads or of layers (Clark et al. 2019).
//
// Only rows in which somebody chosen sees two keys or more are compared; rows are taken as distributions
// (they are divided by their sum), and a row that gives nothing at all is left out of its pairs. The square
// root of the mean is a metric that fits into Euclidean space.
#pragma once

#include <cstdint>
#include <stop_token>
#include <vector>

#include "core/attention/attention_source.h"
#include "core/base/progress.h"
#include "core/base/result.h"

namespace attnviz {

// What is compared: one head of a layer, or the mean of several.
struct HeadGroup {
    int layer = 0;
    std::vector<int> heads;
};
std::vector<HeadGroup> singleHeads(const std::vector<int>& layers, const std::vector<int>& heads);
std::vector<HeadGroup> layerMeans(const std::vector<int>& layers, const std::vector<int>& heads);

struct DivergenceOptions {
    // Cells of all pairs together. Above it, evenly spaced rows are compared instead of all, at least 8.
    std::int64_t cells = 1'500'000'000;
};

struct HeadDivergences {
    int groups = 0;
    std::vector<double> values;    // (groups, groups), symmetric, nats; NaN where two have no row in common
    int rows = 0, rowsOfText = 0;  // rows compared, rows that could be

    bool sampled() const { return rows < rowsOfText; }
    double at(int left, int right) const {
        return values[static_cast<std::size_t>(left) * static_cast<std::size_t>(groups) +
                      static_cast<std::size_t>(right)];
    }
};

// Reads the rows once, a block at a time: never more than 64 MB of them. Refused where the matrix of pairs
// does not fit into memory.
Result<HeadDivergences> headDivergences(const AttentionSource& source, const std::vector<HeadGroup>& groups,
                                        const DivergenceOptions& options = {},
                                        const ProgressSink& progress = {}, std::stop_token stop = {});

}  // namespace attnviz
