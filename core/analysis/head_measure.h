// How alike one head of two runs is, row by row: cosine and Jensen-Shannon divergence over the aligned rows
// and keys, as difference.h defines them.
#pragma once

#include <span>
#include <vector>

#include "core/analysis/difference.h"

namespace attnviz {

// What is undefined is NaN: no row, or the cosine of zeros.
double cosineOf(double product, double leftSquares, double rightSquares);

struct DefinedMean {  // of what is not NaN
    double sum = 0;
    int count = 0;
    void add(double value);
    double value() const;  // NaN of none
};

class HeadMeasure {
 public:
    struct Sums {  // over rows
        double product = 0, leftSquares = 0, rightSquares = 0;
        DefinedMean divergence;
    };

    HeadMeasure(const AttentionSource& left, HeadId leftHead, const AttentionSource& right, HeadId rightHead,
                const std::vector<TokenPair>& keys)
        : m_left(left), m_right(right), m_leftHead(leftHead), m_rightHead(rightHead), m_keys(keys) {}

    // Rows of an aligned query, all keys of each side.
    void add(const TokenPair& query, std::span<const float> leftRow, std::span<const float> rightRow);
    void add(const Sums& later);  // of rows that follow
    const Sums& sums() const { return m_sums; }
    HeadDifference value() const;  // named by the left head

 private:
    const AttentionSource &m_left, &m_right;
    HeadId m_leftHead, m_rightHead;
    const std::vector<TokenPair>& m_keys;
    std::vector<double> m_a, m_b;
    Sums m_sums;
};

}  // namespace attnviz
