// The numbers of one head that are taken while its rows are hot: what colours the Heads map at once, without
// a pass.
//
// Definitions are those of the corrected statistics: masked cells are left out, and so are rows that see
// nothing (padding before the text of a causal model), entropies in nats, sums in float64.
#pragma once

#include <span>
#include <vector>

#include "core/attention/row_kernels.h"
#include "core/attention/visibility.h"

namespace attnviz {

struct HeadSummary {
    double rowEntropy = 0;  // mean over rows of H_i = -sum_j A_ij ln A_ij
    double normalizedRowEntropy =
        0;                       // mean of H_i / ln v(i) over rows with v(i) >= 2; NaN where there is none
    double effectiveTokens = 0;  // mean of exp(H_i)
    double maxWeight = 0;
    double meanDistance = 0;          // mean_i sum_j A_ij |i - j|; NaN for cross attention
    double firstToken = 0;            // mean of A_i0 over rows i >= 1; NaN without one
    double previousToken = 0;         // mean of A_i,i-1 over rows i >= 1
    double selfWeight = 0;            // mean of A_ii over rows i >= 1
    double visibleSparsity = 0;       // share of visible cells below 0.01
    std::vector<float> rowEntropies;  // H_i by query
    std::vector<float> incoming;      // sum_i A_ij by key
};

class HeadSummaryBuilder {
 public:
    // `square`: queries and keys are the same tokens (not cross attention), so that distance has a meaning.
    HeadSummaryBuilder(int queries, int keys, bool square);
    void addRow(int layer, int query, KeyRange range, std::span<const float> weights,
                const Visibility& visibility);
    // The same where the row's softmax has told its moments: quick, no logarithm is taken again.
    void addRow(int layer, int query, KeyRange range, std::span<const float> weights,
                const Visibility& visibility, const RowMoments& moments);
    HeadSummary finish() const;

 private:
    void addMoments(int layer, int query, KeyRange range, std::span<const float> weights,
                    const Visibility& visibility, const RowMoments& moments);

    bool m_square;
    HeadSummary m_partial;
    double m_normalized = 0, m_distance = 0, m_first = 0, m_previous = 0, m_self = 0, m_entropy = 0,
           m_effective = 0;
    double m_cells = 0, m_sparseCells = 0;
    int m_rows = 0, m_normalizedRows = 0, m_laterRows = 0;
    std::vector<double> m_incoming;
};

}  // namespace attnviz
