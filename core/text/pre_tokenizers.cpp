// The table of pre-tokenizers, and what they share.
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

// Makes words of a word's stretches, as they come, by what is done with delimiters.
class WordCutter {
 public:
    WordCutter(std::vector<Word>& words, DelimiterBehavior behavior) : m_words(words), m_behavior(behavior) {}

    void begin(std::uint32_t wordBegin) {
        m_wordBegin = wordBegin;
        m_held = {};
        m_holds = false;
    }
    void put(const PatternMatch& stretch) {
        if (m_behavior == DelimiterBehavior::isolated) return keep(stretch);
        if (m_behavior == DelimiterBehavior::removed && stretch.isMatch) return;
        if (m_behavior == DelimiterBehavior::removed) return keep(stretch);
        if (!m_holds || !joins(stretch)) return hold(stretch);
        m_held = {m_held.begin, stretch.end, stretch.isMatch};
    }
    void end() {
        if (m_holds) keep(m_held);
    }

 private:
    // Whether the stretch belongs to the same word as the last one, whose kind `m_held` has.
    bool joins(const PatternMatch& stretch) const {
        switch (m_behavior) {
            case DelimiterBehavior::contiguous:
                return stretch.isMatch == m_held.isMatch;
            case DelimiterBehavior::mergedWithPrevious:
                return stretch.isMatch && !m_held.isMatch;
            case DelimiterBehavior::mergedWithNext:
                return !stretch.isMatch && m_held.isMatch;
            case DelimiterBehavior::isolated:
            case DelimiterBehavior::removed:
                break;
        }
        return false;
    }
    void hold(const PatternMatch& stretch) {
        end();
        m_held = stretch;
        m_holds = true;
    }
    void keep(const PatternMatch& stretch) {
        if (stretch.begin < stretch.end)
            m_words.push_back({m_wordBegin + stretch.begin, m_wordBegin + stretch.end, -1});
    }

    std::vector<Word>& m_words;
    DelimiterBehavior m_behavior;
    std::uint32_t m_wordBegin = 0;
    PatternMatch m_held;  // may still grow
    bool m_holds = false;
};

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
    words.reserve(text.words.size() + text.text.size() / 4);
    WordCutter cutter(words, behavior);
    const MatchSink put = [&cutter](const PatternMatch& stretch) { cutter.put(stretch); };
    for (const Word& word : text.words) {
        if (word.addedId >= 0) {
            words.push_back(word);
            continue;
        }
        cutter.begin(word.begin);
        if (auto found = find(text.wordText(word), put); !found) return found.error();
        cutter.end();
    }
    text.words = std::move(words);
    return {};
}

}  // namespace attnviz
