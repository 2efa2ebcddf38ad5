// BERT's words: cut at white space, punctuation stands alone.
#include "core/text/character_classes.h"
#include "core/text/pre_tokenizer.h"

namespace attnviz {
namespace {

class BertPreTokenizer final : public PreTokenizer {
 public:
    Result<void> apply(WordedText& text) const override {
        const CharacterTable& table = CharacterTable::instance();
        const std::string& all = text.text.text();
        std::vector<Word> words;
        words.reserve(text.words.size() + all.size() / 4);
        for (const Word& word : text.words) {
            if (word.addedId >= 0) {
                words.push_back(word);
                continue;
            }
            std::uint32_t begin = word.begin;
            const auto close = [&](std::uint32_t end) {
                if (begin < end) words.push_back({begin, end, -1});
            };
            for (std::uint32_t at = word.begin; at < word.end;) {
                const utf8::Character character = utf8::decode(all, at);
                const auto next = at + static_cast<std::uint32_t>(character.length);
                if (table.is(character.point, CharacterClass::whitespace)) {
                    close(at);
                    begin = next;
                } else if (table.is(character.point, CharacterClass::punctuation)) {
                    close(at);
                    words.push_back({at, next, -1});
                    begin = next;
                }
                at = next;
            }
            close(word.end);
        }
        text.words = std::move(words);
        return {};
    }
};

Result<PreTokenizerPointer> make(const JsonValue&, const PartPlace&) {
    return PreTokenizerPointer(std::make_shared<BertPreTokenizer>());
}

}  // namespace

const PreTokenizerKind kBertPreTokenizer{"BertPreTokenizer", {}, &make};

}  // namespace attnviz
