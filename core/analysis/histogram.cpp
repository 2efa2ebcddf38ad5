#include "core/analysis/histogram.h"

#include <cmath>
#include <limits>
#include <mutex>

#include "core/analysis/layer_pass.h"

namespace attnviz {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// Calls visit(head, query, row) for all rows of the chosen heads, heads in parallel; `merge` is called for
// each head when it is through, one at a time, in the order of the heads.
template <class Partial, class Visit, class Merge>
Result<void> pool(const AttentionSource& source, const WeightChoice& choice, std::string_view what,
                  const ProgressSink& progress, std::stop_token stop, const Visit& visit,
                  const Merge& merge) {
    const auto layers = chosenLayers(source, choice.layers), heads = chosenHeads(source, choice.heads);
    const std::size_t count = layers.size() * heads.size();
    constexpr std::size_t kTogether = 64;  // partial results that are held
    for (std::size_t first = 0; first < count; first += kTogether) {
        std::vector<Partial> partials(std::min(kTogether, count - first));
        const auto tasks = static_cast<int>(partials.size());
        auto done =
            inParallel(tasks, tasks, "", {}, stop, [&](int task, std::stop_token inner) -> Result<void> {
                const auto at = first + static_cast<std::size_t>(task);
                const HeadId head{layers[at / heads.size()], heads[at % heads.size()]};
                Partial& partial = partials[static_cast<std::size_t>(task)];
                return eachRow(source, head, inner, [&](int query, std::span<const float> row) {
                    visit(partial, head, query, row);
                });
            });
        if (!done) return done;
        for (const auto& partial : partials) merge(partial);
        if (progress)
            progress({std::string(what) + " " + std::to_string(first + partials.size()) + " of " +
                          std::to_string(count),
                      static_cast<double>(first + partials.size()) / static_cast<double>(count)});
    }
    return {};
}

}  // namespace

Result<WeightHistogram> weightHistogram(const AttentionSource& source, const WeightChoice& choice,
                                        const ProgressSink& progress, std::stop_token stop) {
    const Visibility& visibility = source.info().visibility;
    WeightHistogram all;
    auto done = pool<WeightHistogram>(
        source, choice, "Counting head", progress, std::move(stop),
        [&](WeightHistogram& counts, HeadId head, int query, std::span<const float> row) {
            const KeyRange range = source.visible(head.layer, query);
            for (int key = range.begin; key < range.end; ++key) {
                if (visibility.masked(key)) continue;
                const double weight = row[static_cast<std::size_t>(key)];
                if (weight > 0)
                    counts.add(weight, std::log(weight));
                else
                    ++counts.below;
            }
        },
        [&](const WeightHistogram& counts) { all.add(counts); });
    if (!done) return done.error();
    return all;
}

Result<DistanceProfile> distanceProfile(const AttentionSource& source, const WeightChoice& choice,
                                        const ProgressSink& progress, std::stop_token stop) {
    const AttentionInfo& info = source.info();
    if (!info.square())
        return unsupported("distances have no meaning between the tokens of two texts", {},
                           "Choose the encoder's or the decoder's own attention");
    const auto layers = chosenLayers(source, choice.layers), heads = chosenHeads(source, choice.heads);
    const auto count = static_cast<std::size_t>(info.keys);
    std::vector<double> weights(count, 0.0), even(count, 0.0), cells(count, 0.0);
    // What the mask alone tells is the same for all heads of a layer.
    for (const int layer : layers)
        for (int query = 0; query < info.queries; ++query) {
            if (stop.stop_requested()) return cancelled();
            const KeyRange range = source.visible(layer, query);
            const double each = 1.0 / std::max(1, info.visibility.visibleCount(layer, query));
            for (int key = range.begin; key < range.end; ++key) {
                if (info.visibility.masked(key)) continue;
                const auto distance = static_cast<std::size_t>(std::abs(query - key));
                even[distance] += each * static_cast<double>(heads.size());
                cells[distance] += static_cast<double>(heads.size());
            }
        }
    auto done = pool<std::vector<double>>(
        source, choice, "Measuring head", progress, std::move(stop),
        [&](std::vector<double>& sums, HeadId head, int query, std::span<const float> row) {
            sums.resize(count, 0.0);
            const KeyRange range = source.visible(head.layer, query);
            for (int key = range.begin; key < range.end; ++key)
                if (!info.visibility.masked(key))
                    sums[static_cast<std::size_t>(std::abs(query - key))] +=
                        row[static_cast<std::size_t>(key)];
        },
        [&](const std::vector<double>& sums) {
            for (std::size_t distance = 0; distance < sums.size(); ++distance)
                weights[distance] += sums[distance];
        });
    if (!done) return done.error();
    double allWeight = 0, allEven = 0;
    for (std::size_t distance = 0; distance < count; ++distance) {
        allWeight += weights[distance];
        allEven += even[distance];
    }
    DistanceProfile profile;
    for (std::size_t distance = 0; distance < count; ++distance) {
        const bool any = cells[distance] > 0;
        profile.weight.push_back(any ? weights[distance] / cells[distance] : kNone);
        profile.uniform.push_back(any ? even[distance] / cells[distance] : kNone);
        profile.share.push_back(allWeight > 0 ? weights[distance] / allWeight : kNone);
        profile.uniformShare.push_back(allEven > 0 ? even[distance] / allEven : kNone);
    }
    return profile;
}

}  // namespace attnviz
