// Whitespace: runs of word characters, and runs of what is neither word nor white space. WhitespaceSplit: cut
// at white space only.
#include "core/text/character_classes.h"
#include "core/text/pre_tokenizer.h"

namespace attnviz {
namespace {

class WhitespacePreTokenizer final : public PreTokenizer {
 public:
    Result<void> apply(WordedText& text) const override {
        return splitWords(text, &findRuns, DelimiterBehavior::isolated);
    }

 private:
    enum class Kind { none, word, other };
    static Kind kindOf(char32_t point) {
        const CharacterTable& table = CharacterTable::instance();
        if (table.is(point, CharacterClass::word)) return Kind::word;
        return table.is(point, CharacterClass::whitespace) ? Kind::none : Kind::other;
    }
    static Result<void> findRuns(std::string_view text, const MatchSink& put) {
        std::size_t begin = 0;
        Kind kind = Kind::none;
        const auto close = [&](std::size_t end) {
            if (kind != Kind::none && begin < end)
                put({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end), false});
        };
        for (std::size_t at = 0; at < text.size();) {
            const utf8::Character character = utf8::decode(text, at);
            if (const Kind next = kindOf(character.point); next != kind) {
                close(at);
                kind = next;
                begin = at;
            }
            at += character.length;
        }
        close(text.size());
        return {};
    }
};

class WhitespaceSplitPreTokenizer final : public PreTokenizer {
 public:
    Result<void> apply(WordedText& text) const override {
        static const FindMatches find =
            characterMatches([](char32_t point) { return isKind(point, CharacterClass::whitespace); });
        return splitWords(text, find, DelimiterBehavior::removed);
    }
};

template <class Kind>
Result<PreTokenizerPointer> make(const JsonValue&, const PartPlace&) {
    return PreTokenizerPointer(std::make_shared<Kind>());
}

}  // namespace

const PreTokenizerKind kWhitespacePreTokenizer{"Whitespace", {}, &make<WhitespacePreTokenizer>};
const PreTokenizerKind kWhitespaceSplitPreTokenizer{
    "WhitespaceSplit", {}, &make<WhitespaceSplitPreTokenizer>};

}  // namespace attnviz
