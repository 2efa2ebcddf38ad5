#include "core/analysis/filter_tokens.h"

#include "core/analysis/sinks.h"
#include "core/attention/filtered_attention.h"
#include "core/text/words.h"

namespace attnviz {
namespace {

std::vector<KeyRange> units(const TokenizedText& text) {
    std::vector<KeyRange> ranges;
    for (const auto& word : wordsOf(text)) ranges.push_back({word.begin, word.end});
    return ranges;
}

}  // namespace

Result<FilterTokens> filterTokens(const AttentionRun& run, const AttentionSource& source,
                                  const FilterSettings& settings, std::stop_token stop) {
    FilterTokens tokens;
    const TokenizedText& keys = run.keysOf(source);
    if (settings.hideSpecial)
        for (std::size_t key = 0; key < keys.tokens.size(); ++key)
            if (keys.tokens[key].special) tokens.specialKeys.push_back(static_cast<int>(key));
    if (settings.hideSinks) {
        auto sinks = sinksOf(source, std::move(stop));
        if (!sinks) return sinks.error();
        tokens.sinkKeys = std::move(*sinks);
    }
    if (settings.words) {
        tokens.keyUnits = units(keys);
        tokens.queryUnits = units(run.queriesOf(source));
    }
    return tokens;
}

Result<std::shared_ptr<const AttentionSource>> filteredSource(const AttentionRun& run,
                                                              std::shared_ptr<const AttentionSource> source,
                                                              const FilterSettings& settings,
                                                              std::stop_token stop) {
    if (!settings.any()) return source;
    auto tokens = filterTokens(run, *source, settings, std::move(stop));
    if (!tokens) return tokens.error();
    return filtered(std::move(source), settings, *tokens);
}

}  // namespace attnviz
