// The numbers of attention weights: those of the Python library that many users come from, and the corrected
// ones.
//
// A block is a head, a layer, or everything chosen. Compatible numbers count every cell, masked ones too.
// Corrected numbers count visible cells only: outside the visible range and on padded keys there is none. A
// padded query is a row like any other; a row that sees nothing at all is left out. What is undefined is NaN.
#pragma once

#include "core/analysis/weight_spread.h"
#include "core/attention/attention_source.h"
#include "core/base/progress.h"

namespace attnviz {

struct CompatibleNumbers {
    double mean = 0;
    double deviation = 0;  // population standard deviation
    double entropy = 0;    // nats, of the flattened block: x' = x + 1e-12, p = x' / sum(x'), -sum p ln p
    double sparsity = 0;   // share of cells below 0.01
    double max = 0, min = 0;
};

struct CorrectedNumbers {
    double rowEntropy = 0;            // mean over rows of H_i = -sum_j A_ij ln A_ij, nats
    double normalizedRowEntropy = 0;  // mean of H_i / ln v(i) over rows with v(i) >= 2
    double effectiveTokens = 0;       // mean of exp(H_i)
    double visibleSparsity = 0;       // share of visible cells below the threshold
    double minVisible = 0;
    double meanDistance = 0;   // mean_i sum_j A_ij |i - j|; NaN for cross attention
    WeightSpread spread;       // of the visible cells, pooled
    bool approximate = false;  // spread is from a histogram of 65,536 bins
};

struct BlockStatistics {
    CompatibleNumbers compatible;
    CorrectedNumbers corrected;
    WeightHistogram histogram;
};

struct AttentionStatistics {
    std::vector<int> layers, heads;  // the chosen ones
    BlockStatistics overall;
    std::vector<BlockStatistics> layerBlocks;  // by chosen layer
    std::vector<BlockStatistics> headBlocks;   // (chosen layer, chosen head)

    const BlockStatistics& head(std::size_t layer, std::size_t head) const {
        return headBlocks[layer * heads.size() + head];
    }
};

struct StatisticsOptions {
    std::vector<int> layers = {}, heads = {};  // in range; empty: all
    double sparseBelow = 0.01;                 // of the corrected sparsity
    // Blocks of more visible cells get their spread from a histogram.
    std::int64_t exactCells = std::int64_t{1} << 24;
};

// One pass over the rows, layers in parallel. Memory: the visible cells of a layer twice, four bytes each,
// where they are at most `exactCells`, a thread.
Result<AttentionStatistics> attentionStatistics(const AttentionSource& source,
                                                const StatisticsOptions& options = {},
                                                const ProgressSink& progress = {}, std::stop_token stop = {});

}  // namespace attnviz
