// GPT-2's words, and their bytes as printable characters.
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
            const auto find = [this](std::string_view word, std::vector<PatternMatch>& out) {
                return m_pattern->findAll(word, out);
            };
            if (auto done = splitWords(text, find, DelimiterBehavior::isolated); !done) return done.error();
        }
        rewriteWords(text, [&](const Word& word, AlignedText::Writer& out) {
            const std::string& all = text.text.text();
            for (std::size_t at = word.begin; at < word.end;) {
                const std::size_t length = utf8::lengthOfLead(all[at]);
                const ByteSpan span = text.text.at(at);
                for (std::size_t i = 0; i < length; ++i)
                    out.put(lettersOfByte(static_cast<std::uint8_t>(all[at + i])), span);
                at += length;
            }
        });
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

const PreTokenizerKind kByteLevelPreTokenizer{"ByteLevel", {}, &make};

}  // namespace attnviz
