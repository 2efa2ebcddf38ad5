#include "ui/panes/token_weights.h"

#include <algorithm>
#include <limits>

namespace attnviz::ui {
namespace {

constexpr int kRowsTogether = 64;
constexpr float kUnseen = std::numeric_limits<float>::quiet_NaN();

}  // namespace

Result<std::vector<float>> meanRow(const AttentionSource& source, HeadId head, KeyRange queries,
                                   std::stop_token stop) {
    const auto& info = source.info();
    const auto keys = static_cast<std::size_t>(info.keys);
    std::vector<double> sums(keys, 0.0);
    std::vector<bool> seen(keys, false);
    const int together = std::min(kRowsTogether, std::max(1, queries.size()));
    std::vector<float> rows(static_cast<std::size_t>(together) * keys);
    for (int first = queries.begin; first < queries.end; first += together) {
        const int count = std::min(together, queries.end - first);
        const auto part = std::span<float>(rows).first(static_cast<std::size_t>(count) * keys);
        if (auto done = source.rows(head, first, count, part, stop); !done) return done.error();
        for (int query = first; query < first + count; ++query) {
            const auto row = part.subspan(static_cast<std::size_t>(query - first) * keys, keys);
            const KeyRange range = source.visible(head.layer, query);
            for (int key = range.begin; key < range.end; ++key) {
                if (info.visibility.masked(key)) continue;
                const auto at = static_cast<std::size_t>(key);
                sums[at] += row[at];
                seen[at] = true;
            }
        }
    }
    std::vector<float> means(keys, kUnseen);
    for (std::size_t key = 0; key < keys; ++key)
        if (seen[key]) means[key] = static_cast<float>(sums[key] / queries.size());
    return means;
}

Result<std::vector<float>> meanColumn(const AttentionSource& source, HeadId head, KeyRange keys,
                                      std::stop_token stop) {
    const auto& info = source.info();
    std::vector<float> means(static_cast<std::size_t>(info.queries), kUnseen);
    const auto breadth = static_cast<std::size_t>(keys.size());
    // A block of at most a quarter of a million weights.
    const int together = std::clamp(static_cast<int>((std::size_t{1} << 18) / breadth), 1, 1024);
    std::vector<float> block(static_cast<std::size_t>(std::min(together, info.queries)) * breadth);
    for (int first = 0; first < info.queries; first += together) {
        const int count = std::min(together, info.queries - first);
        const auto part = std::span<float>(block).first(static_cast<std::size_t>(count) * breadth);
        if (auto done = source.block(head, first, count, keys, part, stop); !done) return done.error();
        for (int query = first; query < first + count; ++query) {
            double sum = 0;
            bool seen = false;
            for (int key = keys.begin; key < keys.end; ++key) {
                if (!info.visibility.sees(head.layer, query, key)) continue;
                seen = true;
                sum += part[static_cast<std::size_t>(query - first) * breadth +
                            static_cast<std::size_t>(key - keys.begin)];
            }
            if (seen) means[static_cast<std::size_t>(query)] = static_cast<float>(sum / keys.size());
        }
    }
    return means;
}

}  // namespace attnviz::ui
