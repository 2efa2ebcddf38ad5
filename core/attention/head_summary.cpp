#include "core/attention/head_summary.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace attnviz {

namespace {
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
}  // namespace

HeadSummaryBuilder::HeadSummaryBuilder(int queries, int keys, bool square) : m_square(square) {
    m_partial.rowEntropies.assign(static_cast<std::size_t>(queries), 0.0F);
    m_incoming.assign(static_cast<std::size_t>(keys), 0.0);
}

void HeadSummaryBuilder::addRow(int layer, int query, KeyRange range, std::span<const float> weights,
                                const Visibility& visibility) {
    RowMoments moments;
    const auto addRun = [&](int begin, int end) {
        const RowMoments run = weightMoments(weights.subspan(static_cast<std::size_t>(begin - range.begin),
                                                             static_cast<std::size_t>(end - begin)),
                                             query, begin);
        moments.entropy += run.entropy;
        moments.distance += run.distance;
        moments.max = std::max(moments.max, run.max);
        moments.below += run.below;
    };
    int begin = range.begin;
    for (const int masked : visibility.maskedKeys()) {
        if (!range.contains(masked)) continue;
        if (masked > begin) addRun(begin, masked);
        begin = masked + 1;
    }
    if (range.end > begin) addRun(begin, range.end);
    addMoments(layer, query, range, weights, visibility, moments);
}

void HeadSummaryBuilder::addRow(int layer, int query, KeyRange range, std::span<const float> weights,
                                const Visibility& visibility, const RowMoments& moments) {
    RowMoments visible = moments;
    visible.below -= range.size() - visibility.visibleCount(layer, query);  // padding is zero, and no cell
    addMoments(layer, query, range, weights, visibility, visible);
}

void HeadSummaryBuilder::addMoments(int layer, int query, KeyRange range, std::span<const float> weights,
                                    const Visibility& visibility, const RowMoments& moments) {
    const int count = visibility.visibleCount(layer, query);
    accumulate(weights.first(static_cast<std::size_t>(range.size())),
               std::span(m_incoming)
                   .subspan(static_cast<std::size_t>(range.begin), static_cast<std::size_t>(range.size())));
    if (count == 0) return;  // a row that sees nothing has no entropy, whatever the model put into it
    m_partial.rowEntropies[static_cast<std::size_t>(query)] = static_cast<float>(moments.entropy);
    m_partial.maxWeight = std::max(m_partial.maxWeight, static_cast<double>(moments.max));
    m_entropy += moments.entropy;
    m_effective += std::exp(moments.entropy);
    m_distance += moments.distance;
    m_cells += count;
    m_sparseCells += moments.below;
    ++m_rows;
    if (count >= 2) {
        m_normalized += moments.entropy / std::log(static_cast<double>(count));
        ++m_normalizedRows;
    }
    if (m_square && query >= 1) {
        const auto at = [&](int key) {
            return range.contains(key)
                       ? static_cast<double>(weights[static_cast<std::size_t>(key - range.begin)])
                       : 0.0;
        };
        m_first += at(0);
        m_previous += at(query - 1);
        m_self += at(query);
        ++m_laterRows;
    }
}

HeadSummary HeadSummaryBuilder::finish() const {
    HeadSummary summary = m_partial;
    const auto mean = [](double sum, double count) { return count > 0 ? sum / count : kNone; };
    summary.rowEntropy = mean(m_entropy, m_rows);
    summary.normalizedRowEntropy = mean(m_normalized, m_normalizedRows);
    summary.effectiveTokens = mean(m_effective, m_rows);
    summary.meanDistance = m_square ? mean(m_distance, m_rows) : kNone;
    summary.firstToken = mean(m_first, m_laterRows);
    summary.previousToken = mean(m_previous, m_laterRows);
    summary.selfWeight = mean(m_self, m_laterRows);
    summary.visibleSparsity = mean(m_sparseCells, m_cells);
    summary.incoming.assign(m_incoming.begin(), m_incoming.end());
    return summary;
}

}  // namespace attnviz
