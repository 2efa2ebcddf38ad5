// Pre-tokenizers that cut at single characters: Punctuation, Digits, CharDelimiterSplit.
#include "core/text/character_classes.h"
#include "core/text/pre_tokenizer.h"

namespace attnviz {
namespace {

class CharacterPreTokenizer final : public PreTokenizer {
 public:
    CharacterPreTokenizer(FindMatches find, DelimiterBehavior behavior)
        : m_find(std::move(find)), m_behavior(behavior) {}
    Result<void> apply(WordedText& text) const override { return splitWords(text, m_find, m_behavior); }

 private:
    FindMatches m_find;
    DelimiterBehavior m_behavior;
};

PreTokenizerPointer cutAt(FindMatches find, DelimiterBehavior behavior) {
    return std::make_shared<CharacterPreTokenizer>(std::move(find), behavior);
}

FindMatches matchesOf(CharacterClass kind) {
    return characterMatches([kind](char32_t point) { return isKind(point, kind); });
}

Result<PreTokenizerPointer> makePunctuation(const JsonValue& spec, const PartPlace& place) {
    PartFields fields(spec, place);
    const DelimiterBehavior behavior = delimiterBehavior(fields, "behavior");
    if (auto good = fields.check(); !good) return good.error();
    return cutAt(matchesOf(CharacterClass::punctuation), behavior);
}

Result<PreTokenizerPointer> makeDigits(const JsonValue& spec, const PartPlace& place) {
    PartFields fields(spec, place);
    const bool individual = fields.boolean("individual_digits");
    if (auto good = fields.check(); !good) return good.error();
    return cutAt(matchesOf(CharacterClass::numeric),
                 individual ? DelimiterBehavior::isolated : DelimiterBehavior::contiguous);
}

Result<PreTokenizerPointer> makeDelimiter(const JsonValue& spec, const PartPlace& place) {
    PartFields fields(spec, place);
    const char32_t delimiter = fields.character("delimiter");
    if (auto good = fields.check(); !good) return good.error();
    return cutAt(characterMatches([delimiter](char32_t point) { return point == delimiter; }),
                 DelimiterBehavior::removed);
}

}  // namespace

const PreTokenizerKind kPunctuationPreTokenizer{"Punctuation", {}, &makePunctuation};
const PreTokenizerKind kDigitsPreTokenizer{"Digits", {}, &makeDigits};
const PreTokenizerKind kCharDelimiterSplitPreTokenizer{"CharDelimiterSplit", "Delimiter", &makeDelimiter};

}  // namespace attnviz
