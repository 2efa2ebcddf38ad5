#include "core/attention/overview.h"

#include <algorithm>

#include "core/attention/row_kernels.h"

namespace attnviz {
namespace {

// The cell that holds element `index` of `count`, such that cell c covers [c count / cells, (c + 1) count /
// cells).
int cellOf(int index, int count, int cells) {
    return static_cast<int>(((static_cast<long>(index) + 1) * cells - 1) / count);
}

}  // namespace

OverviewBuilder::OverviewBuilder(int queries, int keys)
    : m_queries(queries),
      m_keys(keys),
      m_rows(std::min(queries, kOverviewCells)),
      m_columns(std::min(keys, kOverviewCells)) {
    m_columnOf.resize(static_cast<std::size_t>(keys));
    m_columnEnd.assign(static_cast<std::size_t>(m_columns), 0);
    for (int key = 0; key < keys; ++key) {
        const int column = cellOf(key, keys, m_columns);
        m_columnOf[static_cast<std::size_t>(key)] = column;
        m_columnEnd[static_cast<std::size_t>(column)] = key + 1;
    }
    const auto cells = static_cast<std::size_t>(m_rows) * static_cast<std::size_t>(m_columns);
    m_sum.assign(cells, 0);
    m_max.assign(cells, kMaskedCell);
    m_count.assign(cells, 0);
}

void OverviewBuilder::addRow(int query, KeyRange range, std::span<const float> weights,
                             const Visibility& visibility) {
    const std::size_t base = static_cast<std::size_t>(cellOf(query, m_queries, m_rows)) * m_columns;
    const bool padded = !visibility.maskedKeys().empty();
    for (int key = range.begin; key < range.end;) {
        const int column = m_columnOf[static_cast<std::size_t>(key)];
        const int end = std::min(range.end, m_columnEnd[static_cast<std::size_t>(column)]);
        const std::size_t cell = base + static_cast<std::size_t>(column);
        if (!padded) {
            const auto run = sumAndMax(weights.subspan(static_cast<std::size_t>(key - range.begin),
                                                       static_cast<std::size_t>(end - key)));
            m_sum[cell] += run.sum;
            m_max[cell] = std::max(m_max[cell], run.max);
            m_count[cell] += end - key;
            key = end;
            continue;
        }
        for (; key < end; ++key) {
            if (visibility.masked(key)) continue;
            const float weight = weights[static_cast<std::size_t>(key - range.begin)];
            m_sum[cell] += weight;
            m_max[cell] = std::max(m_max[cell], weight);
            ++m_count[cell];
        }
    }
}

Overview OverviewBuilder::finish() const {
    Overview overview{m_rows, m_columns, {}, m_max};
    overview.mean.resize(m_sum.size());
    for (std::size_t cell = 0; cell < m_sum.size(); ++cell)
        overview.mean[cell] = m_count[cell] ? static_cast<float>(m_sum[cell] / m_count[cell]) : kMaskedCell;
    return overview;
}

}  // namespace attnviz
