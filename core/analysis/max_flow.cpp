#include "core/analysis/max_flow.h"

#include <algorithm>
#include <numeric>

#include "core/analysis/layer_pass.h"
#include "core/analysis/math/flow_graph.h"
#include "core/analysis/rollout_rows.h"
#include "core/base/readable.h"
#include "core/base/system_memory.h"

namespace attnviz {
namespace {

constexpr std::int64_t kMostWork = 5'000'000'000;  // edges times searches: about a minute

// Edges if every row were full of what it sees.
std::int64_t mostEdges(const AttentionSource& source, const RolloutOptions& options) {
    std::int64_t edges = 0;
    for (int layer = options.startLayer; layer <= options.layer; ++layer)
        for (int query = 0; query < source.info().queries; ++query)
            edges += source.info().visibility.visibleCount(layer, query) + 1;
    return edges;
}

}  // namespace

Result<std::vector<double>> maxFlow(const AttentionSource& source, int query, const RolloutOptions& asked,
                                    const ProgressSink& progress, std::stop_token stop) {
    const auto options = checkedRollout(source, asked);
    if (!options) return options.error();
    const int tokens = source.info().queries, layers = options->layer - options->startLayer + 1;
    const std::int64_t edges = mostEdges(source, *options),
                       bytes = edges * static_cast<std::int64_t>(2 * sizeof(Pipe) + 4 * sizeof(double));
    if (edges > kMostWork / tokens)
        return unsupported("the flow through " + std::to_string(layers) + " layers of " +
                               std::to_string(tokens) + " tokens would take minutes",
                           {}, "Choose fewer layers or a shorter text, or take the rollout, which is quick");
    if (bytes > availableMemoryBytes() * 8 / 10)
        return outOfMemory(
            "the flow through " + std::to_string(tokens) + " tokens takes " + readableBytes(bytes), {},
            "Choose fewer layers or a shorter text");
    std::vector<Pipe> pipes;
    for (int layer = options->startLayer; layer <= options->layer; ++layer) {
        const int below = (layer - options->startLayer) * tokens;
        auto read =
            eachMixedRow(source, layer, *options, 0, tokens, stop, [&](int from, std::span<double> row) {
                for (int key = 0; key < tokens; ++key)
                    if (row[static_cast<std::size_t>(key)] > 0)
                        pipes.push_back(
                            {below + tokens + from, below + key, row[static_cast<std::size_t>(key)]});
            });
        if (!read) return read.error();
    }
    const FlowGraph graph(static_cast<std::size_t>(tokens) * static_cast<std::size_t>(layers + 1),
                          std::move(pipes));
    std::vector<double> flow(static_cast<std::size_t>(tokens), 0.0);
    auto done = inParallel(tokens, tokens, "Flow to token", progress, std::move(stop),
                           [&](int token, std::stop_token inner) -> Result<void> {
                               auto found = graph.maxFlow(layers * tokens + query, token, inner);
                               if (!found) return found.error();
                               flow[static_cast<std::size_t>(token)] = *found;
                               return {};
                           });
    if (!done) return done.error();
    const double sum = std::accumulate(flow.begin(), flow.end(), 0.0);
    for (double& one : flow) one /= sum;
    return flow;
}

}  // namespace attnviz
