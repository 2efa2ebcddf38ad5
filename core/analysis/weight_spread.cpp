#include "core/analysis/weight_spread.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace attnviz {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// Where quantile `q` of `count` sorted values lies: between rank and rank + 1, at `part` of the way.
struct Rank {
    std::int64_t rank = 0;
    double part = 0;
};
Rank rankOf(double q, std::int64_t count) {
    const double position = q * static_cast<double>(count - 1);
    const auto rank = std::min(static_cast<std::int64_t>(position), count - 1);
    return {rank, position - static_cast<double>(rank)};
}

template <class At>
WeightSpread spread(std::int64_t count, double sum, double rankedSum, const At& at) {
    if (count == 0) return {kNone, kNone, kNone, kNone};
    const auto n = static_cast<double>(count);
    const auto quantile = [&](double q) {
        const Rank where = rankOf(q, count);
        const double low = at(where.rank);
        return where.part > 0 ? low + (at(where.rank + 1) - low) * where.part : low;
    };
    const double gini = sum > 0 ? std::clamp(2 * rankedSum / (n * sum) - (n + 1) / n, 0.0, 1.0) : kNone;
    return {gini, quantile(0.5), quantile(0.25), quantile(0.75)};
}

}  // namespace

void sortKeys(std::span<std::uint32_t> keys, std::span<std::uint32_t> scratch) {
    if (keys.size() < 512) {
        std::sort(keys.begin(), keys.end());
        return;
    }
    constexpr std::size_t kBuckets = 2048;
    std::array<std::array<std::size_t, kBuckets>, 3> counts{};
    for (const std::uint32_t key : keys)
        for (unsigned pass = 0; pass < 3; ++pass) ++counts[pass][(key >> (11 * pass)) & (kBuckets - 1)];
    std::span<std::uint32_t> from = keys, to = scratch.first(keys.size());
    for (unsigned pass = 0; pass < 3; ++pass) {
        auto& starts = counts[pass];
        if (std::find(starts.begin(), starts.end(), keys.size()) != starts.end()) continue;  // all in one
        std::exclusive_scan(starts.begin(), starts.end(), starts.begin(), std::size_t{0});
        for (const std::uint32_t key : from) to[starts[(key >> (11 * pass)) & (kBuckets - 1)]++] = key;
        std::swap(from, to);
    }
    if (from.data() != keys.data()) std::copy(from.begin(), from.end(), keys.begin());
}

WeightSpread spreadOf(std::span<const std::uint32_t> sortedKeys) {
    double sum = 0, ranked = 0, rank = 0;
    for (const std::uint32_t key : sortedKeys) {
        const double weight = weightOfKey(key);
        sum += weight;
        ranked += ++rank * weight;
    }
    return spread(static_cast<std::int64_t>(sortedKeys.size()), sum, ranked, [&](std::int64_t at) {
        return static_cast<double>(weightOfKey(sortedKeys[static_cast<std::size_t>(at)]));
    });
}

void FineHistogram::add(const FineHistogram& other) {
    for (std::size_t bin = 0; bin < kBins; ++bin) {
        m_counts[bin] += other.m_counts[bin];
        m_offsets[bin] += other.m_offsets[bin];
    }
}

double FineHistogram::meanOf(std::size_t bin) const {
    const auto first = static_cast<std::uint32_t>(bin) << kShift;
    const double offset = static_cast<double>(m_offsets[bin]) / static_cast<double>(m_counts[bin]);
    const double low = std::bit_cast<float>(first);
    // Inside a bin float32 values are equally spaced.
    const double step = static_cast<double>(std::bit_cast<float>(first + 1)) - low;
    return low + offset * step;
}

WeightSpread FineHistogram::spread() const {
    double sum = 0, ranked = 0;
    std::int64_t before = 0;
    std::vector<std::pair<std::int64_t, double>> means;  // cells up to and with a bin, and its mean
    for (std::size_t bin = 0; bin < kBins; ++bin) {
        const std::int64_t count = m_counts[bin];
        if (count == 0) continue;
        const double mean = meanOf(bin), cells = static_cast<double>(count);
        sum += mean * cells;
        ranked += mean * cells * (static_cast<double>(before) + (cells + 1) / 2);
        before += count;
        means.emplace_back(before, mean);
    }
    return attnviz::spread(before, sum, ranked, [&](std::int64_t rank) {
        return std::upper_bound(means.begin(), means.end(), rank,
                                [](std::int64_t value, const auto& entry) { return value < entry.first; })
            ->second;
    });
}

const std::array<double, WeightHistogram::kBins + 1>& WeightHistogram::edges() {
    static const auto kEdges = [] {
        std::array<double, kBins + 1> edges{};
        for (int bin = 0; bin <= kBins; ++bin)
            edges[static_cast<std::size_t>(bin)] =
                std::pow(10.0, static_cast<double>(bin) / kBinsPerDecade - 6);
        edges.back() = 1;
        return edges;
    }();
    return kEdges;
}

void WeightHistogram::add(double weight, double logWeight) {
    const auto& bounds = edges();
    if (weight < bounds[0]) {
        ++below;
        return;
    }
    static const double kBinsPerNat = kBinsPerDecade / std::log(10.0), kFirst = std::log(1e-6);
    int bin = std::clamp(static_cast<int>((logWeight - kFirst) * kBinsPerNat), 0, kBins - 1);
    // The logarithm rounds; the edges decide.
    while (bin > 0 && weight < bounds[static_cast<std::size_t>(bin)]) --bin;
    while (bin + 1 < kBins && weight >= bounds[static_cast<std::size_t>(bin) + 1]) ++bin;
    ++counts[static_cast<std::size_t>(bin)];
}

void WeightHistogram::add(const WeightHistogram& other) {
    below += other.below;
    for (std::size_t bin = 0; bin < counts.size(); ++bin) counts[bin] += other.counts[bin];
}

std::int64_t WeightHistogram::cells() const {
    return std::accumulate(counts.begin(), counts.end(), below);
}

}  // namespace attnviz
