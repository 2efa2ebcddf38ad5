#include "core/analysis/combined_rows.h"

#include <algorithm>

namespace attnviz {
namespace {

constexpr int kBlockWeights = 1 << 15;

void join(HeadCombine combine, bool first, std::span<const float> row, std::span<double> joined) {
    for (std::size_t key = 0; key < row.size(); ++key) {
        const double weight = row[key];
        double& cell = joined[key];
        if (first)
            cell = weight;
        else if (combine == HeadCombine::max)
            cell = std::max(cell, weight);
        else if (combine == HeadCombine::min)
            cell = std::min(cell, weight);
        else
            cell += weight;
    }
}

void hideUnseen(const AttentionInfo& info, KeyRange range, std::span<double> row) {
    std::fill(row.begin(), row.begin() + range.begin, 0.0);
    std::fill(row.begin() + range.end, row.end(), 0.0);
    for (const int key : info.visibility.maskedKeys()) row[static_cast<std::size_t>(key)] = 0;
}

}  // namespace

Result<void> eachCombinedRow(const AttentionSource& source, int layer, std::span<const int> heads,
                             HeadCombine combine, int begin, int end, std::stop_token stop,
                             const std::function<void(int, std::span<double>)>& visit) {
    const AttentionInfo& info = source.info();
    const auto keys = static_cast<std::size_t>(info.keys);
    const int block = std::clamp(kBlockWeights / std::max(1, info.keys), 1, std::max(1, end - begin));
    std::vector<float> rows(static_cast<std::size_t>(block) * keys);
    std::vector<double> joined(rows.size());
    for (int query = begin; query < end; query += block) {
        const int count = std::min(block, end - query);
        const auto size = static_cast<std::size_t>(count) * keys;
        for (std::size_t head = 0; head < heads.size(); ++head) {
            if (stop.stop_requested()) return cancelled();
            auto read = source.rows({layer, heads[head]}, query, count, std::span(rows).first(size), stop);
            if (!read) return read.error();
            join(combine, head == 0, std::span<const float>(rows).first(size), std::span(joined).first(size));
        }
        if (combine == HeadCombine::mean)
            for (auto& weight : std::span(joined).first(size)) weight /= static_cast<double>(heads.size());
        for (int i = 0; i < count; ++i) {
            const auto row = std::span(joined).subspan(static_cast<std::size_t>(i) * keys, keys);
            hideUnseen(info, source.visible(layer, query + i), row);
            visit(query + i, row);
        }
    }
    return {};
}

}  // namespace attnviz
