#include "core/analysis/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>

#include "core/analysis/layer_pass.h"

namespace attnviz {
namespace {

constexpr double kTiny = 1e-12;
constexpr float kSparseBelow = 0.01F;
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

double meanOf(double sum, double count) {
    return count > 0 ? sum / count : kNone;
}

// Sums over a block, from which all of its numbers but the spread follow; blocks add up.
struct Sums {
    double cells = 0, sum = 0, squares = 0, logs = 0, sparse = 0, max = -kInfinity, min = kInfinity;
    double rows = 0, entropy = 0, effective = 0, distance = 0, normalizedRows = 0, normalized = 0;
    double visible = 0, visibleSparse = 0, minVisible = kInfinity;
    WeightHistogram histogram;

    // Cells that the query may not see: nothing but the compatible numbers counts them.
    void addMasked(std::span<const float> weights) {
        static const double kLogOfZero = kTiny * std::log(kTiny);
        if (weights.empty()) return;
        cells += static_cast<double>(weights.size());
        std::uint32_t any = 0;
        for (const float weight : weights) any |= std::bit_cast<std::uint32_t>(weight) & 0x7FFFFFFFU;
        if (any == 0) {
            logs += static_cast<double>(weights.size()) * kLogOfZero;
            sparse += static_cast<double>(weights.size());
            max = std::max(max, 0.0);
            min = std::min(min, 0.0);
            return;
        }
        for (const float weight : weights) {
            const double moved = weight + kTiny;
            sum += weight;
            squares += static_cast<double>(weight) * weight;
            logs += moved > 0 ? moved * std::log(moved) : 0;
            sparse += weight < kSparseBelow;
            max = std::max(max, static_cast<double>(weight));
            min = std::min(min, static_cast<double>(weight));
        }
    }

    struct Row {
        double entropy = 0, distance = 0;
    };
    void addVisible(std::span<const float> weights, int query, int firstKey, float sparseBelow, Row& row) {
        static const double kLogOfZero = kTiny * std::log(kTiny);
        int key = firstKey;
        for (const float weight : weights) {
            const double value = weight;
            sum += value;
            squares += value * value;
            sparse += weight < kSparseBelow;
            visibleSparse += weight < sparseBelow;
            max = std::max(max, value);
            minVisible = std::min(minVisible, value);
            if (value > 0) {
                const double log = std::log(value);
                row.entropy -= value * log;
                row.distance += value * std::abs(query - key);
                // (x + e) ln(x + e) to the first order in e; what is left out is e^2 / 2x, below 1e-18.
                logs += value >= 1e-6 ? value * log + kTiny * (log + 1)
                                      : (value + kTiny) * std::log(value + kTiny);
                histogram.add(value, log);
            } else {
                const double moved = value + kTiny;
                logs += value == 0 ? kLogOfZero : moved > 0 ? moved * std::log(moved) : 0;
                ++histogram.below;
            }
            ++key;
        }
        min = std::min(min, minVisible);
        cells += static_cast<double>(weights.size());
        visible += static_cast<double>(weights.size());
    }

    void endRow(const Row& row, int count) {
        if (count == 0) return;
        ++rows;
        entropy += row.entropy;
        effective += std::exp(row.entropy);
        distance += row.distance;
        if (count < 2) return;
        ++normalizedRows;
        normalized += row.entropy / std::log(static_cast<double>(count));
    }

    void add(const Sums& other) {
        for (const auto member :
             {&Sums::cells, &Sums::sum, &Sums::squares, &Sums::logs, &Sums::sparse, &Sums::rows,
              &Sums::entropy, &Sums::effective, &Sums::distance, &Sums::normalizedRows, &Sums::normalized,
              &Sums::visible, &Sums::visibleSparse})
            this->*member += other.*member;
        max = std::max(max, other.max);
        min = std::min(min, other.min);
        minVisible = std::min(minVisible, other.minVisible);
        histogram.add(other.histogram);
    }

    BlockStatistics finish(bool square) const {
        BlockStatistics block;
        const double mean = meanOf(sum, cells), total = sum + cells * kTiny;
        block.compatible = {mean,
                            std::sqrt(std::max(0.0, squares / cells - mean * mean)),
                            total > 0 ? std::log(total) - logs / total : kNone,
                            meanOf(sparse, cells),
                            max,
                            min};
        block.corrected.rowEntropy = meanOf(entropy, rows);
        block.corrected.normalizedRowEntropy = meanOf(normalized, normalizedRows);
        block.corrected.effectiveTokens = meanOf(effective, rows);
        block.corrected.visibleSparsity = meanOf(visibleSparse, visible);
        block.corrected.minVisible = visible > 0 ? minVisible : kNone;
        block.corrected.meanDistance = square ? meanOf(distance, rows) : kNone;
        block.histogram = histogram;
        return block;
    }
};

// Feeds one row; calls `take` with each stretch of visible cells.
template <class Take>
void addRow(Sums& sums, const AttentionSource& source, int layer, int query, std::span<const float> row,
            float sparseBelow, const Take& take) {
    const Visibility& visibility = source.info().visibility;
    const KeyRange range = source.visible(layer, query);
    const auto part = [&](int begin, int end) {
        return row.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
    };
    Sums::Row moments;
    const auto see = [&](int begin, int end) {
        if (begin == end) return;
        sums.addVisible(part(begin, end), query, begin, sparseBelow, moments);
        take(part(begin, end));
    };
    sums.addMasked(part(0, range.begin));
    int begin = range.begin;
    const auto& padding = visibility.maskedKeys();
    for (auto key = std::lower_bound(padding.begin(), padding.end(), range.begin);
         key != padding.end() && *key < range.end; ++key) {
        see(begin, *key);
        sums.addMasked(part(*key, *key + 1));
        begin = *key + 1;
    }
    see(begin, range.end);
    sums.addMasked(part(range.end, static_cast<int>(row.size())));
    sums.endRow(moments, visibility.visibleCount(layer, query));
}

std::int64_t visibleCells(const AttentionSource& source, int layer) {
    std::int64_t cells = 0;
    for (int query = 0; query < source.info().queries; ++query)
        cells += source.info().visibility.visibleCount(layer, query);
    return cells;
}

// What one layer's pass leaves for the whole: its heads' numbers, its own, its cells or their histogram.
struct LayerPass {
    std::vector<BlockStatistics> heads;
    BlockStatistics layer;
    Sums sums;
    std::vector<std::uint32_t> cells;  // where everything together is exact
};

}  // namespace

Result<AttentionStatistics> attentionStatistics(const AttentionSource& source,
                                                const StatisticsOptions& options,
                                                const ProgressSink& progress, std::stop_token stop) {
    const bool square = source.info().kind != AttentionKind::cross;
    AttentionStatistics statistics;
    statistics.layers = chosenLayers(source, options.layers);
    statistics.heads = chosenHeads(source, options.heads);
    const auto layerCount = static_cast<int>(statistics.layers.size());
    const auto headCount = static_cast<std::int64_t>(statistics.heads.size());
    const auto sparseBelow = static_cast<float>(options.sparseBelow);

    std::vector<std::int64_t> headCells;
    std::int64_t allCells = 0, mostKept = 1;
    for (const int layer : statistics.layers) {
        headCells.push_back(visibleCells(source, layer));
        const std::int64_t layerCells = headCells.back() * headCount;
        allCells += layerCells;
        mostKept = std::max(mostKept, layerCells <= options.exactCells         ? layerCells
                                      : headCells.back() <= options.exactCells ? headCells.back()
                                                                               : 1);
    }
    const bool exact = allCells <= options.exactCells;
    const int threads = static_cast<int>(std::clamp<std::int64_t>((std::int64_t{1} << 26) / mostKept, 1, 64));

    std::vector<LayerPass> passes(statistics.layers.size());
    FineHistogram everything;
    std::mutex mutex;  // guards `everything`
    const auto work = [&](int index, std::stop_token stopped) -> Result<void> {
        const auto at = static_cast<std::size_t>(index);
        const int layer = statistics.layers[at];
        const std::int64_t cells = headCells[at];
        const bool layerExact = cells * headCount <= options.exactCells,
                   headExact = cells <= options.exactCells;
        LayerPass& pass = passes[at];
        std::vector<std::uint32_t> keys, scratch;
        keys.reserve(static_cast<std::size_t>(layerExact ? cells * headCount : headExact ? cells : 0));
        FineHistogram layerHistogram;
        for (const int head : statistics.heads) {
            Sums sums;
            FineHistogram headHistogram;
            if (!layerExact) keys.clear();
            const std::size_t first = keys.size();
            auto read = eachRow(source, {layer, head}, stopped, [&](int query, std::span<const float> row) {
                addRow(sums, source, layer, query, row, sparseBelow, [&](std::span<const float> visible) {
                    for (const float weight : visible) {
                        const std::uint32_t key = orderedKey(weight);
                        if (headExact) keys.push_back(key);
                        if (!headExact) headHistogram.add(key);
                        if (!exact) layerHistogram.add(key);
                    }
                });
            });
            if (!read) return read.error();
            BlockStatistics block = sums.finish(square);
            block.corrected.approximate = !headExact;
            if (headExact) {
                scratch.resize(std::max(scratch.size(), keys.size() - first));
                const auto part = std::span(keys).subspan(first);
                sortKeys(part, scratch);
                block.corrected.spread = spreadOf(part);
            } else {
                block.corrected.spread = headHistogram.spread();
            }
            pass.heads.push_back(block);
            pass.sums.add(sums);
        }
        pass.layer = pass.sums.finish(square);
        pass.layer.corrected.approximate = !layerExact;
        if (layerExact) {
            scratch.resize(keys.size());
            sortKeys(keys, scratch);
            pass.layer.corrected.spread = spreadOf(keys);
        } else {
            pass.layer.corrected.spread = layerHistogram.spread();
        }
        if (exact) {
            pass.cells = std::move(keys);
            return {};
        }
        const std::scoped_lock lock(mutex);
        everything.add(layerHistogram);
        return {};
    };
    if (auto done = inParallel(layerCount, threads, "Counting layer", progress, stop, work); !done)
        return done.error();

    Sums all;
    std::vector<std::uint32_t> keys;
    for (auto& pass : passes) {
        all.add(pass.sums);
        statistics.layerBlocks.push_back(pass.layer);
        statistics.headBlocks.insert(statistics.headBlocks.end(), pass.heads.begin(), pass.heads.end());
        keys.insert(keys.end(), pass.cells.begin(), pass.cells.end());
        pass.cells = {};
    }
    statistics.overall = all.finish(square);
    statistics.overall.corrected.approximate = !exact;
    if (exact) {
        std::vector<std::uint32_t> scratch(keys.size());
        sortKeys(keys, scratch);
        statistics.overall.corrected.spread = spreadOf(keys);
    } else {
        statistics.overall.corrected.spread = everything.spread();
    }
    return statistics;
}

}  // namespace attnviz
