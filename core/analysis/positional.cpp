#include "core/analysis/positional.h"

#include <cmath>
#include <limits>
#include <thread>

#include "core/analysis/layer_pass.h"

namespace attnviz {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// One head: sums by distance tell everything but the two columns.
Result<HeadPositions> positionsOf(const AttentionSource& source, HeadId head,
                                  const PositionalOptions& options, const std::stop_token& stop) {
    const AttentionInfo& info = source.info();
    const auto count = static_cast<std::size_t>(info.keys);
    std::vector<double> weights(count, 0.0), uniform(count, 0.0), cells(count, 0.0);
    HeadPositions positions;
    int rows = 0;  // that see a key
    auto read = eachRow(source, head, stop, [&](int query, std::span<const float> row) {
        const KeyRange range = source.visible(head.layer, query);
        const int visible = info.visibility.visibleCount(head.layer, query);
        const double even = 1.0 / std::max(1, visible);
        rows += visible > 0;
        for (int key = range.begin; key < range.end; ++key) {
            if (info.visibility.masked(key)) continue;
            const auto distance = static_cast<std::size_t>(std::abs(query - key));
            weights[distance] += static_cast<double>(row[static_cast<std::size_t>(key)]);
            uniform[distance] += even;
            cells[distance] += 1;
        }
        positions.firstToken += static_cast<double>(row.front()) / info.queries;
        positions.lastToken += static_cast<double>(row.back()) / info.queries;
    });
    if (!read) return read.error();
    double total = 0, moment = 0;
    for (std::size_t distance = 0; distance < count; ++distance) {
        const auto d = static_cast<int>(distance);
        double& share = d <= options.localUpTo    ? positions.local
                        : d <= options.mediumUpTo ? positions.medium
                                                  : positions.global;
        share += weights[distance];
        total += weights[distance];
        moment += weights[distance] * d;
        const bool any = cells[distance] > 0;
        positions.weightByDistance.push_back(any ? weights[distance] / cells[distance] : kNone);
        positions.uniformByDistance.push_back(any ? uniform[distance] / cells[distance] : kNone);
    }
    if (total > 0)
        for (double* share : {&positions.local, &positions.medium, &positions.global}) *share /= total;
    positions.meanDistance = rows > 0 ? moment / rows : kNone;
    return positions;
}

}  // namespace

std::string_view LayerPositions::pattern() const {
    if (local > 0.6) return "local";
    if (global > 0.5) return "global";
    if (medium > 0.4) return "medium-range";
    return "mixed";
}

Result<Positions> positionalAttention(const AttentionSource& source, const PositionalOptions& options,
                                      const ProgressSink& progress, std::stop_token stop) {
    if (!source.info().square())
        return unsupported("distances have no meaning between the tokens of two texts", {},
                           "Choose the encoder's or the decoder's own attention.");
    Positions positions;
    positions.layers = chosenLayers(source, options.layers);
    positions.heads = chosenHeads(source, options.heads);
    const auto heads = positions.heads.size();
    positions.headPositions.resize(positions.layers.size() * heads);
    positions.layerPositions.resize(positions.layers.size());
    auto done = inParallel(
        static_cast<int>(positions.layers.size()), static_cast<int>(std::thread::hardware_concurrency()),
        "Positions of layer", progress, stop, [&](int index, std::stop_token inner) -> Result<void> {
            const auto layer = static_cast<std::size_t>(index);
            LayerPositions& means = positions.layerPositions[layer];
            for (std::size_t head = 0; head < heads; ++head) {
                auto found =
                    positionsOf(source, {positions.layers[layer], positions.heads[head]}, options, inner);
                if (!found) return found.error();
                means.local += found->local / static_cast<double>(heads);
                means.medium += found->medium / static_cast<double>(heads);
                means.global += found->global / static_cast<double>(heads);
                positions.headPositions[layer * heads + head] = std::move(*found);
            }
            return {};
        });
    if (!done) return done.error();
    return positions;
}

}  // namespace attnviz
