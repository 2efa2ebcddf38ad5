#include "core/analysis/sankey_graph.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/analysis/layer_pass.h"
#include "core/attention/filtered_attention.h"

namespace attnviz {
namespace {

constexpr double kNothing = 1e-9;  // of a share of one: rounding, no flow
constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

std::size_t at(int index) {
    return static_cast<std::size_t>(index);
}

// The tokens with the largest scores, ascending; `always` among them. Zero scores count only where there is
// room for all.
std::vector<int> strongest(const std::vector<int>& tokens, const std::vector<double>& scores, int most,
                           std::vector<int> always) {
    if (std::ssize(tokens) <= most) {
        std::vector<int> all = tokens;
        all.insert(all.end(), always.begin(), always.end());
        std::ranges::sort(all);
        all.erase(std::unique(all.begin(), all.end()), all.end());
        return all;
    }
    std::vector<int> order;
    for (const int token : tokens)
        if (scores[at(token)] > 0 && std::ranges::find(always, token) == always.end()) order.push_back(token);
    if (std::ssize(always) > most) always.resize(at(most));
    const auto room = std::min<std::ptrdiff_t>(most - std::ssize(always), std::ssize(order));
    std::partial_sort(order.begin(), order.begin() + room, order.end(), [&](int a, int b) {
        return scores[at(a)] != scores[at(b)] ? scores[at(a)] > scores[at(b)] : a < b;
    });
    always.insert(always.end(), order.begin(), order.begin() + room);
    std::ranges::sort(always);
    return always;
}

std::vector<int> seenKeys(const AttentionInfo& info) {
    std::vector<int> keys;
    for (int key = 0; key < info.keys; ++key)
        if (!info.visibility.masked(key)) keys.push_back(key);
    return keys;
}

std::vector<int> headsOf(const FlowPathOptions& path, int layer) {
    const auto chosen = path.heads.find(layer);
    return chosen == path.heads.end() ? std::vector<int>() : chosen->second;
}

// The layer's flow with its summaries made ahead, so that a person can stop it.
Result<LayerFlow> stoppableFlow(const AttentionSource& source, int layer, const std::vector<int>& heads,
                                const std::stop_token& stop) {
    const auto* filter = dynamic_cast<const FilteredAttention*>(&source);
    for (const int head : chosenHeads(source, heads)) {
        if (stop.stop_requested()) return cancelled();
        if (!filter) continue;
        if (auto done = filter->summarize({layer, head}, stop); !done) return done.error();
    }
    return layerFlow(source, layer, heads);
}

Result<std::vector<double>> incomingScores(const AttentionSource& source, const FlowPathOptions& path,
                                           const std::stop_token& stop) {
    std::vector<double> scores(at(source.info().keys), 0.0);
    for (int layer = path.firstLayer; layer <= path.lastLayer; ++layer) {
        const auto flow = stoppableFlow(source, layer, headsOf(path, layer), stop);
        if (!flow) return flow.error();
        for (std::size_t key = 0; key < scores.size(); ++key)
            if (!std::isnan(flow->incomingShare[key])) scores[key] += flow->incomingShare[key];
    }
    return scores;
}

// The kept links of the shown queries of one layer, and what they leave out.
struct Row {
    int query = 0;
    double sum = 0, keptSum = 0;
    std::vector<std::pair<int, double>> kept;  // key, weight; ascending by key
};

Result<std::vector<Row>> shownRows(const AttentionSource& source, int layer, const std::vector<int>& queries,
                                   const LinkOptions& keep, const std::stop_token& stop) {
    std::vector<Row> rows;
    if (queries.empty()) return rows;  // to eachFlowRow that would be all
    auto read = eachFlowRow(source, layer, queries, keep, stop, [&](int query, const FlowRow& row) {
        Row out{query, row.sum, row.keptSum, {}};
        for (const int key : row.kept) out.kept.emplace_back(key, row.weights[at(key)]);
        std::ranges::sort(out.kept);
        rows.push_back(std::move(out));
    });
    if (!read) return read.error();
    return rows;
}

class Builder {
 public:
    Builder(FlowKind kind, int firstLayer, int columns) {
        m_graph.kind = kind;
        m_graph.firstLayer = firstLayer;
        m_graph.columns = columns;
    }

    // Tokens are ascending. `others`: a node for all that are not among them.
    void addColumn(int column, const std::vector<int>& tokens, bool others) {
        m_first.push_back(static_cast<int>(m_graph.nodes.size()));
        for (const int token : tokens) m_graph.nodes.push_back({column, token, 0});
        m_others.push_back(others ? static_cast<int>(m_graph.nodes.size()) : -1);
        if (others) m_graph.nodes.push_back({column, -1, 0});
        m_tokens.push_back(tokens);
    }

    // -1 where the token is among the others.
    int nodeOf(int column, int token) const {
        const auto& tokens = m_tokens[at(column)];
        const auto found = std::ranges::lower_bound(tokens, token);
        return found == tokens.end() || *found != token
                   ? -1
                   : m_first[at(column)] + static_cast<int>(found - tokens.begin());
    }
    int others(int column) const { return m_others[at(column)]; }

    // `shareOf(query)` of the upper column; value of a link is share * weight / `whole(row)`.
    void addRows(int upperColumn, const std::vector<Row>& rows, const std::vector<double>* shares) {
        for (const Row& row : rows) {
            m_read += row.sum;
            m_kept += row.keptSum;
            const int upper = nodeOf(upperColumn, row.query);
            double foldedWeight = 0, foldedValue = 0;
            const double share = shares ? (*shares)[at(row.query)] : 1;
            const double whole = m_graph.kind == FlowKind::path ? row.keptSum : 1;
            for (const auto& [key, weight] : row.kept) {
                const int lower = nodeOf(upperColumn - 1, key);
                const double flows = share * weight / whole, value = flows < kNothing ? 0 : flows;
                if (lower >= 0) {
                    m_graph.links.push_back({lower, upper, weight, value});
                } else {
                    foldedWeight += weight;
                    foldedValue += value;
                }
            }
            if (foldedWeight > 0 && others(upperColumn - 1) >= 0)
                m_graph.links.push_back({others(upperColumn - 1), upper, foldedWeight, foldedValue});
        }
    }

    // Of a path: what the shown rows do not bring to a lower node comes from the others above.
    void addFromOthers(int upperColumn, const std::vector<double>& lowerShares, double allShares) {
        const int upper = others(upperColumn);
        if (upper < 0 || m_graph.nodes[at(upper)].share < kNothing) return;
        std::vector<double> brought(m_graph.nodes.size(), 0.0);
        for (const auto& link : m_graph.links)
            if (m_graph.nodes[at(link.upper)].column == upperColumn) brought[at(link.lower)] += link.value;
        double shown = 0;
        for (const int token : m_tokens[at(upperColumn - 1)]) {
            const int lower = nodeOf(upperColumn - 1, token);
            shown += lowerShares[at(token)];
            const double rest = lowerShares[at(token)] - brought[at(lower)];
            if (rest >= kNothing) m_graph.links.push_back({lower, upper, kUnknown, rest});
        }
        const int rest = others(upperColumn - 1);
        if (rest >= 0 && allShares - shown - brought[at(rest)] >= kNothing)
            m_graph.links.push_back({rest, upper, kUnknown, allShares - shown - brought[at(rest)]});
    }

    void setShares(int column, const std::vector<double>& shares) {
        double rest = std::accumulate(shares.begin(), shares.end(), 0.0);
        for (const int token : m_tokens[at(column)]) {
            m_graph.nodes[at(nodeOf(column, token))].share = shares[at(token)];
            rest -= shares[at(token)];
        }
        if (others(column) >= 0) m_graph.nodes[at(others(column))].share = rest < kNothing ? 0 : rest;
    }

    SankeyGraph finish() {
        m_graph.keptShare = m_read > 0 ? m_kept / m_read : 0;
        if (m_graph.kind == FlowKind::links) {
            std::vector<double> in(m_graph.nodes.size(), 0.0), out(in);
            for (const auto& link : m_graph.links) {
                in[at(link.lower)] += link.value;
                out[at(link.upper)] += link.value;
            }
            for (std::size_t node = 0; node < in.size(); ++node)
                m_graph.nodes[node].share = std::max(in[node], out[node]);
        }
        std::ranges::stable_sort(m_graph.links, {},
                                 [](const SankeyLink& link) { return std::pair(link.upper, link.lower); });
        return std::move(m_graph);
    }
    SankeyGraph& graph() { return m_graph; }

 private:
    SankeyGraph m_graph;
    std::vector<int> m_first, m_others;
    std::vector<std::vector<int>> m_tokens;
    double m_read = 0, m_kept = 0;
};

}  // namespace

Result<SankeyGraph> sankeyGraph(const AttentionSource& source, const SankeyOptions& options,
                                const ProgressSink& progress, std::stop_token stop) {
    auto path = checkedFlowPath(source, options.path);
    if (!path) return path.error();
    path->keep.residual = options.kind == FlowKind::rollout;
    const int columns = path->lastLayer - path->firstLayer + 2;
    const auto candidates = seenKeys(source.info());

    std::vector<std::vector<double>> shares;
    std::vector<double> scores(at(source.info().keys), 0.0);
    if (options.kind != FlowKind::links) {
        auto followed = flowShares(source, *path, progress, stop);
        if (!followed) return followed.error();
        shares = *std::move(followed);
        for (const auto& column : shares)
            for (std::size_t token = 0; token < scores.size(); ++token) scores[token] += column[token];
    } else if (std::ssize(candidates) > options.mostTokens) {
        auto incoming = incomingScores(source, *path, stop);
        if (!incoming) return incoming.error();
        scores = *std::move(incoming);
    }
    // A start of a few tokens is always seen; of many, only those that matter.
    const bool followed = options.kind != FlowKind::links;
    const bool few = followed && std::ssize(path->start) * 2 <= options.mostTokens;
    const auto tokens =
        strongest(candidates, scores, options.mostTokens, few ? path->start : std::vector<int>());
    const bool folded = std::ssize(tokens) < std::ssize(candidates);

    std::vector<std::vector<Row>> rows(at(columns - 1));
    auto read = inParallel(columns - 1, columns - 1, "Linking layer", progress, stop,
                           [&](int index, std::stop_token inner) -> Result<void> {
                               const int layer = path->firstLayer + index;
                               LinkOptions keep = path->keep;
                               keep.heads = headsOf(*path, layer);
                               auto found = shownRows(source, layer, tokens, keep, inner);
                               if (!found) return found.error();
                               rows[at(index)] = *std::move(found);
                               return {};
                           });
    if (!read) return read.error();

    Builder builder(options.kind, path->firstLayer, columns);
    for (int column = 0; column < columns; ++column) {
        // The others of the highest column have no links above, and below only where the path starts there.
        const bool top = column == columns - 1;
        builder.addColumn(column, tokens, folded && !(top && (few || !followed)));
        if (followed) builder.setShares(column, shares[at(column)]);
    }
    for (int column = 1; column < columns; ++column) {
        builder.addRows(column, rows[at(column - 1)], followed ? &shares[at(column)] : nullptr);
        if (options.kind == FlowKind::path) {
            const auto& lower = shares[at(column - 1)];
            builder.addFromOthers(column, lower, std::accumulate(lower.begin(), lower.end(), 0.0));
        }
    }
    SankeyGraph graph = builder.finish();
    graph.tokens = graph.queries = tokens;
    graph.leftOutKeys = graph.leftOutQueries =
        std::max(0, static_cast<int>(std::ssize(candidates) - std::ssize(tokens)));
    if (options.kind == FlowKind::path)
        graph.ended = std::max(0.0, 1 - std::accumulate(shares[0].begin(), shares[0].end(), 0.0));
    return graph;
}

Result<SankeyGraph> bipartiteGraph(const AttentionSource& source, const BipartiteOptions& options,
                                   std::stop_token stop) {
    const AttentionInfo& info = source.info();
    const auto keys = seenKeys(info);
    std::vector<int> queries = options.queries;
    if (queries.empty()) {
        queries.resize(at(info.queries));
        std::iota(queries.begin(), queries.end(), 0);
        // A token that is hidden or padding is no query either, where both are the same tokens.
        if (info.square()) queries = keys;
    }
    const auto all = static_cast<int>(options.queries.empty() ? std::ssize(queries) : info.queries);
    std::vector<double> keyScores(at(info.keys), 0.0), focus(at(info.queries), 0.0);
    if (std::ssize(keys) > options.mostTokens || std::ssize(queries) > options.mostTokens) {
        const auto flow = stoppableFlow(source, options.layer, options.keep.heads, stop);
        if (!flow) return flow.error();
        for (std::size_t key = 0; key < keyScores.size(); ++key)
            if (!std::isnan(flow->incomingShare[key])) keyScores[key] = flow->incomingShare[key];
        for (std::size_t query = 0; query < focus.size(); ++query)
            if (!std::isnan(flow->focus[query])) focus[query] = std::max(1e-12, flow->focus[query]);
    }
    queries = strongest(queries, focus, options.mostTokens, {});
    auto rows = shownRows(source, options.layer, queries, options.keep, stop);
    if (!rows) return rows.error();
    // Few queries were asked for: what they keep is shown before what others keep.
    if (std::ssize(queries) * 4 <= options.mostTokens)
        for (const Row& row : *rows)
            for (const auto& [key, weight] : row.kept) keyScores[at(key)] += 2 * weight;
    const auto shown = strongest(keys, keyScores, options.mostTokens, {});

    Builder builder(FlowKind::links, options.layer, 2);
    builder.addColumn(0, shown, std::ssize(shown) < std::ssize(keys));
    builder.addColumn(1, queries, false);
    builder.addRows(1, *rows, nullptr);
    SankeyGraph graph = builder.finish();
    graph.tokens = shown;
    graph.queries = queries;
    graph.leftOutKeys = static_cast<int>(std::ssize(keys) - std::ssize(shown));
    graph.leftOutQueries = std::max(0, all - static_cast<int>(std::ssize(queries)));
    return graph;
}

}  // namespace attnviz
