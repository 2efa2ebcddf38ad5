#include "core/analysis/flow.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/analysis/combined_rows.h"
#include "core/analysis/layer_pass.h"

namespace attnviz {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// Indices of the `count` largest values, largest first; of equal ones the lower index. NaN is left out.
std::vector<int> largest(const std::vector<double>& values, int count) {
    std::vector<int> order;
    for (std::size_t index = 0; index < values.size(); ++index)
        if (!std::isnan(values[index])) order.push_back(static_cast<int>(index));
    const auto last = order.begin() + std::min<std::ptrdiff_t>(count, std::ssize(order));
    std::partial_sort(order.begin(), last, order.end(), [&](int a, int b) {
        const double left = values[static_cast<std::size_t>(a)], right = values[static_cast<std::size_t>(b)];
        return left != right ? left > right : a < b;
    });
    order.erase(last, order.end());
    return order;
}

// By key, how many queries can see it.
std::vector<int> seeingQueries(const AttentionSource& source, int layer) {
    const AttentionInfo& info = source.info();
    std::vector<int> steps(static_cast<std::size_t>(info.keys) + 1, 0);
    for (int query = 0; query < info.queries; ++query) {
        const KeyRange range = source.visible(layer, query);
        ++steps[static_cast<std::size_t>(range.begin)];
        --steps[static_cast<std::size_t>(range.end)];
    }
    std::partial_sum(steps.begin(), steps.end(), steps.begin());
    steps.pop_back();
    for (const int key : info.visibility.maskedKeys()) steps[static_cast<std::size_t>(key)] = 0;
    return steps;
}

void addLinks(int layer, int query, std::span<const double> row, const LinkOptions& options,
              std::vector<int>& order, std::vector<FlowLink>& links) {
    order.clear();
    double sum = 0;
    for (std::size_t key = 0; key < row.size(); ++key) {
        sum += row[key];
        if (row[key] > 0 && row[key] >= options.atLeast) order.push_back(static_cast<int>(key));
    }
    const auto last = order.begin() + std::min<std::ptrdiff_t>(options.perRow, std::ssize(order));
    std::partial_sort(order.begin(), last, order.end(), [&](int a, int b) {
        const double left = row[static_cast<std::size_t>(a)], right = row[static_cast<std::size_t>(b)];
        return left != right ? left > right : a < b;
    });
    double kept = 0;
    for (auto key = order.begin(); key != last; ++key) {
        if (options.mass < 1 && kept >= options.mass * sum) break;
        const double weight = row[static_cast<std::size_t>(*key)];
        kept += weight;
        links.push_back({layer, query, *key, weight});
    }
}

}  // namespace

LayerFlow layerFlow(const AttentionSource& source, int layer, const std::vector<int>& chosen) {
    const AttentionInfo& info = source.info();
    const auto heads = chosenHeads(source, chosen);
    const auto share = 1.0 / static_cast<double>(heads.size());
    LayerFlow flow;
    flow.layer = layer;
    flow.incoming.assign(static_cast<std::size_t>(info.keys), 0.0);
    flow.focus.assign(static_cast<std::size_t>(info.queries), kNone);
    std::vector<double> entropy(flow.focus.size(), 0.0);
    for (const int head : heads) {
        const HeadSummary& summary = source.summary({layer, head});
        for (std::size_t key = 0; key < flow.incoming.size(); ++key)
            flow.incoming[key] += share * static_cast<double>(summary.incoming[key]);
        for (std::size_t query = 0; query < entropy.size(); ++query)
            entropy[query] += share * static_cast<double>(summary.rowEntropies[query]);
    }
    for (std::size_t query = 0; query < entropy.size(); ++query) {
        const int count = info.visibility.visibleCount(layer, static_cast<int>(query));
        if (count >= 2) flow.focus[query] = 1 - entropy[query] / std::log(count);
    }
    const auto seeing = seeingQueries(source, layer);
    for (std::size_t key = 0; key < seeing.size(); ++key)
        flow.incomingShare.push_back(seeing[key] > 0 ? flow.incoming[key] / seeing[key] : kNone);
    flow.globalHubs = largest(flow.incoming, kHubs);
    std::reverse(flow.globalHubs.begin(), flow.globalHubs.end());
    flow.hubs = largest(flow.incomingShare, kHubs);
    flow.focused = largest(flow.focus, kHubs);
    return flow;
}

Result<std::vector<FlowLink>> flowLinks(const AttentionSource& source, const LinkOptions& options,
                                        const ProgressSink& progress, std::stop_token stop) {
    const auto layers = chosenLayers(source, options.layers), heads = chosenHeads(source, options.heads);
    std::vector<std::vector<FlowLink>> byLayer(layers.size());
    auto done = inParallel(static_cast<int>(layers.size()), static_cast<int>(layers.size()), "Linking layer",
                           progress, stop, [&](int index, std::stop_token inner) -> Result<void> {
                               const auto at = static_cast<std::size_t>(index);
                               std::vector<int> order;
                               return eachCombinedRow(
                                   source, layers[at], heads, HeadCombine::mean, 0, source.info().queries,
                                   inner, [&](int query, std::span<double> row) {
                                       addLinks(layers[at], query, row, options, order, byLayer[at]);
                                   });
                           });
    if (!done) return done.error();
    std::vector<FlowLink> links;
    for (const auto& layer : byLayer) links.insert(links.end(), layer.begin(), layer.end());
    return links;
}

}  // namespace attnviz
