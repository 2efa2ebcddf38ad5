#include "core/analysis/head_features.h"

#include <algorithm>
#include <array>
#include <limits>

#include "core/analysis/head_roles.h"
#include "core/analysis/layer_pass.h"

namespace attnviz {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

Result<std::array<double, kDistanceBins>> distanceShares(const AttentionSource& source, HeadId head,
                                                         const std::stop_token& stop) {
    const AttentionInfo& info = source.info();
    std::array<double, kDistanceBins> shares{};
    double total = 0;
    auto read = eachRow(source, head, stop, [&](int query, std::span<const float> row) {
        const KeyRange range = source.visible(head.layer, query);
        for (int key = range.begin; key < range.end; ++key) {
            if (info.visibility.masked(key)) continue;
            const std::int64_t distance = std::abs(query - key);
            const double weight = row[static_cast<std::size_t>(key)];
            shares[static_cast<std::size_t>(distance * kDistanceBins / info.keys)] += weight;
            total += weight;
        }
    });
    if (!read) return read.error();
    for (double& share : shares) share = total > 0 ? share / total : kNone;
    return shares;
}

}  // namespace

Result<HeadFeatures> headFeatures(const AttentionRun& run, const AttentionSource& source,
                                  const std::vector<int>& layers, const std::vector<int>& heads,
                                  const ProgressSink& progress, std::stop_token stop) {
    const auto roles = headRoles(run, source, {.layers = layers, .heads = heads}, progress, stop);
    if (!roles) return roles.error();
    const bool square = source.info().square();
    HeadFeatures features;
    for (std::size_t score = 0; score < kHeadScores; ++score)
        features.names.emplace_back(headScoreName(static_cast<HeadScore>(score)));
    features.names.emplace_back("normalized_row_entropy");
    if (square)
        for (int bin = 0; bin < kDistanceBins; ++bin)
            features.names.push_back("distance_" + std::to_string(bin));
    const std::size_t width = features.names.size();
    features.values.assign(roles->size() * width, kNone);
    const auto count = static_cast<int>(roles->size());
    auto done = inParallel(
        count, count, "Measuring head", progress, stop, [&](int at, std::stop_token inner) -> Result<void> {
            const HeadRole& role = (*roles)[static_cast<std::size_t>(at)];
            auto value =
                features.values.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(at) * width);
            value = std::copy(role.scores.begin(), role.scores.end(), value);
            *value++ = source.summary({role.layer, role.head}).normalizedRowEntropy;
            if (!square) return {};
            const auto shares = distanceShares(source, {role.layer, role.head}, inner);
            if (!shares) return shares.error();
            std::copy(shares->begin(), shares->end(), value);
            return {};
        });
    if (!done) return done.error();
    return features;
}

}  // namespace attnviz
