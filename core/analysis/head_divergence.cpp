#include "core/analysis/head_divergence.h"

#include <algorithm>
#include <limits>

#include "core/analysis/layer_pass.h"
#include "core/analysis/math/jensen_shannon.h"
#include "core/base/readable.h"
#include "core/base/system_memory.h"

namespace attnviz {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kBlockWeights = std::size_t{8} << 20;  // of float64: 64 MB
constexpr std::size_t kFewestRows = 8;

std::size_t index(int value) {
    return static_cast<std::size_t>(value);
}

struct ComparedRow {
    int query = 0;
    KeyRange keys;  // that any chosen layer sees
};

std::vector<ComparedRow> comparedRows(const AttentionSource& source, const std::vector<HeadGroup>& groups) {
    std::vector<int> layers;
    for (const auto& group : groups)
        if (layers.empty() || layers.back() != group.layer) layers.push_back(group.layer);
    std::vector<ComparedRow> rows;
    for (int query = 0; query < source.info().queries; ++query) {
        ComparedRow row{query, {source.info().keys, 0}};
        int most = 0;
        for (const int layer : layers) {
            const KeyRange range = source.visible(layer, query);
            most = std::max(most, source.info().visibility.visibleCount(layer, query));
            row.keys.begin = std::min(row.keys.begin, range.begin);
            row.keys.end = std::max(row.keys.end, range.end);
        }
        if (most >= 2) rows.push_back(row);
    }
    return rows;
}

// So many evenly spaced rows that all pairs of them stay within the budget.
std::vector<ComparedRow> affordable(std::vector<ComparedRow> rows, std::size_t groups, std::int64_t budget) {
    std::int64_t cells = 0;
    for (const auto& row : rows) cells += row.keys.size();
    const auto pairs = static_cast<double>(groups) * (static_cast<double>(groups) - 1) / 2;
    const double share = static_cast<double>(budget) / std::max(1.0, pairs * static_cast<double>(cells));
    if (share >= 1) return rows;
    const auto count = std::clamp(static_cast<std::size_t>(share * static_cast<double>(rows.size())),
                                  std::min(kFewestRows, rows.size()), rows.size());
    std::vector<ComparedRow> some;
    for (std::size_t i = 0; i < count; ++i) some.push_back(rows[(2 * i + 1) * rows.size() / (2 * count)]);
    return some;
}

// The rows of all groups for a few queries, as distributions, with sum p ln p of each.
class RowBlock {
 public:
    RowBlock(const AttentionSource& source, const std::vector<HeadGroup>& groups, std::size_t rows)
        : m_source(source),
          m_groups(groups),
          m_width(index(source.info().keys)),
          m_rows(rows),
          m_weights(groups.size() * rows * m_width),
          m_logSums(groups.size() * rows) {}

    // Reads one group's rows; groups are read by several threads.
    Result<void> read(std::size_t group, std::span<const ComparedRow> rows, const std::stop_token& stop) {
        const auto own = std::span(m_weights).subspan(group * m_rows * m_width, m_rows * m_width);
        std::fill(own.begin(), own.end(), 0.0);
        std::vector<float> read;
        for (std::size_t first = 0; first < rows.size();) {
            // Neighbouring queries are read together: quicker where they are recomputed.
            std::size_t last = first + 1;
            while (last < rows.size() && rows[last].query == rows[last - 1].query + 1) ++last;
            const auto count = static_cast<int>(last - first);
            read.resize(index(count) * m_width);
            for (const int head : m_groups[group].heads) {
                auto done =
                    m_source.rows({m_groups[group].layer, head}, rows[first].query, count, read, stop);
                if (!done) return done;
                for (std::size_t cell = 0; cell < read.size(); ++cell)
                    own[first * m_width + cell] += std::max(0.0, static_cast<double>(read[cell]));
            }
            first = last;
        }
        for (std::size_t row = 0; row < rows.size(); ++row)
            normalize(group, row, m_groups[group].layer, rows[row]);
        return {};
    }

    bool empty(std::size_t group, std::size_t row) const {
        return m_logSums[group * m_rows + row] != m_logSums[group * m_rows + row];
    }
    double divergence(std::size_t left, std::size_t right, std::size_t row, KeyRange keys) const {
        return jensenShannon(m_logSums[left * m_rows + row], m_logSums[right * m_rows + row],
                             mixtureLogSum(part(left, row, keys), part(right, row, keys)));
    }

 private:
    std::span<const double> part(std::size_t group, std::size_t row, KeyRange keys) const {
        return std::span(m_weights).subspan((group * m_rows + row) * m_width + index(keys.begin),
                                            index(keys.size()));
    }
    void normalize(std::size_t group, std::size_t row, int layer, const ComparedRow& compared) {
        const auto weights = std::span(m_weights).subspan((group * m_rows + row) * m_width, m_width);
        const KeyRange seen = m_source.visible(layer, compared.query);
        std::fill(weights.begin(), weights.begin() + seen.begin, 0.0);
        std::fill(weights.begin() + seen.end, weights.end(), 0.0);
        for (const int key : m_source.info().visibility.maskedKeys()) weights[index(key)] = 0;
        double sum = 0;
        for (const double weight : weights) sum += weight;
        for (double& weight : weights) weight = sum > 0 ? weight / sum : 0;
        const auto whole = part(group, row, compared.keys);
        m_logSums[group * m_rows + row] = sum > 0 ? mixtureLogSum(whole, whole) : kNone;
    }

    const AttentionSource& m_source;
    const std::vector<HeadGroup>& m_groups;
    std::size_t m_width, m_rows;
    std::vector<double> m_weights;  // (group, row, key)
    std::vector<double> m_logSums;  // (group, row); NaN: the row gives nothing
};

}  // namespace

std::vector<HeadGroup> singleHeads(const std::vector<int>& layers, const std::vector<int>& heads) {
    std::vector<HeadGroup> groups;
    for (const int layer : layers)
        for (const int head : heads) groups.push_back({layer, {head}});
    return groups;
}

std::vector<HeadGroup> layerMeans(const std::vector<int>& layers, const std::vector<int>& heads) {
    std::vector<HeadGroup> groups;
    groups.reserve(layers.size());
    for (const int layer : layers) groups.push_back({layer, heads});
    return groups;
}

Result<HeadDivergences> headDivergences(const AttentionSource& source, const std::vector<HeadGroup>& groups,
                                        const DivergenceOptions& options, const ProgressSink& progress,
                                        std::stop_token stop) {
    const std::size_t count = groups.size();
    const auto bytes = static_cast<std::int64_t>(count * count * (sizeof(double) + sizeof(int)) +
                                                 kBlockWeights * sizeof(double));
    if (bytes > availableMemoryBytes() * 8 / 10)
        return outOfMemory(
            "comparing " + std::to_string(count) + " heads with one another takes " + readableBytes(bytes),
            {}, "Choose fewer layers or heads");
    auto eligible = comparedRows(source, groups);
    HeadDivergences found;
    found.groups = static_cast<int>(count);
    found.rowsOfText = static_cast<int>(eligible.size());
    const auto rows = affordable(std::move(eligible), count, options.cells);
    found.rows = static_cast<int>(rows.size());
    found.values.assign(count * count, 0.0);
    std::vector<int> compared(count * count, 0);

    const std::size_t perRow = count * index(source.info().keys);
    const std::size_t height = std::clamp<std::size_t>(kBlockWeights / std::max<std::size_t>(1, perRow), 1,
                                                       std::max<std::size_t>(1, rows.size()));
    RowBlock block(source, groups, height);
    const auto tasks = static_cast<int>(count);
    for (std::size_t first = 0; first < rows.size(); first += height) {
        const auto some = std::span(rows).subspan(first, std::min(height, rows.size() - first));
        auto read = inParallel(tasks, tasks, "", {}, stop, [&](int group, std::stop_token inner) {
            return block.read(index(group), some, inner);
        });
        if (!read) return read.error();
        auto done =
            inParallel(tasks, tasks, "", {}, stop, [&](int group, std::stop_token inner) -> Result<void> {
                const std::size_t left = index(group);
                for (std::size_t row = 0; row < some.size(); ++row) {
                    if (inner.stop_requested()) return cancelled();
                    if (block.empty(left, row)) continue;
                    for (std::size_t right = left + 1; right < count; ++right) {
                        if (block.empty(right, row)) continue;
                        found.values[left * count + right] +=
                            block.divergence(left, right, row, some[row].keys);
                        ++compared[left * count + right];
                    }
                }
                return {};
            });
        if (!done) return done.error();
        if (progress)
            progress({"Comparing " + std::to_string(count) + " heads, row " +
                          std::to_string(first + some.size()) + " of " + std::to_string(rows.size()),
                      static_cast<double>(first + some.size()) / static_cast<double>(rows.size())});
    }
    for (std::size_t left = 0; left < count; ++left)
        for (std::size_t right = left + 1; right < count; ++right) {
            double& value = found.values[left * count + right];
            const int times = compared[left * count + right];
            value = times > 0 ? value / times : kNone;
            found.values[right * count + left] = value;
        }
    return found;
}

}  // namespace attnviz
