#include "core/analysis/head_roles.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "core/analysis/layer_pass.h"

namespace attnviz {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// Which tokens are the same, and which are special; empty where the source's rows are no tokens.
struct TokenPattern {
    std::vector<std::vector<int>> earlier;  // by query: earlier occurrences of its token, ascending
    std::vector<int> specialKeys;
    std::vector<bool> specialQuery;
    bool tokens = false;
};

TokenPattern patternOf(const AttentionRun& run, const AttentionSource& source) {
    const AttentionInfo& info = source.info();
    const auto& queries = run.queriesOf(source).tokens;
    const auto& keys = run.keysOf(source).tokens;
    TokenPattern pattern;
    pattern.tokens = queries.size() == static_cast<std::size_t>(info.queries) &&
                     keys.size() == static_cast<std::size_t>(info.keys);
    if (!pattern.tokens) return pattern;
    for (const auto& token : queries) pattern.specialQuery.push_back(token.special);
    for (std::size_t key = 0; key < keys.size(); ++key)
        if (keys[key].special) pattern.specialKeys.push_back(static_cast<int>(key));
    if (!info.square()) return pattern;
    // Files from elsewhere may have texts without ids, or the reverse: both together name a token.
    std::map<std::pair<std::int64_t, std::string>, std::vector<int>> seen;
    for (std::size_t query = 0; query < queries.size(); ++query) {
        auto& places = seen[{queries[query].id, queries[query].text}];
        pattern.earlier.push_back(places);
        places.push_back(static_cast<int>(query));
    }
    return pattern;
}

struct Mean {
    double sum = 0;
    int rows = 0;
    void add(double value) {
        sum += value;
        ++rows;
    }
    double value() const { return rows > 0 ? std::clamp(sum / rows, 0.0, 1.0) : kNone; }
};

class HeadJudge {
 public:
    HeadJudge(const AttentionSource& source, const TokenPattern& pattern, int layer)
        : m_source(source),
          m_visibility(source.info().visibility),
          m_pattern(pattern),
          m_layer(layer),
          m_square(source.info().square()) {}

    void addRow(int query, std::span<const float> row) {
        m_range = m_source.visible(m_layer, query);
        m_row = row;
        if (m_square) {
            if (query >= 1) addKey(HeadScore::previousToken, query - 1);
            addKey(HeadScore::nextToken, query + 1);
            if (query >= 1) addKey(HeadScore::self, query);
        }
        if (query >= 1) addKey(HeadScore::firstToken, 0);
        if (m_pattern.tokens && !m_pattern.specialQuery[static_cast<std::size_t>(query)])
            addKeys(HeadScore::specialToken, m_pattern.specialKeys, 0);
        if (m_pattern.tokens && m_square) {
            const auto& earlier = m_pattern.earlier[static_cast<std::size_t>(query)];
            addKeys(HeadScore::duplicateToken, earlier, 0);
            addKeys(HeadScore::induction, earlier, 1);
        }
        addEntropy(query);
    }

    std::array<double, kHeadScores> scores() const {
        std::array<double, kHeadScores> values{};
        std::transform(m_means.begin(), m_means.end(), values.begin(),
                       [](const Mean& mean) { return mean.value(); });
        return values;
    }

 private:
    bool sees(int key) const { return m_range.contains(key) && !m_visibility.masked(key); }
    Mean& mean(HeadScore score) { return m_means[static_cast<std::size_t>(score)]; }

    void addKey(HeadScore score, int key) {
        if (sees(key)) mean(score).add(m_row[static_cast<std::size_t>(key)]);
    }
    void addKeys(HeadScore score, const std::vector<int>& keys, int shift) {
        double sum = 0;
        bool any = false;
        for (const int key : keys) {
            if (!sees(key + shift)) continue;
            const int shifted = key + shift;
            sum += m_row[static_cast<std::size_t>(shifted)];
            any = true;
        }
        if (any) mean(score).add(sum);
    }
    void addEntropy(int query) {
        const int count = m_visibility.visibleCount(m_layer, query);
        if (count < 2) return;
        double entropy = 0;
        for (int key = m_range.begin; key < m_range.end; ++key) {
            const double weight = m_row[static_cast<std::size_t>(key)];
            if (weight > 0 && !m_visibility.masked(key)) entropy -= weight * std::log(weight);
        }
        mean(HeadScore::uniform).add(std::max(0.0, (entropy / std::log(count) - 0.8) / 0.2));
    }

    const AttentionSource& m_source;
    const Visibility& m_visibility;
    const TokenPattern& m_pattern;
    int m_layer;
    bool m_square;
    KeyRange m_range;
    std::span<const float> m_row;
    std::array<Mean, kHeadScores> m_means{};
};

}  // namespace

std::string_view headScoreName(HeadScore score) {
    static constexpr std::array<std::string_view, kHeadScores> kNames{
        "previous_token", "next_token",      "self",      "first_token",
        "special_token",  "duplicate_token", "induction", "uniform"};
    return kNames[static_cast<std::size_t>(score)];
}

std::string_view headRole(const std::array<double, kHeadScores>& scores, double above) {
    std::string_view role = "mixed";
    double best = above;
    for (std::size_t score = 0; score < kHeadScores; ++score)
        if (scores[score] > best) {  // false for NaN
            best = scores[score];
            role = headScoreName(static_cast<HeadScore>(score));
        }
    return role;
}

Result<std::vector<HeadRole>> headRoles(const AttentionRun& run, const AttentionSource& source,
                                        const HeadRoleOptions& options, const ProgressSink& progress,
                                        std::stop_token stop) {
    const auto layers = chosenLayers(source, options.layers), heads = chosenHeads(source, options.heads);
    const TokenPattern pattern = patternOf(run, source);
    std::vector<HeadRole> roles(layers.size() * heads.size());
    auto done = inParallel(
        static_cast<int>(layers.size()), static_cast<int>(layers.size()), "Judging layer", progress, stop,
        [&](int index, std::stop_token inner) -> Result<void> {
            for (std::size_t head = 0; head < heads.size(); ++head) {
                HeadRole& role = roles[static_cast<std::size_t>(index) * heads.size() + head];
                role.layer = layers[static_cast<std::size_t>(index)];
                role.head = heads[head];
                HeadJudge judge(source, pattern, role.layer);
                auto read = eachRow(source, {role.layer, role.head}, inner,
                                    [&](int query, std::span<const float> row) { judge.addRow(query, row); });
                if (!read) return read.error();
                role.scores = judge.scores();
                role.role = headRole(role.scores, options.above);
            }
            return {};
        });
    if (!done) return done.error();
    return roles;
}

}  // namespace attnviz
