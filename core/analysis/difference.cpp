#include "core/analysis/difference.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "core/analysis/combined_rows.h"
#include "core/analysis/head_measure.h"
#include "core/analysis/layer_pass.h"
#include "core/exporting/selected_attention.h"

namespace attnviz {
namespace {

constexpr int kBlockWeights = 1 << 16;

std::size_t index(int value) {
    return static_cast<std::size_t>(value);
}

std::vector<std::string> textsOf(std::vector<AxisLabel> labels) {
    std::vector<std::string> texts;
    texts.reserve(labels.size());
    for (auto& label : labels) texts.push_back(std::move(label.text));
    return texts;
}

// Calls visit(pair, left row, right row) for the aligned queries in order; neighbours are read together.
Result<void> eachAlignedRow(
    const AttentionSource& left, HeadId leftHead, const AttentionSource& right, HeadId rightHead,
    const std::vector<TokenPair>& queries, const std::stop_token& stop,
    const std::function<void(const TokenPair&, std::span<const float>, std::span<const float>)>& visit) {
    const auto leftKeys = index(left.info().keys), rightKeys = index(right.info().keys);
    const auto most = index(std::max(1, kBlockWeights / static_cast<int>(std::max(leftKeys, rightKeys))));
    std::vector<float> leftRows, rightRows;
    for (std::size_t first = 0; first < queries.size();) {
        if (stop.stop_requested()) return cancelled();
        std::size_t count = 1;
        while (count < most && first + count < queries.size() &&
               queries[first + count].left == queries[first].left + static_cast<int>(count) &&
               queries[first + count].right == queries[first].right + static_cast<int>(count))
            ++count;
        leftRows.resize(count * leftKeys);
        rightRows.resize(count * rightKeys);
        const auto rows = static_cast<int>(count);
        if (auto read = left.rows(leftHead, queries[first].left, rows, leftRows, stop); !read) return read;
        if (auto read = right.rows(rightHead, queries[first].right, rows, rightRows, stop); !read)
            return read;
        for (std::size_t row = 0; row < count; ++row)
            visit(queries[first + row], std::span<const float>(leftRows).subspan(row * leftKeys, leftKeys),
                  std::span<const float>(rightRows).subspan(row * rightKeys, rightKeys));
        first += count;
    }
    return {};
}

Result<HeadDifference> headDifference(const AttentionSource& left, const AttentionSource& right, HeadId head,
                                      const RunAlignment& alignment, const std::stop_token& stop) {
    HeadMeasure measure(left, head, right, head, alignment.keys);
    auto read =
        eachAlignedRow(left, head, right, head, alignment.queries, stop,
                       [&](const TokenPair& query, std::span<const float> leftRow,
                           std::span<const float> rightRow) { measure.add(query, leftRow, rightRow); });
    if (!read) return read.error();
    return measure.value();
}

// The Python library's: means over the heads, cut to the top left corner that both have.
Result<double> croppedCosine(const AttentionSource& left, const AttentionSource& right, int layer,
                             std::span<const int> heads, const std::stop_token& stop) {
    const int queries = std::min(left.info().queries, right.info().queries);
    const auto keys = index(std::min(left.info().keys, right.info().keys));
    const int block = std::clamp(kBlockWeights / static_cast<int>(keys), 1, queries);
    std::vector<double> corner(index(block) * keys);
    double product = 0, leftSquares = 0, rightSquares = 0;
    for (int first = 0; first < queries; first += block) {
        const int last = std::min(queries, first + block);
        auto read = eachCombinedRow(left, layer, heads, HeadCombine::mean, first, last, stop,
                                    [&](int query, std::span<double> row) {
                                        std::copy_n(row.begin(), keys, &corner[index(query - first) * keys]);
                                    });
        if (!read) return read.error();
        read = eachCombinedRow(right, layer, heads, HeadCombine::mean, first, last, stop,
                               [&](int query, std::span<double> row) {
                                   for (std::size_t key = 0; key < keys; ++key) {
                                       const double a = corner[index(query - first) * keys + key];
                                       product += a * row[key];
                                       leftSquares += a * a;
                                       rightSquares += row[key] * row[key];
                                   }
                               });
        if (!read) return read.error();
    }
    return cosineOf(product, leftSquares, rightSquares);
}

std::vector<int> below(std::vector<int> indices, int count) {
    std::erase_if(indices, [&](int value) { return value >= count; });
    return indices;
}

}  // namespace

bool RunAlignment::whole(const AttentionSource& left, const AttentionSource& right) const {
    const auto all = [](const std::vector<TokenPair>& pairs, int a, int b) {
        return pairs.size() == index(a) && pairs.size() == index(b);
    };
    return all(queries, left.info().queries, right.info().queries) &&
           all(keys, left.info().keys, right.info().keys);
}

Result<RunAlignment> alignRuns(const ComparedRun& left, const ComparedRun& right, std::stop_token stop) {
    const bool leftCross = left.source.info().kind == AttentionKind::cross;
    if (leftCross != (right.source.info().kind == AttentionKind::cross))
        return unsupported("cross attention cannot be compared with a text's own attention", {},
                           "Choose the same kind of attention on both sides");
    auto keys = alignTokens(textsOf(keyLabels(left.run, left.source)),
                            textsOf(keyLabels(right.run, right.source)), stop);
    if (!keys) return keys.error();
    if (!leftCross) return RunAlignment{*keys, *keys};
    auto queries = alignTokens(textsOf(queryLabels(left.run, left.source)),
                               textsOf(queryLabels(right.run, right.source)), stop);
    if (!queries) return queries.error();
    return RunAlignment{std::move(*queries), std::move(*keys)};
}

Result<Difference> difference(const ComparedRun& left, const ComparedRun& right,
                              const DifferenceOptions& options, const ProgressSink& progress,
                              std::stop_token stop) {
    auto alignment = alignRuns(left, right, stop);
    if (!alignment) return alignment.error();
    Difference found;
    found.alignment = std::move(*alignment);
    const auto layers = below(chosenLayers(left.source, options.layers),
                              std::min(right.source.info().layers, right.source.layersReady()));
    const auto heads = below(chosenHeads(left.source, options.heads), right.source.info().heads);
    if (layers.empty() || heads.empty())
        return badInput("the two sides have none of the chosen layers and heads in common", {},
                        "Choose layers and heads that both have");
    found.layers.resize(layers.size());
    found.heads.resize(layers.size() * heads.size());
    const auto tasks = static_cast<int>(found.heads.size());
    auto done = inParallel(
        tasks, tasks, "Comparing head", progress, stop, [&](int task, std::stop_token inner) -> Result<void> {
            const HeadId head{layers[index(task) / heads.size()], heads[index(task) % heads.size()]};
            const auto compared = headDifference(left.source, right.source, head, found.alignment, inner);
            if (!compared) return compared.error();
            found.heads[index(task)] = *compared;
            return {};
        });
    if (!done) return done.error();
    done = inParallel(
        static_cast<int>(layers.size()), static_cast<int>(layers.size()), "Comparing layer", progress, stop,
        [&](int at, std::stop_token inner) -> Result<void> {
            auto cropped = croppedCosine(left.source, right.source, layers[index(at)], heads, inner);
            if (!cropped) return cropped.error();
            DefinedMean cosine, divergence;
            for (std::size_t head = 0; head < heads.size(); ++head) {
                const HeadDifference& one = found.heads[index(at) * heads.size() + head];
                cosine.add(one.cosine);
                divergence.add(one.divergence);
            }
            found.layers[index(at)] = {layers[index(at)], cosine.value(), divergence.value(), *cropped};
            return {};
        });
    if (!done) return done.error();
    return found;
}

Result<DifferenceMap> differenceMap(const AttentionSource& left, HeadId leftHead,
                                    const AttentionSource& right, HeadId rightHead,
                                    const RunAlignment& alignment, int begin, int end, std::stop_token stop) {
    DifferenceMap map;
    map.keys = jointAxis(alignment.keys, left.info().keys, right.info().keys);
    const auto all = jointAxis(alignment.queries, left.info().queries, right.info().queries);
    end = std::clamp(end, 0, static_cast<int>(all.size()));
    begin = std::clamp(begin, 0, end);
    map.queries.assign(all.begin() + begin, all.begin() + end);
    const std::size_t width = map.keys.size();
    map.values.assign(map.queries.size() * width, std::numeric_limits<float>::quiet_NaN());
    map.cells.assign(map.values.size(), DifferenceCell::alone);
    std::vector<TokenPair> pairs;
    std::vector<std::size_t> rows;
    for (std::size_t row = 0; row < map.queries.size(); ++row) {
        if (map.queries[row].left < 0 || map.queries[row].right < 0) continue;
        pairs.push_back(map.queries[row]);
        rows.push_back(row);
    }
    std::size_t at = 0;
    auto read = eachAlignedRow(
        left, leftHead, right, rightHead, pairs, stop,
        [&](const TokenPair& query, std::span<const float> leftRow, std::span<const float> rightRow) {
            const std::size_t first = rows[at++] * width;
            for (std::size_t column = 0; column < width; ++column) {
                const TokenPair& key = map.keys[column];
                if (key.left < 0 || key.right < 0) continue;
                const bool seen = left.info().visibility.sees(leftHead.layer, query.left, key.left) ||
                                  right.info().visibility.sees(rightHead.layer, query.right, key.right);
                map.values[first + column] = rightRow[index(key.right)] - leftRow[index(key.left)];
                map.cells[first + column] = seen ? DifferenceCell::both : DifferenceCell::unseen;
            }
        });
    if (!read) return read.error();
    return map;
}

}  // namespace attnviz
