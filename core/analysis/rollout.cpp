#include "core/analysis/rollout.h"

#include <Eigen/Dense>
#include <algorithm>
#include <numeric>

#include "core/analysis/combined_rows.h"
#include "core/analysis/layer_pass.h"
#include "core/analysis/rollout_rows.h"
#include "core/base/readable.h"
#include "core/base/system_memory.h"

namespace attnviz {
namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Zeroes the lowest `fraction` of the keys that the query sees, never key 0. Of equal weights the earlier
// goes first.
void discardLowest(const AttentionSource& source, int layer, int query, double fraction,
                   std::span<double> row, std::vector<int>& order) {
    const Visibility& visibility = source.info().visibility;
    order.clear();
    const KeyRange range = source.visible(layer, query);
    for (int key = std::max(1, range.begin); key < range.end; ++key)
        if (!visibility.masked(key)) order.push_back(key);
    const auto count = static_cast<std::size_t>(fraction * visibility.visibleCount(layer, query));
    const auto last = order.begin() + static_cast<std::ptrdiff_t>(std::min(count, order.size()));
    std::partial_sort(order.begin(), last, order.end(), [&](int a, int b) {
        const double left = row[static_cast<std::size_t>(a)], right = row[static_cast<std::size_t>(b)];
        return left != right ? left < right : a < b;
    });
    std::for_each(order.begin(), last, [&](int key) { row[static_cast<std::size_t>(key)] = 0; });
}

void report(const ProgressSink& progress, int done, int count) {
    if (progress)
        progress({"Rolling out layer " + std::to_string(done) + " of " + std::to_string(count),
                  static_cast<double>(done) / count});
}

}  // namespace

Result<RolloutOptions> checkedRollout(const AttentionSource& source, RolloutOptions options) {
    if (!source.info().square())
        return unsupported("rollout multiplies the layers of one text, and cross attention joins two", {},
                           "Choose the encoder's or the decoder's own attention");
    if (options.layer < 0) options.layer = std::min(source.info().layers, source.layersReady()) - 1;
    options.heads = chosenHeads(source, options.heads);
    if (options.startLayer > options.layer)
        return badInput("rollout cannot start at layer " + std::to_string(options.startLayer) +
                            " and end at layer " + std::to_string(options.layer),
                        {}, "Start at the last layer of the rollout or below");
    return options;
}

Result<void> eachMixedRow(const AttentionSource& source, int layer, const RolloutOptions& options, int begin,
                          int end, const std::stop_token& stop,
                          const std::function<void(int, std::span<double>)>& visit) {
    std::vector<int> order;
    return eachCombinedRow(source, layer, options.heads, options.combine, begin, end, stop,
                           [&](int query, std::span<double> row) {
                               if (options.discard > 0)
                                   discardLowest(source, layer, query, options.discard, row, order);
                               row[static_cast<std::size_t>(query)] += 1;
                               const double sum = std::accumulate(row.begin(), row.end(), 0.0);
                               for (auto& weight : row) weight /= sum;
                               visit(query, row);
                           });
}

Result<FloatMatrix> rollout(const AttentionSource& source, const RolloutOptions& asked,
                            const ProgressSink& progress, std::stop_token stop) {
    const auto options = checkedRollout(source, asked);
    if (!options) return options.error();
    const int tokens = source.info().queries;
    const std::int64_t bytes = std::int64_t{3} * 4 * tokens * tokens;
    if (bytes > availableMemoryBytes() * 8 / 10)
        return outOfMemory("a rollout of " + std::to_string(tokens) + " tokens takes " + readableBytes(bytes),
                           {}, "Ask for the row of one token");
    constexpr int kRows = 64;
    const int blocks = (tokens + kRows - 1) / kRows, layers = options->layer - options->startLayer + 1;
    Matrix below = Matrix::Identity(tokens, tokens), above(tokens, tokens);
    for (int layer = options->startLayer; layer <= options->layer; ++layer) {
        auto done =
            inParallel(blocks, 64, "", {}, stop, [&](int block, std::stop_token inner) -> Result<void> {
                const int begin = block * kRows, end = std::min(tokens, begin + kRows);
                Matrix mixed(end - begin, tokens);
                auto read = eachMixedRow(
                    source, layer, *options, begin, end, inner, [&](int query, std::span<double> row) {
                        std::copy(row.begin(), row.end(), mixed.row(query - begin).data());
                    });
                if (!read) return read.error();
                above.middleRows(begin, end - begin).noalias() = mixed * below;
                return {};
            });
        if (!done) return done.error();
        below.swap(above);
        report(progress, layer - options->startLayer + 1, layers);
    }
    return FloatMatrix{tokens, tokens, {below.data(), below.data() + below.size()}};
}

Result<std::vector<double>> rolloutRow(const AttentionSource& source, int query,
                                       const RolloutOptions& options, const ProgressSink& progress,
                                       std::stop_token stop) {
    std::vector<double> shares(static_cast<std::size_t>(source.info().queries), 0.0);
    shares[static_cast<std::size_t>(query)] = 1;
    return rolloutOf(source, std::move(shares), options, progress, std::move(stop));
}

Result<std::vector<double>> rolloutOf(const AttentionSource& source, std::vector<double> queryShares,
                                      const RolloutOptions& asked, const ProgressSink& progress,
                                      std::stop_token stop) {
    const auto options = checkedRollout(source, asked);
    if (!options) return options.error();
    const auto tokens = static_cast<std::size_t>(source.info().queries);
    const int layers = options->layer - options->startLayer + 1;
    std::vector<double> row = std::move(queryShares), next(tokens);
    for (int layer = options->layer; layer >= options->startLayer; --layer) {
        std::fill(next.begin(), next.end(), 0.0);
        const auto add = [&](int from, std::span<double> mixed) {
            const double share = row[static_cast<std::size_t>(from)];
            for (std::size_t key = 0; key < tokens; ++key) next[key] += share * mixed[key];
        };
        // Only rows that the token draws from are read: a causal model's later ones are not.
        std::size_t begin = 0;
        while (begin < tokens) {
            if (row[begin] == 0) {
                ++begin;
                continue;
            }
            std::size_t end = begin;
            while (end < tokens && row[end] != 0) ++end;
            auto read = eachMixedRow(source, layer, *options, static_cast<int>(begin), static_cast<int>(end),
                                     stop, add);
            if (!read) return read.error();
            begin = end;
        }
        row.swap(next);
        report(progress, options->layer - layer + 1, layers);
    }
    return row;
}

}  // namespace attnviz
