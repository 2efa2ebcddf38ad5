#include "core/session/session_statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace attnviz {
namespace {

constexpr double kTiny = 1e-12;
constexpr float kSparseBelow = 0.01F;

// Sums over a block, from which all of its numbers follow; blocks add up.
struct Sums {
    double count = 0, sum = 0, squares = 0, logs = 0, sparse = 0;
    double max = -std::numeric_limits<double>::infinity(), min = std::numeric_limits<double>::infinity();

    void add(std::span<const float> weights) {
        static const double kLogOfZero = kTiny * std::log(kTiny);
        for (const float weight : weights) {
            const double value = weight, moved = value + kTiny;
            sum += value;
            squares += value * value;
            logs += weight == 0 ? kLogOfZero : moved > 0 ? moved * std::log(moved) : 0;
            sparse += weight < kSparseBelow;
            max = std::max(max, value);
            min = std::min(min, value);
        }
        count += static_cast<double>(weights.size());
    }
    void add(const Sums& other) {
        count += other.count;
        sum += other.sum;
        squares += other.squares;
        logs += other.logs;
        sparse += other.sparse;
        max = std::max(max, other.max);
        min = std::min(min, other.min);
    }
    CompatibleStatistics finish() const {
        const double mean = sum / count, total = sum + count * kTiny;
        return {mean,
                std::sqrt(std::max(0.0, squares / count - mean * mean)),
                std::log(total) - logs / total,
                sparse / count,
                max,
                min};
    }
};

}  // namespace

Result<SessionStatistics> sessionStatistics(const AttentionSource& source, std::stop_token stop) {
    const AttentionInfo& info = source.info();
    SessionStatistics statistics;
    Sums all;
    const int block = std::clamp((1 << 16) / std::max(1, info.keys), 1, info.queries);
    std::vector<float> rows(static_cast<std::size_t>(block) * static_cast<std::size_t>(info.keys));
    for (int layer = 0; layer < info.layers; ++layer) {
        Sums sums;
        for (int head = 0; head < info.heads; ++head)
            for (int query = 0; query < info.queries; query += block) {
                const int count = std::min(block, info.queries - query);
                const auto part = std::span(rows).first(static_cast<std::size_t>(count) *
                                                        static_cast<std::size_t>(info.keys));
                if (auto read = source.rows({layer, head}, query, count, part, stop); !read)
                    return read.error();
                sums.add(part);
            }
        statistics.layers.push_back(sums.finish());
        all.add(sums);
    }
    statistics.overall = all.finish();
    return statistics;
}

}  // namespace attnviz
