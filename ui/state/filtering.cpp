#include "ui/state/filtering.h"

#include "core/analysis/sinks.h"
#include "core/attention/filtered_attention.h"
#include "core/text/words.h"
#include "ui/widgets/token_text.h"

namespace attnviz::ui {
namespace {

std::optional<HeadCombine> combineOf(Combine combine) {
    switch (combine) {
        case Combine::single:
            return std::nullopt;
        case Combine::mean:
            return HeadCombine::mean;
        case Combine::max:
            return HeadCombine::max;
        case Combine::min:
            return HeadCombine::min;
        case Combine::sum:
            return HeadCombine::sum;
    }
    return std::nullopt;
}

std::vector<KeyRange> unitsOf(const TokenizedText& text) {
    std::vector<KeyRange> units;
    for (const auto& word : wordsOf(text)) units.push_back({word.begin, word.end});
    return units;
}

}  // namespace

Result<std::shared_ptr<const AttentionSource>> filteredSource(const AttentionRun& run,
                                                              std::shared_ptr<const AttentionSource> source,
                                                              const Filters& filters, std::stop_token stop) {
    if (!filters.any()) return source;
    FilterSettings settings;
    settings.hideSpecial = filters.hideSpecial;
    settings.hideSinks = filters.hideSinks;
    settings.renormalize = filters.renormalize;
    settings.combine = combineOf(filters.combine);
    settings.words = filters.words;
    settings.threshold = filters.threshold;
    FilterTokens tokens;
    const auto& keys = run.keysOf(*source);
    for (std::size_t key = 0; key < keys.tokens.size(); ++key)
        if (keys.tokens[key].special) tokens.specialKeys.push_back(static_cast<int>(key));
    if (filters.hideSinks) {
        auto sinks = sinksOf(*source, stop);
        if (!sinks) return sinks.error();
        tokens.sinkKeys = *std::move(sinks);
    }
    if (filters.words) {
        tokens.queryUnits = unitsOf(run.queriesOf(*source));
        tokens.keyUnits = unitsOf(keys);
    }
    return filtered(std::move(source), settings, tokens);
}

Result<void> summarizeHead(const AttentionSource& source, HeadId head, std::stop_token stop) {
    const auto* filter = dynamic_cast<const FilteredAttention*>(&source);
    return filter ? filter->summarize(head, stop) : Result<void>();
}

QStringList unitTexts(const TokenizedText& text, bool words) {
    if (!words) return tokenTexts(text.tokens);
    QStringList out;
    for (const auto& word : wordsOf(text)) out.append(tokenText(wordText(text, word)));
    return out;
}

}  // namespace attnviz::ui
