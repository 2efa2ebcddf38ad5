// Cuts a normalized text into words, each of which the token model then works on alone.
//
// Each kind is a file of its own with one row in the table of pre_tokenizers.cpp. Immutable, thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "core/text/aligned_text.h"
#include "core/text/part_fields.h"
#include "core/text/split_pattern.h"

namespace attnviz {

// A stretch [begin, end) of the text. An added token that was found in it is a word that nobody touches any
// more.
struct Word {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    std::int64_t addedId = -1;
};

// The whole text, and its words in order. What lies in no word has been dropped.
struct WordedText {
    AlignedText text;
    std::vector<Word> words;
    bool bytesToSpell = false;  // the words are bytes; what comes next wants their letters (byte_alphabet.h)

    std::string_view wordText(const Word& word) const {
        return std::string_view(text.text()).substr(word.begin, word.end - word.begin);
    }
};

class PreTokenizer {
 public:
    virtual ~PreTokenizer() = default;
    virtual Result<void> apply(WordedText& text) const = 0;
};

using PreTokenizerPointer = std::shared_ptr<const PreTokenizer>;

struct PreTokenizerKind {
    std::string_view type;
    std::string_view otherName;
    Result<PreTokenizerPointer> (*make)(const JsonValue& spec, const PartPlace& place);
};

extern const PreTokenizerKind kSequencePreTokenizer, kByteLevelPreTokenizer, kBertPreTokenizer,
    kWhitespacePreTokenizer, kWhitespaceSplitPreTokenizer, kMetaspacePreTokenizer, kSplitPreTokenizer,
    kPunctuationPreTokenizer, kDigitsPreTokenizer, kCharDelimiterSplitPreTokenizer;

std::span<const PreTokenizerKind* const> preTokenizers();
Result<PreTokenizerPointer> makePreTokenizer(const JsonValue& spec, const PartPlace& place);

// What becomes of the delimiters that a search has found.
enum class DelimiterBehavior { removed, isolated, mergedWithPrevious, mergedWithNext, contiguous };
DelimiterBehavior delimiterBehavior(PartFields& fields, std::string_view key);

// Puts the letters in the bytes' place, where that is still to be done: every byte but those of added tokens
// becomes its printable character.
void spellBytes(WordedText& text);

// Cuts every word. `find(text, put)` gives the stretches of a word, as SplitPattern::findAll does.
using FindMatches = std::function<Result<void>(std::string_view text, const MatchSink& put)>;
Result<void> splitWords(WordedText& text, const FindMatches& find, DelimiterBehavior behavior);

// Every character of a kind is a match of its own.
template <class IsDelimiter>
FindMatches characterMatches(IsDelimiter isDelimiter) {
    return [isDelimiter](std::string_view text, const MatchSink& put) -> Result<void> {
        std::size_t done = 0;
        for (std::size_t at = 0; at < text.size();) {
            const utf8::Character character = utf8::decode(text, at);
            const std::size_t next = at + character.length;
            if (isDelimiter(character.point)) {
                if (done < at) put({static_cast<std::uint32_t>(done), static_cast<std::uint32_t>(at), false});
                put({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(next), true});
                done = next;
            }
            at = next;
        }
        if (done < text.size())
            put({static_cast<std::uint32_t>(done), static_cast<std::uint32_t>(text.size()), false});
        return {};
    };
}

// Writes every word anew: `each(word, writer)` puts what takes the place of a word that is no added token.
template <class Each>
void rewriteWords(WordedText& text, Each&& each) {
    AlignedText::Writer writer(text.text.size() + text.text.size() / 2);
    for (Word& word : text.words) {
        const auto begin = static_cast<std::uint32_t>(writer.size());
        if (word.addedId >= 0)
            writer.copy(text.text, word.begin, word.end);
        else
            each(word, writer);
        word.begin = begin;
        word.end = static_cast<std::uint32_t>(writer.size());
    }
    text.text.take(std::move(writer));
}

}  // namespace attnviz
