#include "core/analysis/importance.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/analysis/combined_rows.h"
#include "core/analysis/flow.h"
#include "core/analysis/layer_pass.h"
#include "core/analysis/rollout.h"

namespace attnviz {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// Means over the layers in which the key can be seen.
class LayerMeans {
 public:
    explicit LayerMeans(std::size_t keys) : m_sums(keys, 0.0), m_layers(keys, 0) {}
    void add(std::size_t key, double value) {
        if (std::isnan(value)) return;
        m_sums[key] += value;
        ++m_layers[key];
    }
    std::vector<double> values() const {
        std::vector<double> means;
        for (std::size_t key = 0; key < m_sums.size(); ++key)
            means.push_back(m_layers[key] > 0 ? m_sums[key] / m_layers[key] : kNone);
        return means;
    }

 private:
    std::vector<double> m_sums;
    std::vector<int> m_layers;
};

Result<std::vector<double>> incoming(const AttentionSource& source, const std::vector<int>& layers,
                                     const std::vector<int>& heads, std::optional<int> query,
                                     const std::stop_token& stop) {
    const AttentionInfo& info = source.info();
    LayerMeans means(static_cast<std::size_t>(info.keys));
    for (const int layer : layers) {
        if (stop.stop_requested()) return cancelled();
        if (!query) {
            const LayerFlow flow = layerFlow(source, layer, heads);
            for (std::size_t key = 0; key < flow.incomingShare.size(); ++key)
                means.add(key, flow.incomingShare[key]);
            continue;
        }
        auto read = eachCombinedRow(source, layer, heads, HeadCombine::mean, *query, *query + 1, stop,
                                    [&](int, std::span<double> row) {
                                        for (std::size_t key = 0; key < row.size(); ++key)
                                            if (info.visibility.sees(layer, *query, static_cast<int>(key)))
                                                means.add(key, row[key]);
                                    });
        if (!read) return read.error();
    }
    return means.values();
}

Result<std::vector<double>> rolledOut(const AttentionSource& source, const std::vector<int>& layers,
                                      const std::vector<int>& heads, std::optional<int> query,
                                      const ProgressSink& progress, std::stop_token stop) {
    const auto queries = static_cast<std::size_t>(source.info().queries);
    std::vector<double> shares(queries, query ? 0.0 : 1.0 / static_cast<double>(queries));
    if (query) shares[static_cast<std::size_t>(*query)] = 1;
    RolloutOptions options;
    options.layer = *std::max_element(layers.begin(), layers.end());
    options.heads = heads;
    auto scores = rolloutOf(source, std::move(shares), options, progress, std::move(stop));
    if (!scores) return scores.error();
    for (const int key : source.info().visibility.maskedKeys())
        (*scores)[static_cast<std::size_t>(key)] = kNone;
    return scores;
}

}  // namespace

std::string_view importanceMethodName(ImportanceMethod method) {
    return method == ImportanceMethod::incoming ? "incoming" : "rollout";
}

Result<TokenImportance> tokenImportance(const AttentionSource& source, const ImportanceOptions& options,
                                        const ProgressSink& progress, std::stop_token stop) {
    const auto layers = chosenLayers(source, options.layers), heads = chosenHeads(source, options.heads);
    TokenImportance found{options.method, options.query, {}, {}};
    const bool rollout = options.method == ImportanceMethod::rollout;
    if (rollout && !found.query && source.info().visibility.causal()) found.query = source.info().queries - 1;
    auto scores = rollout ? rolledOut(source, layers, heads, found.query, progress, std::move(stop))
                          : incoming(source, layers, heads, found.query, stop);
    if (!scores) return scores.error();
    found.scores = std::move(*scores);
    for (std::size_t key = 0; key < found.scores.size(); ++key)
        if (!std::isnan(found.scores[key])) found.ranking.push_back(static_cast<int>(key));
    std::stable_sort(found.ranking.begin(), found.ranking.end(), [&](int a, int b) {
        return found.scores[static_cast<std::size_t>(a)] > found.scores[static_cast<std::size_t>(b)];
    });
    return found;
}

}  // namespace attnviz
