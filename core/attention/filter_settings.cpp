#include "core/attention/filter_settings.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <numeric>

namespace attnviz {
namespace {

// 0.05 as "0.05", 90 as "90".
std::string shortNumber(double value) {
    std::array<char, 32> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "%.4g", value);
    return buffer.data();
}

std::string counted(std::size_t count, const std::string& noun) {
    return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

}  // namespace

std::string_view headCombineName(HeadCombine combine) {
    static constexpr std::array<std::string_view, 4> kNames{"mean", "max", "min", "sum"};
    return kNames[static_cast<std::size_t>(combine)];
}

bool FilterSettings::any() const {
    return hideSpecial || hideSinks || !hiddenKeys.empty() || combine || words || threshold > 0 || topK > 0 ||
           mass > 0;
}

std::string FilterSettings::describe(int sourceHeads) const {
    std::vector<std::string> parts;
    if (hideSpecial) parts.emplace_back("specials hidden");
    if (hideSinks) parts.emplace_back("sinks hidden");
    if (!hiddenKeys.empty()) parts.push_back(counted(hiddenKeys.size(), "token") + " hidden");
    if (renormalize && !parts.empty()) parts.emplace_back("renormalized");
    if (combine)
        parts.push_back(
            std::string(headCombineName(*combine)) + " of " +
            counted(heads.empty() ? static_cast<std::size_t>(sourceHeads) : heads.size(), "head"));
    if (words) parts.emplace_back("words");
    if (threshold > 0) parts.push_back("weights from " + shortNumber(threshold));
    if (topK > 0) parts.push_back("top " + std::to_string(topK) + " of a row");
    if (mass > 0) parts.push_back(shortNumber(mass * 100) + " % of a row's mass");
    std::string joined;
    for (const auto& part : parts) joined += (joined.empty() ? "" : ", ") + part;
    return joined;
}

void thresholdRow(const FilterSettings& settings, std::span<float> row) {
    if (settings.topK > 0 || settings.mass > 0) {
        std::vector<std::size_t> order;
        double total = 0;
        for (std::size_t key = 0; key < row.size(); ++key) {
            if (!(row[key] > 0)) continue;
            order.push_back(key);
            total += static_cast<double>(row[key]);
        }
        const auto larger = [&](std::size_t left, std::size_t right) {
            return row[left] != row[right] ? row[left] > row[right] : left < right;
        };
        // Both keep a prefix of the same order; only as much of it is sorted as may be kept.
        const std::size_t limit = settings.topK > 0
                                      ? std::min(order.size(), static_cast<std::size_t>(settings.topK))
                                      : order.size();
        std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(limit), order.end(),
                          larger);
        std::size_t kept = limit;
        if (settings.mass > 0) {
            // float32 weights that should reach the share exactly may miss it by their rounding.
            const double wanted = settings.mass * total - 1e-6 * total;
            double sum = 0;
            for (kept = 0; kept < limit && sum < wanted; ++kept) sum += static_cast<double>(row[order[kept]]);
        }
        for (std::size_t i = kept; i < order.size(); ++i) row[order[i]] = 0;
    }
    if (settings.threshold > 0)
        for (float& weight : row)
            if (static_cast<double>(weight) < settings.threshold) weight = 0;
}

}  // namespace attnviz
