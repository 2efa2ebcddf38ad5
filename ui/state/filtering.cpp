#include "ui/state/filtering.h"

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

}  // namespace

FilterSettings filterSettings(const Filters& filters, std::vector<int> heads) {
    FilterSettings settings;
    settings.hideSpecial = filters.hideSpecial;
    settings.hideSinks = filters.hideSinks;
    settings.renormalize = filters.renormalize;
    settings.combine = combineOf(filters.combine);
    if (settings.combine) settings.heads = std::move(heads);
    settings.words = filters.words;
    switch (filters.thresholdKind) {
        case ThresholdKind::weight:
            settings.threshold = filters.threshold;
            break;
        case ThresholdKind::topK:
            settings.topK = static_cast<int>(filters.threshold);
            break;
        case ThresholdKind::mass:
            settings.mass = filters.threshold;
            break;
    }
    return settings;
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
