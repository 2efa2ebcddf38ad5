// Spaces as a visible character, and words that begin with it.
#include "core/text/pre_tokenizer.h"

namespace attnviz {
namespace {

enum class PrependScheme { always, first, never };

class MetaspacePreTokenizer final : public PreTokenizer {
 public:
    MetaspacePreTokenizer(char32_t replacement, PrependScheme scheme, bool split)
        : m_replacement(replacement),
          m_letters(utf8::encoded(replacement)),
          m_scheme(scheme),
          m_split(split) {}

    Result<void> apply(WordedText& text) const override {
        rewriteWords(text, [&](const Word& word, AlignedText::Writer& out) {
            const std::string_view letters = text.wordText(word);
            if (!letters.starts_with(' ') && !letters.starts_with(m_letters) && prepends(text, word))
                out.put(m_letters, text.text.at(word.begin));
            std::size_t done = word.begin;
            for (std::size_t at = word.begin; at < word.end; ++at) {
                if (text.text.text()[at] != ' ') continue;
                out.copy(text.text, done, at);
                out.put(m_letters, text.text.at(at));
                done = at + 1;
            }
            out.copy(text.text, done, word.end);
        });
        if (!m_split) return {};
        const char32_t mark = m_replacement;
        return splitWords(text, characterMatches([mark](char32_t point) { return point == mark; }),
                          DelimiterBehavior::mergedWithNext);
    }

 private:
    bool prepends(const WordedText& text, const Word& word) const {
        return m_scheme == PrependScheme::always ||
               (m_scheme == PrependScheme::first && text.text.at(word.begin).begin == 0);
    }

    char32_t m_replacement;
    std::string m_letters;
    PrependScheme m_scheme;
    bool m_split;
};

Result<PreTokenizerPointer> make(const JsonValue& spec, const PartPlace& place) {
    PartFields fields(spec, place);
    const char32_t replacement = fields.character("replacement");
    const std::string name = fields.text("prepend_scheme", "always");
    PrependScheme scheme = PrependScheme::always;
    if (name == "first")
        scheme = PrependScheme::first;
    else if (name == "never")
        scheme = PrependScheme::never;
    else if (name != "always")
        fields.refuse("prepend_scheme", "\"always\", \"first\" or \"never\"");
    if (!fields.boolean("add_prefix_space", true)) {
        if (spec.find("prepend_scheme") && scheme != PrependScheme::never)
            fields.refuse("add_prefix_space", "true where \"prepend_scheme\" is not \"never\"");
        scheme = PrependScheme::never;
    }
    const bool split = fields.boolean("split", true);
    if (auto good = fields.check(); !good) return good.error();
    return PreTokenizerPointer(std::make_shared<MetaspacePreTokenizer>(replacement, scheme, split));
}

}  // namespace

const PreTokenizerKind kMetaspacePreTokenizer{"Metaspace", {}, &make};

}  // namespace attnviz
