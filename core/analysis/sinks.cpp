#include "core/analysis/sinks.h"

#include <algorithm>

namespace attnviz {
namespace {

constexpr double kShareAbove = 0.3, kTimesExpectation = 3.0;

}  // namespace

std::vector<SinkShare> sinkShares(const AttentionSource& source, int layer) {
    const AttentionInfo& info = source.info();
    const auto keys = static_cast<std::size_t>(info.keys);
    const bool square = info.square();
    std::vector<double> incoming(keys, 0.0);
    for (int head = 0; head < info.heads; ++head) {
        const auto& sums = source.summary({layer, head}).incoming;
        for (std::size_t key = 0; key < keys; ++key)
            incoming[key] += static_cast<double>(sums[key]) / info.heads;
    }
    // Queries that see a key, and what a uniform row would give it; by differences, because ranges are long.
    std::vector<double> seeing(keys + 1, 0.0), uniform(keys + 1, 0.0);
    for (int query = 0; query < info.queries; ++query) {
        const KeyRange range = source.visible(layer, query);
        const int count = info.visibility.visibleCount(layer, query);
        if (count == 0) continue;
        seeing[static_cast<std::size_t>(range.begin)] += 1;
        seeing[static_cast<std::size_t>(range.end)] -= 1;
        uniform[static_cast<std::size_t>(range.begin)] += 1.0 / count;
        uniform[static_cast<std::size_t>(range.end)] -= 1.0 / count;
    }
    std::vector<SinkShare> shares(keys);
    std::vector<float> row(keys);
    const double atLeast = std::max(4.0, info.queries / 4.0);
    double seen = 0, expected = 0;
    for (std::size_t key = 0; key < keys; ++key) {
        seen += seeing[key];
        expected += uniform[key];
        const int index = static_cast<int>(key);
        if (info.visibility.masked(index)) continue;
        const bool diagonal = square && source.visible(layer, index).contains(index);
        const double others = seen - (diagonal ? 1 : 0);
        if (others <= 0) continue;
        double weight = incoming[key];
        const double expectation =
            (expected - (diagonal ? 1.0 / info.visibility.visibleCount(layer, index) : 0)) / others;
        // The diagonal costs a row of every head, and is only asked for where it can decide.
        if (diagonal && seen >= atLeast && weight / others > kShareAbove) {
            for (int head = 0; head < info.heads; ++head) {
                source.row({layer, head}, index, row);
                weight -= static_cast<double>(row[key]) / info.heads;
            }
        }
        SinkShare& share = shares[key];
        share.share = weight / others;
        share.expectation = expectation;
        share.sink =
            seen >= atLeast && share.share > kShareAbove && share.share > kTimesExpectation * expectation;
    }
    return shares;
}

Result<std::vector<int>> sinksOf(const AttentionSource& source, std::stop_token stop) {
    std::vector<int> layers(static_cast<std::size_t>(source.info().keys), 0);
    for (int layer = 0; layer < source.layersReady(); ++layer) {
        if (stop.stop_requested()) return cancelled();
        const auto shares = sinkShares(source, layer);
        for (std::size_t key = 0; key < shares.size(); ++key) layers[key] += shares[key].sink ? 1 : 0;
    }
    std::vector<int> sinks;
    for (std::size_t key = 0; key < layers.size(); ++key)
        if (layers[key] > 0 && layers[key] * 4 >= source.layersReady())
            sinks.push_back(static_cast<int>(key));
    return sinks;
}

}  // namespace attnviz
