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

void mixWithResidual(int query, std::span<double> row) {
    row[static_cast<std::size_t>(query)] += 1;
    const double sum = std::accumulate(row.begin(), row.end(), 0.0);
    for (auto& weight : row) weight /= sum;
}

// Leaves in `order` the keys that the options keep, the largest weight first.
FlowRow kept(std::span<const double> row, const LinkOptions& options, std::vector<int>& order) {
    FlowRow out{row, {}, 0, 0};
    order.clear();
    for (std::size_t key = 0; key < row.size(); ++key) {
        out.sum += row[key];
        if (row[key] > 0 && row[key] >= options.atLeast) order.push_back(static_cast<int>(key));
    }
    const auto last = order.begin() + std::min<std::ptrdiff_t>(options.perRow, std::ssize(order));
    std::partial_sort(order.begin(), last, order.end(), [&](int a, int b) {
        const double left = row[static_cast<std::size_t>(a)], right = row[static_cast<std::size_t>(b)];
        return left != right ? left > right : a < b;
    });
    auto end = order.begin();
    for (; end != last; ++end) {
        if (options.mass < 1 && out.keptSum >= options.mass * out.sum) break;
        out.keptSum += row[static_cast<std::size_t>(*end)];
    }
    order.erase(end, order.end());
    out.kept = order;
    return out;
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

Result<void> eachFlowRow(const AttentionSource& source, int layer, std::span<const int> queries,
                         const LinkOptions& options, std::stop_token stop,
                         const std::function<void(int, const FlowRow&)>& visit) {
    const auto heads = chosenHeads(source, options.heads);
    std::vector<int> order;
    const auto take = [&](int query, std::span<double> row) {
        if (options.residual) mixWithResidual(query, row);
        visit(query, kept(row, options, order));
    };
    if (queries.empty())
        return eachCombinedRow(source, layer, heads, HeadCombine::mean, 0, source.info().queries, stop, take);
    // Neighbours are read together: quicker where rows are recomputed.
    for (std::size_t first = 0; first < queries.size();) {
        std::size_t end = first + 1;
        while (end < queries.size() && queries[end] == queries[end - 1] + 1) ++end;
        auto read = eachCombinedRow(source, layer, heads, HeadCombine::mean, queries[first],
                                    queries[end - 1] + 1, stop, take);
        if (!read) return read.error();
        first = end;
    }
    return {};
}

Result<std::vector<FlowLink>> flowLinks(const AttentionSource& source, const LinkOptions& options,
                                        const ProgressSink& progress, std::stop_token stop) {
    const auto layers = chosenLayers(source, options.layers);
    std::vector<std::vector<FlowLink>> byLayer(layers.size());
    auto done = inParallel(static_cast<int>(layers.size()), static_cast<int>(layers.size()), "Linking layer",
                           progress, stop, [&](int index, std::stop_token inner) -> Result<void> {
                               const auto at = static_cast<std::size_t>(index);
                               const auto add = [&](int query, const FlowRow& row) {
                                   for (const int key : row.kept)
                                       byLayer[at].push_back({layers[at], query, key,
                                                              row.weights[static_cast<std::size_t>(key)]});
                               };
                               return eachFlowRow(source, layers[at], {}, options, inner, add);
                           });
    if (!done) return done.error();
    std::vector<FlowLink> links;
    for (const auto& layer : byLayer) links.insert(links.end(), layer.begin(), layer.end());
    return links;
}

}  // namespace attnviz
