// A head's map pooled to at most 64 x 64 cells, mean and max: always resident, for thumbnails and the
// minimap.
//
// Overview cell (r, c) covers the queries [r N / R, (r + 1) N / R) and the keys alike. Masked cells count for
// neither; a cell with nothing visible is kMaskedCell, which is drawn as masked ground.
#pragma once

#include <span>
#include <vector>

#include "core/attention/visibility.h"

namespace attnviz {

inline constexpr int kOverviewCells = 64;
// Below every weight, and below every difference of two.
inline constexpr float kMaskedCell = -2.0F;

struct Overview {
    int rows = 0, columns = 0;
    std::vector<float> mean, max;  // (rows, columns), row-major

    float meanAt(int row, int column) const { return mean[static_cast<std::size_t>(row) * columns + column]; }
    float maxAt(int row, int column) const { return max[static_cast<std::size_t>(row) * columns + column]; }
};

// Fills an overview row by row, in any order of rows, while they are hot.
class OverviewBuilder {
 public:
    OverviewBuilder(int queries, int keys);
    // `weights` are those of the keys of `range`; its length is range.size().
    void addRow(int query, KeyRange range, std::span<const float> weights, const Visibility& visibility);
    Overview finish() const;

 private:
    int m_queries, m_keys, m_rows, m_columns;
    std::vector<int> m_columnOf;   // by key
    std::vector<int> m_columnEnd;  // by column: the key behind its last
    std::vector<double> m_sum;
    std::vector<float> m_max;
    std::vector<int> m_count;
};

}  // namespace attnviz
