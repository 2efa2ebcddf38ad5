// How weights are spread: quantiles and the Gini coefficient, exact from sorted weights, approximate from a
// fine histogram where sorting would need too much memory.
//
// Weights are kept as integers in the order of their float32, four bytes each.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

namespace attnviz {

struct WeightSpread {
    double gini = 0;                      // 0: all equal, near 1: one cell has all; NaN where all are zero
    double median = 0, q25 = 0, q75 = 0;  // linear between ranks, as NumPy's default; NaN without cells
};

// A float32 as an integer that sorts the same.
inline std::uint32_t orderedKey(float weight) {
    const auto bits = std::bit_cast<std::uint32_t>(weight);
    return bits & 0x80000000U ? ~bits : bits | 0x80000000U;
}
inline float weightOfKey(std::uint32_t key) {
    return std::bit_cast<float>(key & 0x80000000U ? key & 0x7FFFFFFFU : ~key);
}

// Ascending. `scratch` is as long as `keys`; three passes over 11 bits each.
void sortKeys(std::span<std::uint32_t> keys, std::span<std::uint32_t> scratch);
WeightSpread spreadOf(std::span<const std::uint32_t> sortedKeys);

// 65,536 bins of equal ratio, 512 an octave, over [0, 2): a quantile read from it is within 0.1 % of the
// exact one between 1e-38 and 2. Counts and offsets are integers, so that the order of adding does not
// matter.
class FineHistogram {
 public:
    FineHistogram() : m_counts(kBins), m_offsets(kBins) {}
    void add(std::uint32_t key) {
        const std::uint32_t bits = key & 0x80000000U ? key & 0x7FFFFFFFU : 0;  // below zero counts as zero
        const std::uint32_t bin = std::min<std::uint32_t>(bits >> kShift, kBins - 1);
        ++m_counts[bin];
        m_offsets[bin] += bits - (bin << kShift);
    }
    void add(const FineHistogram& other);
    WeightSpread spread() const;

 private:
    static constexpr std::uint32_t kBins = 65536, kShift = 14;
    double meanOf(std::size_t bin) const;

    std::vector<std::int64_t> m_counts;
    std::vector<std::uint64_t> m_offsets;  // sums of (float bits - first bits of the bin)
};

// For figures: the cells of a block by size, eight bins a decade from 1e-6 to 1. The first edge belongs to
// the first bin, an edge between two bins to the upper one; 1 and what lies above belong to the last.
struct WeightHistogram {
    static constexpr int kBins = 48, kBinsPerDecade = 8;
    static const std::array<double, kBins + 1>& edges();

    std::int64_t below = 0;  // visible cells under the first edge, zeros included
    std::array<std::int64_t, kBins> counts{};

    void add(double weight, double logWeight);  // natural logarithm of the weight; weight > 0
    void add(const WeightHistogram& other);
    std::int64_t cells() const;
};

}  // namespace attnviz
