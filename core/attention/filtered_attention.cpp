#include "core/attention/filtered_attention.h"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <utility>

#include "core/base/readable.h"

namespace attnviz {
namespace {

constexpr int kBlockRows = 16;

std::size_t index(int value) {
    return static_cast<std::size_t>(value);
}

std::vector<int> hiddenKeys(const FilterSettings& settings, const FilterTokens& tokens, int keys) {
    std::vector<int> hidden = settings.hiddenKeys;
    if (settings.hideSpecial)
        hidden.insert(hidden.end(), tokens.specialKeys.begin(), tokens.specialKeys.end());
    if (settings.hideSinks) hidden.insert(hidden.end(), tokens.sinkKeys.begin(), tokens.sinkKeys.end());
    std::sort(hidden.begin(), hidden.end());
    hidden.erase(std::unique(hidden.begin(), hidden.end()), hidden.end());
    std::erase_if(hidden, [&](int key) { return key < 0 || key >= keys; });
    return hidden;
}

std::vector<int> chosenHeads(const FilterSettings& settings, int heads) {
    std::vector<int> chosen = settings.combine ? settings.heads : std::vector<int>{};
    std::erase_if(chosen, [&](int head) { return head < 0 || head >= heads; });
    if (!chosen.empty()) return chosen;
    chosen.resize(index(heads));
    std::iota(chosen.begin(), chosen.end(), 0);
    return chosen;
}

void combine(HeadCombine how, std::span<const float> weights, std::span<double> into) {
    switch (how) {
        case HeadCombine::max:
            for (std::size_t i = 0; i < into.size(); ++i)
                into[i] = std::max(into[i], static_cast<double>(weights[i]));
            return;
        case HeadCombine::min:
            for (std::size_t i = 0; i < into.size(); ++i)
                into[i] = std::min(into[i], static_cast<double>(weights[i]));
            return;
        case HeadCombine::mean:
        case HeadCombine::sum:
            for (std::size_t i = 0; i < into.size(); ++i) into[i] += static_cast<double>(weights[i]);
    }
}

void renormalizeRow(std::span<float> row) {
    double sum = 0;
    for (const float weight : row) sum += static_cast<double>(weight);
    if (!(sum > 0)) return;
    const auto factor = 1 / sum;
    for (float& weight : row) weight = static_cast<float>(static_cast<double>(weight) * factor);
}

}  // namespace

FilteredAttention::FilteredAttention(std::shared_ptr<const AttentionSource> source, FilterSettings settings,
                                     FilterTokens tokens)
    : m_source(std::move(source)),
      m_settings(std::move(settings)),
      m_tokens(std::move(tokens)),
      m_info(m_source->info()),
      m_hidden(hiddenKeys(m_settings, m_tokens, m_info.keys)),
      m_heads(chosenHeads(m_settings, m_info.heads)) {
    const Visibility before = m_info.visibility;
    for (const int key : m_hidden)
        if (!before.masked(key)) m_info.hiddenKeys.push_back(key);
    std::sort(m_info.hiddenKeys.begin(), m_info.hiddenKeys.end());
    auto masked = before.maskedKeys();
    masked.insert(masked.end(), m_hidden.begin(), m_hidden.end());
    m_info.visibility.setMaskedKeys(std::move(masked));
    m_info.renormalized = m_info.renormalized || (m_settings.renormalize && !m_hidden.empty());
    if (m_settings.combine) {
        m_info.combined = std::string(headCombineName(*m_settings.combine)) + " of " +
                          counted(static_cast<std::int64_t>(m_heads.size()), "head");
        m_info.heads = m_info.keyValueHeads = 1;
    }
    if (m_settings.words) {
        m_info.visibility = unitVisibility();
        m_info.queries = static_cast<int>(m_tokens.queryUnits.size());
        m_info.keys = static_cast<int>(m_tokens.keyUnits.size());
        m_info.hiddenKeys.clear();
        for (const int unit : m_info.visibility.maskedKeys()) {
            const KeyRange& pieces = m_tokens.keyUnits[index(unit)];
            bool padding = true;
            for (int key = pieces.begin; key < pieces.end; ++key) padding = padding && before.masked(key);
            if (!padding) m_info.hiddenKeys.push_back(unit);
        }
    }
    m_summaries = std::vector<Summaries>(index(m_info.layers) * index(m_info.heads));
}

// A unit sees another where any of its pieces sees one of the other's. Windows become the widest that occurs,
// so that nothing visible is lost; padded is a unit whose every piece is.
Visibility FilteredAttention::unitVisibility() const {
    const Visibility& tokens = m_info.visibility;
    const auto& queries = m_tokens.queryUnits;
    const auto& keys = m_tokens.keyUnits;
    Visibility units(static_cast<int>(queries.size()), static_cast<int>(keys.size()));
    units.setCausal(tokens.causal());
    std::vector<Window> windows;
    for (std::size_t layer = 0; layer < tokens.windows().size(); ++layer) {
        Window window{0, 0};
        for (std::size_t unit = 0; unit < queries.size(); ++unit) {
            for (int query = queries[unit].begin; query < queries[unit].end; ++query) {
                const KeyRange range = tokens.range(static_cast<int>(layer), query);
                if (range.size() == 0) continue;
                const auto first =
                    std::partition_point(keys.begin(), keys.end(),
                                         [&](const KeyRange& pieces) { return pieces.end <= range.begin; });
                const auto beyond = std::partition_point(
                    first, keys.end(), [&](const KeyRange& pieces) { return pieces.begin < range.end; });
                const auto here = static_cast<int>(unit);
                window.before = std::max(window.before, here - static_cast<int>(first - keys.begin()));
                window.after = std::max(window.after, static_cast<int>(beyond - keys.begin()) - 1 - here);
            }
        }
        const Window& given = tokens.windows()[layer];
        windows.push_back({given.before < 0 ? -1 : window.before, given.after < 0 ? -1 : window.after});
    }
    units.setWindows(std::move(windows));
    std::vector<int> masked;
    for (std::size_t unit = 0; unit < keys.size(); ++unit) {
        bool every = true;
        for (int key = keys[unit].begin; key < keys[unit].end; ++key) every = every && tokens.masked(key);
        if (every) masked.push_back(static_cast<int>(unit));
    }
    units.setMaskedKeys(std::move(masked));
    return units;
}

std::span<const int> FilteredAttention::sourceHeads(const HeadId& head) const {
    return m_settings.combine ? std::span(m_heads) : std::span(m_heads).subspan(index(head.head), 1);
}

KeyRange FilteredAttention::piecesOf(int query, int count) const {
    if (!m_settings.words || count == 0) return {query, query + count};
    return {m_tokens.queryUnits[index(query)].begin, m_tokens.queryUnits[index(query + count - 1)].end};
}

void FilteredAttention::hide(std::span<float> row, int firstKey) const {
    const auto first = std::lower_bound(m_hidden.begin(), m_hidden.end(), firstKey);
    for (auto key = first; key != m_hidden.end(); ++key) {
        const auto at = index(*key - firstKey);
        if (at >= row.size()) return;
        row[at] = 0;
    }
}

// Hidden, renormalized and combined, by the source's queries and keys: (count, keys).
Result<void> FilteredAttention::tokenRows(HeadId head, int query, int count, KeyRange keys,
                                          std::vector<double>& out, const std::stop_token& stop) const {
    const auto width = index(keys.size());
    const auto heads = sourceHeads(head);
    const HeadCombine how = m_settings.combine.value_or(HeadCombine::sum);
    std::vector<float> weights(index(count) * width);
    out.assign(weights.size(), 0.0);
    for (std::size_t at = 0; at < heads.size(); ++at) {
        if (stop.stop_requested()) return cancelled();
        if (auto done = m_source->block({head.layer, heads[at]}, query, count, keys, weights, stop); !done)
            return done;
        for (int row = 0; row < count; ++row) {
            const auto here = std::span(weights).subspan(index(row) * width, width);
            hide(here, keys.begin);
            if (m_settings.renormalize && !m_hidden.empty()) renormalizeRow(here);
        }
        if (at == 0)
            std::copy(weights.begin(), weights.end(), out.begin());
        else
            combine(how, weights, out);
    }
    if (m_settings.combine == HeadCombine::mean)
        for (double& weight : out) weight /= static_cast<double>(heads.size());
    return {};
}

Result<void> FilteredAttention::rows(HeadId head, int query, int count, std::span<float> out,
                                     std::stop_token stop) const {
    return block(head, query, count, {0, m_info.keys}, out, std::move(stop));
}

Result<void> FilteredAttention::block(HeadId head, int query, int count, KeyRange keys, std::span<float> out,
                                      std::stop_token stop) const {
    // A row's sum and its largest weights need all of it.
    const bool whole =
        (m_settings.renormalize && !m_hidden.empty()) || m_settings.topK > 0 || m_settings.mass > 0;
    const KeyRange wanted = whole ? KeyRange{0, m_info.keys} : keys;
    KeyRange tokens = wanted;
    if (m_settings.words && wanted.size() > 0)
        tokens = {m_tokens.keyUnits[index(wanted.begin)].begin, m_tokens.keyUnits[index(wanted.end - 1)].end};
    if (m_settings.words && whole) tokens = {0, m_source->info().keys};
    std::vector<double> pieces;
    std::vector<float> row(index(wanted.size()));
    for (int first = query; first < query + count; first += kBlockRows) {
        const int here = std::min(kBlockRows, query + count - first);
        const KeyRange queries = piecesOf(first, here);
        if (auto done = tokenRows(head, queries.begin, queries.size(), tokens, pieces, stop); !done)
            return done;
        for (int unit = first; unit < first + here; ++unit) {
            const KeyRange own = piecesOf(unit, 1);
            if (m_settings.words) {
                for (int key = wanted.begin; key < wanted.end; ++key) {
                    double sum = 0;
                    for (int piece = own.begin; piece < own.end; ++piece) {
                        const KeyRange summed = m_tokens.keyUnits[index(key)];
                        const double* weights = pieces.data() +
                                                index(piece - queries.begin) * index(tokens.size()) +
                                                index(summed.begin - tokens.begin);
                        sum = std::accumulate(weights, weights + summed.size(), sum);
                    }
                    row[index(key - wanted.begin)] = static_cast<float>(sum / own.size());
                }
            } else {
                const double* weights = pieces.data() + index(unit - queries.begin) * index(tokens.size());
                for (std::size_t key = 0; key < row.size(); ++key)
                    row[key] = static_cast<float>(weights[key]);
            }
            thresholdRow(m_settings, row);
            std::copy_n(row.begin() + (keys.begin - wanted.begin), keys.size(),
                        out.begin() + static_cast<std::ptrdiff_t>(index(unit - query) * index(keys.size())));
        }
    }
    return {};
}

void FilteredAttention::row(HeadId head, int query, std::span<float> keys) const {
    (void)rows(head, query, 1, keys, {});
}

Result<void> FilteredAttention::summarize(HeadId head, std::stop_token stop) const {
    Summaries& kept = m_summaries[index(head.layer) * index(m_info.heads) + index(head.head)];
    const std::lock_guard lock(kept.mutex);
    if (kept.ready) return {};
    OverviewBuilder overview(m_info.queries, m_info.keys);
    HeadSummaryBuilder summary(m_info.queries, m_info.keys, m_info.square());
    std::vector<float> weights(index(kBlockRows) * index(m_info.keys));
    for (int first = 0; first < m_info.queries; first += kBlockRows) {
        const int count = std::min(kBlockRows, m_info.queries - first);
        if (auto done = rows(head, first, count, weights, stop); !done) return done;
        for (int query = first; query < first + count; ++query) {
            const KeyRange range = visible(head.layer, query);
            const auto seen = std::span<const float>(weights).subspan(
                index(query - first) * index(m_info.keys) + index(range.begin), index(range.size()));
            overview.addRow(query, range, seen, m_info.visibility);
            summary.addRow(head.layer, query, range, seen, m_info.visibility);
        }
    }
    kept.overview = overview.finish();
    kept.summary = summary.finish();
    kept.ready = true;
    return {};
}

bool FilteredAttention::isSummarized(HeadId head) const {
    Summaries& kept = m_summaries[index(head.layer) * index(m_info.heads) + index(head.head)];
    const std::unique_lock lock(kept.mutex, std::try_to_lock);
    return lock.owns_lock() && kept.ready;
}

const Overview& FilteredAttention::overview(HeadId head) const {
    (void)summarize(head, {});
    return m_summaries[index(head.layer) * index(m_info.heads) + index(head.head)].overview;
}

const HeadSummary& FilteredAttention::summary(HeadId head) const {
    (void)summarize(head, {});
    return m_summaries[index(head.layer) * index(m_info.heads) + index(head.head)].summary;
}

double FilteredAttention::hiddenMass(HeadId head, int query) const {
    if (m_hidden.empty()) return 0;
    const KeyRange pieces = piecesOf(query, 1);
    const auto heads = sourceHeads(head);
    std::vector<float> row(index(m_source->info().keys));
    double sum = 0;
    for (const int sourceHead : heads)
        for (int piece = pieces.begin; piece < pieces.end; ++piece) {
            m_source->row({head.layer, sourceHead}, piece, row);
            for (const int key : m_hidden) sum += static_cast<double>(row[index(key)]);
        }
    return sum / static_cast<double>(heads.size()) / pieces.size();
}

std::shared_ptr<const AttentionSource> filtered(std::shared_ptr<const AttentionSource> source,
                                                const FilterSettings& settings, const FilterTokens& tokens) {
    const bool hides = !hiddenKeys(settings, tokens, source->info().keys).empty();
    const bool changes = hides || settings.combine || settings.words || settings.threshold > 0 ||
                         settings.topK > 0 || settings.mass > 0;
    if (!changes) return source;
    return std::make_shared<FilteredAttention>(std::move(source), settings, tokens);
}

double hiddenMass(const AttentionSource& source, HeadId head, int query) {
    const auto* filter = dynamic_cast<const FilteredAttention*>(&source);
    return filter ? filter->hiddenMass(head, query) : 0.0;
}

bool overviewIsThere(const AttentionSource& source, HeadId head) {
    const auto* filter = dynamic_cast<const FilteredAttention*>(&source);
    return !filter || filter->isSummarized(head);
}

}  // namespace attnviz
