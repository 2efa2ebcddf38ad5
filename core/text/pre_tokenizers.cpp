// The table of pre-tokenizers, and what they share.
#include <algorithm>
#include <array>

#include "core/text/pre_tokenizer.h"

namespace attnviz {
namespace {

const std::array kPreTokenizers{
    &kSequencePreTokenizer,
    &kByteLevelPreTokenizer,
    &kBertPreTokenizer,
    &kWhitespacePreTokenizer,
    &kWhitespaceSplitPreTokenizer,
    &kMetaspacePreTokenizer,
    &kSplitPreTokenizer,
    &kPunctuationPreTokenizer,
    &kDigitsPreTokenizer,
    &kCharDelimiterSplitPreTokenizer,
};

// The stretches that stay, in order, by what is done with delimiters.
void arrange(std::vector<PatternMatch>& matches, DelimiterBehavior behavior) {
    std::vector<PatternMatch> out;
    bool previousMatch = false;
    switch (behavior) {
        case DelimiterBehavior::isolated:
            return;
        case DelimiterBehavior::removed:
            std::erase_if(matches, [](const PatternMatch& match) { return match.isMatch; });
            return;
        case DelimiterBehavior::contiguous:
            for (const PatternMatch& match : matches) {
                if (match.isMatch == previousMatch && !out.empty())
                    out.back().end = match.end;
                else
                    out.push_back(match);
                previousMatch = match.isMatch;
            }
            break;
        case DelimiterBehavior::mergedWithPrevious:
            for (const PatternMatch& match : matches) {
                if (match.isMatch && !previousMatch && !out.empty())
                    out.back().end = match.end;
                else
                    out.push_back(match);
                previousMatch = match.isMatch;
            }
            break;
        case DelimiterBehavior::mergedWithNext:
            for (auto match = matches.rbegin(); match != matches.rend(); ++match) {
                if (match->isMatch && !previousMatch && !out.empty())
                    out.back().begin = match->begin;
                else
                    out.push_back(*match);
                previousMatch = match->isMatch;
            }
            std::reverse(out.begin(), out.end());
            break;
    }
    matches = std::move(out);
}

}  // namespace

std::span<const PreTokenizerKind* const> preTokenizers() {
    return kPreTokenizers;
}

Result<PreTokenizerPointer> makePreTokenizer(const JsonValue& spec, const PartPlace& place) {
    const auto kind = findKind(preTokenizers(), spec, "pre-tokenizer", place);
    if (!kind) return kind.error();
    return (*kind)->make(spec, place.inside("pre-tokenizer"));
}

DelimiterBehavior delimiterBehavior(PartFields& fields, std::string_view key) {
    static constexpr std::array<std::pair<std::string_view, DelimiterBehavior>, 5> kNames{
        {{"Removed", DelimiterBehavior::removed},
         {"Isolated", DelimiterBehavior::isolated},
         {"MergedWithPrevious", DelimiterBehavior::mergedWithPrevious},
         {"MergedWithNext", DelimiterBehavior::mergedWithNext},
         {"Contiguous", DelimiterBehavior::contiguous}}};
    const std::string name = fields.text(key, "Isolated");
    for (const auto& [known, behavior] : kNames)
        if (name == known) return behavior;
    fields.refuse(key, "Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous");
    return DelimiterBehavior::isolated;
}

Result<void> splitWords(WordedText& text, const FindMatches& find, DelimiterBehavior behavior) {
    std::vector<Word> words;
    words.reserve(text.words.size() + text.text.size() / 5);
    std::vector<PatternMatch> matches;
    for (const Word& word : text.words) {
        if (word.addedId >= 0) {
            words.push_back(word);
            continue;
        }
        if (auto found = find(text.wordText(word), matches); !found) return found.error();
        arrange(matches, behavior);
        for (const PatternMatch& match : matches)
            if (match.begin < match.end)
                words.push_back({word.begin + match.begin, word.begin + match.end, -1});
    }
    text.words = std::move(words);
    return {};
}

}  // namespace attnviz
