#include "core/analysis/head_measure.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/analysis/math/jensen_shannon.h"

namespace attnviz {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

std::size_t index(int value) {
    return static_cast<std::size_t>(value);
}

// A row's weights on the aligned keys; what the query may not see gives none.
void gather(const AttentionSource& source, int layer, int query, std::span<const float> row,
            const std::vector<TokenPair>& keys, int TokenPair::*side, std::vector<double>& out) {
    const Visibility& visibility = source.info().visibility;
    const KeyRange range = visibility.range(layer, query);
    out.clear();
    for (const auto& pair : keys)
        out.push_back(range.contains(pair.*side) && !visibility.masked(pair.*side)
                          ? static_cast<double>(row[index(pair.*side)])
                          : 0.0);
}

bool normalize(std::vector<double>& weights) {
    double sum = 0;
    for (double& weight : weights) sum += weight = std::max(0.0, weight);
    if (!(sum > 0)) return false;
    for (double& weight : weights) weight /= sum;
    return true;
}

}  // namespace

double cosineOf(double product, double leftSquares, double rightSquares) {
    const double lengths = std::sqrt(leftSquares * rightSquares);
    return lengths > 0 ? std::clamp(product / lengths, -1.0, 1.0) : kNone;
}

void DefinedMean::add(double value) {
    if (std::isnan(value)) return;
    sum += value;
    ++count;
}

double DefinedMean::value() const {
    return count > 0 ? sum / count : kNone;
}

void HeadMeasure::add(const TokenPair& query, std::span<const float> leftRow,
                      std::span<const float> rightRow) {
    gather(m_left, m_leftHead.layer, query.left, leftRow, m_keys, &TokenPair::left, m_a);
    gather(m_right, m_rightHead.layer, query.right, rightRow, m_keys, &TokenPair::right, m_b);
    for (std::size_t key = 0; key < m_a.size(); ++key) {
        m_sums.product += m_a[key] * m_b[key];
        m_sums.leftSquares += m_a[key] * m_a[key];
        m_sums.rightSquares += m_b[key] * m_b[key];
    }
    const int seen = std::max(m_left.info().visibility.visibleCount(m_leftHead.layer, query.left),
                              m_right.info().visibility.visibleCount(m_rightHead.layer, query.right));
    if (seen >= 2 && normalize(m_a) && normalize(m_b)) m_sums.divergence.add(jensenShannon(m_a, m_b));
}

void HeadMeasure::add(const Sums& later) {
    m_sums.product += later.product;
    m_sums.leftSquares += later.leftSquares;
    m_sums.rightSquares += later.rightSquares;
    m_sums.divergence.sum += later.divergence.sum;
    m_sums.divergence.count += later.divergence.count;
}

HeadDifference HeadMeasure::value() const {
    return {m_leftHead.layer, m_leftHead.head,
            cosineOf(m_sums.product, m_sums.leftSquares, m_sums.rightSquares), m_sums.divergence.value()};
}

}  // namespace attnviz
