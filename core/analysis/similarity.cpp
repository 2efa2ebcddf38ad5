#include "core/analysis/similarity.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/analysis/combined_rows.h"
#include "core/analysis/layer_pass.h"
#include "core/base/readable.h"
#include "core/base/system_memory.h"

namespace attnviz {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kBlockWeights = std::size_t{4} << 20;  // of float64: 32 MB
constexpr int kStripe = 32;                                  // maps whose products one thread takes

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Products of all pairs of maps, lower half; blocks of rows are read by groups and multiplied by stripes of
// them, always in the same order, so that the numbers do not depend on the threads.
Result<RowMajor> products(const AttentionSource& source, const std::vector<HeadGroup>& groups,
                          const ProgressSink& progress, const std::stop_token& stop) {
    const auto count = static_cast<int>(groups.size());
    const int queries = source.info().queries, keys = source.info().keys;
    const auto perRow = groups.size() * static_cast<std::size_t>(keys);
    const int height =
        std::clamp(static_cast<int>(kBlockWeights / std::max<std::size_t>(1, perRow)), 1, queries);
    RowMajor sums = RowMajor::Zero(count, count), block(count, static_cast<Eigen::Index>(height) * keys);
    for (int first = 0; first < queries; first += height) {
        const int last = std::min(queries, first + height);
        const Eigen::Index cells = static_cast<Eigen::Index>(last - first) * keys;
        auto read = inParallel(count, count, "", {}, stop, [&](int group, std::stop_token inner) {
            const HeadGroup& one = groups[static_cast<std::size_t>(group)];
            return eachCombinedRow(source, one.layer, one.heads, HeadCombine::mean, first, last, inner,
                                   [&](int query, std::span<double> row) {
                                       std::copy(
                                           row.begin(), row.end(),
                                           &block(group, static_cast<Eigen::Index>(query - first) * keys));
                                   });
        });
        if (!read) return read.error();
        const int stripes = (count + kStripe - 1) / kStripe;
        auto done =
            inParallel(stripes, stripes, "", {}, stop, [&](int stripe, std::stop_token) -> Result<void> {
                const int begin = stripe * kStripe, end = std::min(count, begin + kStripe);
                const auto all = block.leftCols(cells);
                sums.block(begin, 0, end - begin, end).noalias() +=
                    all.middleRows(begin, end - begin) * all.topRows(end).transpose();
                return {};
            });
        if (!done) return done.error();
        if (progress)
            progress({"Comparing maps, row " + std::to_string(last) + " of " + std::to_string(queries),
                      static_cast<double>(last) / queries});
    }
    return sums;
}

std::vector<double> cosines(const RowMajor& products) {
    const Eigen::Index count = products.rows();
    std::vector<double> values(static_cast<std::size_t>(count * count));
    for (Eigen::Index i = 0; i < count; ++i)
        for (Eigen::Index j = 0; j <= i; ++j) {
            const double lengths = std::sqrt(products(i, i)) * std::sqrt(products(j, j));
            const double cosine = !(lengths > 0) ? kNone
                                  : i == j       ? 1.0
                                                 : std::clamp(products(i, j) / lengths, -1.0, 1.0);
            values[static_cast<std::size_t>(i * count + j)] = cosine;
            values[static_cast<std::size_t>(j * count + i)] = cosine;
        }
    return values;
}

}  // namespace

std::string_view similarityMetricName(SimilarityMetric metric) {
    return metric == SimilarityMetric::cosine ? "cosine" : "js";
}

std::string Similarity::label(std::size_t item) const {
    const HeadId head = items[item];
    const std::string layer = std::to_string(head.layer);
    return head.head < 0 ? layer : layer + "." + std::to_string(head.head);
}

Result<Similarity> similarity(const AttentionSource& source, const SimilarityOptions& options,
                              const ProgressSink& progress, std::stop_token stop) {
    const auto layers = chosenLayers(source, options.layers), heads = chosenHeads(source, options.heads);
    const auto groups = options.betweenHeads ? singleHeads(layers, heads) : layerMeans(layers, heads);
    Similarity found{options.betweenHeads, options.metric, {}, {}, 0, 0};
    for (const auto& group : groups)
        found.items.push_back({group.layer, options.betweenHeads ? group.heads.front() : -1});
    if (options.metric == SimilarityMetric::jensenShannon) {
        auto divergences = headDivergences(source, groups, options.divergence, progress, std::move(stop));
        if (!divergences) return divergences.error();
        found.values = std::move(divergences->values);
        found.rows = divergences->rows;
        found.rowsOfText = divergences->rowsOfText;
        return found;
    }
    const auto bytes = static_cast<std::int64_t>(2 * groups.size() * groups.size() * sizeof(double)) +
                       static_cast<std::int64_t>(kBlockWeights * sizeof(double));
    if (bytes > availableMemoryBytes() * 8 / 10)
        return outOfMemory("comparing " + std::to_string(groups.size()) + " maps with one another takes " +
                               readableBytes(bytes),
                           {}, "Choose fewer layers or heads");
    const auto sums = products(source, groups, progress, stop);
    if (!sums) return sums.error();
    found.values = cosines(*sums);
    found.rows = found.rowsOfText = source.info().queries;
    return found;
}

}  // namespace attnviz
