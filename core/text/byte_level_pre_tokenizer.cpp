// GPT-2's words, and their bytes as printable characters.
#include <array>
#include <optional>

#include "core/text/byte_alphabet.h"
#include "core/text/pre_tokenizer.h"

namespace attnviz {
namespace {

// Radford et al. 2019, encoder.py.
constexpr std::string_view kGpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

class ByteLevelPreTokenizer final : public PreTokenizer {
 public:
    ByteLevelPreTokenizer(std::optional<SplitPattern> pattern, bool addPrefixSpace)
        : m_pattern(std::move(pattern)), m_addPrefixSpace(addPrefixSpace) {}

    Result<void> apply(WordedText& text) const override {
        if (m_addPrefixSpace) addPrefixSpaces(text);
        if (m_pattern) {
            const auto find = [this](std::string_view word, const MatchSink& put) {
                return m_pattern->findAll(word, put);
            };
            if (auto done = splitWords(text, find, DelimiterBehavior::isolated); !done) return done.error();
        }
        text.bytesToSpell = true;
        return {};
    }

 private:
    static void addPrefixSpaces(WordedText& text) {
        bool needed = false;
        for (const Word& word : text.words)
            needed = needed || (word.addedId < 0 && !text.wordText(word).starts_with(' '));
        if (!needed) return;
        rewriteWords(text, [&](const Word& word, AlignedText::Writer& out) {
            if (!text.wordText(word).starts_with(' ')) out.put(" ", text.text.at(word.begin));
            out.copy(text.text, word.begin, word.end);
        });
    }

    std::optional<SplitPattern> m_pattern;
    bool m_addPrefixSpace;
};

Result<PreTokenizerPointer> make(const JsonValue& spec, const PartPlace& place) {
    PartFields fields(spec, place);
    const bool addPrefixSpace = fields.boolean("add_prefix_space");
    const bool useRegex = fields.boolean("use_regex", true);
    if (auto good = fields.check(); !good) return good.error();
    std::optional<SplitPattern> pattern;
    if (useRegex) {
        auto compiled = SplitPattern::expression(kGpt2Pattern, place.where);
        if (!compiled) return compiled.error();
        pattern = std::move(*compiled);
    }
    return PreTokenizerPointer(std::make_shared<ByteLevelPreTokenizer>(std::move(pattern), addPrefixSpace));
}

}  // namespace

void spellBytes(WordedText& text) {
    if (!text.bytesToSpell) return;
    text.bytesToSpell = false;
    std::array<std::string_view, 256> letters;
    for (std::size_t byte = 0; byte < 256; ++byte)
        letters[byte] = lettersOfByte(static_cast<std::uint8_t>(byte));
    const std::string& all = text.text.text();
    std::size_t expected = 0;
    for (const Word& word : text.words) expected += (word.end - word.begin) * std::size_t{2};
    std::string spelled(expected, '\0');
    std::vector<ByteSpan> spans(expected);
    std::size_t to = 0;
    const auto put = [&](char letter, ByteSpan span) {
        spelled[to] = letter;
        spans[to] = span;
        ++to;
    };
    for (Word& word : text.words) {
        const auto begin = static_cast<std::uint32_t>(to);
        for (std::size_t at = word.begin; at < word.end;) {
            const std::size_t length = utf8::lengthOfLead(all[at]);
            const ByteSpan span = text.text.spanOf(at, length);
            for (const std::size_t end = at + length; at < end; ++at) {
                if (word.addedId >= 0) {
                    put(all[at], span);
                    continue;
                }
                const std::string_view letter = letters[static_cast<unsigned char>(all[at])];
                put(letter[0], span);
                if (letter.size() > 1) put(letter[1], span);
            }
        }
        word.begin = begin;
        word.end = static_cast<std::uint32_t>(to);
    }
    spelled.resize(to);
    spans.resize(to);
    text.text.take(std::move(spelled), std::move(spans));
}

const PreTokenizerKind kByteLevelPreTokenizer{"ByteLevel", {}, &make};

}  // namespace attnviz
