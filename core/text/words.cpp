#include "core/text/words.h"

#include <unicode/brkiter.h>
#include <unicode/utext.h>

#include <algorithm>
#include <memory>

namespace attnviz {
namespace {

// Byte offsets at which ICU's word break begins a segment, and the end of the text.
std::vector<std::size_t> wordStarts(const std::string& text) {
    std::vector<std::size_t> starts{0};
    UErrorCode code = U_ZERO_ERROR;
    const std::unique_ptr<icu::BreakIterator> words(
        icu::BreakIterator::createWordInstance(icu::Locale::getRoot(), code));
    UText* utext = utext_openUTF8(nullptr, text.data(), static_cast<std::int64_t>(text.size()), &code);
    if (U_SUCCESS(code) && words) {
        words->setText(utext, code);
        for (auto at = words->next(); U_SUCCESS(code) && at != icu::BreakIterator::DONE; at = words->next())
            starts.push_back(static_cast<std::size_t>(at));
    }
    if (utext) utext_close(utext);
    return starts;
}

std::size_t behindSpaces(const std::string& text, std::size_t begin, std::size_t end) {
    std::size_t at = begin;
    while (at < end && (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r')) ++at;
    return at < end ? at : begin;
}

}  // namespace

std::vector<TokenRange> wordsOf(const TokenizedText& text) {
    std::vector<std::vector<std::size_t>> starts;
    for (const auto& side : text.texts) starts.push_back(wordStarts(side));
    std::vector<TokenRange> words;
    std::size_t previousSegment = 0, previousStart = 0;
    bool previousJoins = false;
    for (std::size_t index = 0; index < text.tokens.size(); ++index) {
        const Token& token = text.tokens[index];
        const auto segment = static_cast<std::size_t>(std::max(token.segment, 0));
        const bool placed = !token.special && token.end > token.begin && segment < starts.size() &&
                            token.end <= text.texts[segment].size();
        std::size_t start = 0;
        if (placed) {
            const auto& bounds = starts[segment];
            const auto at = behindSpaces(text.texts[segment], token.begin, token.end);
            start = *(std::upper_bound(bounds.begin(), bounds.end(), at) - 1);
        }
        const bool joins = placed && previousJoins && segment == previousSegment && start == previousStart;
        if (joins)
            ++words.back().end;
        else
            words.push_back({static_cast<int>(index), static_cast<int>(index) + 1});
        previousJoins = placed;
        previousSegment = segment;
        previousStart = start;
    }
    return words;
}

std::string wordText(const TokenizedText& text, TokenRange word) {
    std::string joined;
    std::size_t behind = 0;
    for (int index = word.begin; index < word.end; ++index) {
        const Token& token = text.tokens[static_cast<std::size_t>(index)];
        // Pieces of one character carry that character's text each: it is said once.
        const bool repeated = index > word.begin && token.end > token.begin && token.end <= behind;
        if (!repeated) joined += token.text;
        behind = std::max(behind, token.end);
    }
    return joined;
}

}  // namespace attnviz
