// Cuts at the matches of a string or a pattern, or, inverted, at what lies between them.
#include "core/text/pre_tokenizer.h"

namespace attnviz {
namespace {

class SplitPreTokenizer final : public PreTokenizer {
 public:
    SplitPreTokenizer(SplitPattern pattern, DelimiterBehavior behavior, bool invert)
        : m_pattern(std::move(pattern)), m_behavior(behavior), m_invert(invert) {}

    Result<void> apply(WordedText& text) const override {
        const auto find = [this](std::string_view word, const MatchSink& put) {
            if (!m_invert) return m_pattern.findAll(word, put);
            return m_pattern.findAll(word, [&put](const PatternMatch& match) {
                put({match.begin, match.end, !match.isMatch});
            });
        };
        return splitWords(text, find, m_behavior);
    }

 private:
    SplitPattern m_pattern;
    DelimiterBehavior m_behavior;
    bool m_invert;
};

Result<PreTokenizerPointer> make(const JsonValue& spec, const PartPlace& place) {
    PartFields fields(spec, place);
    const DelimiterBehavior behavior = delimiterBehavior(fields, "behavior");
    const bool invert = fields.boolean("invert", false);
    if (auto good = fields.check(); !good) return good.error();
    auto pattern = SplitPattern::read(spec["pattern"], place);
    if (!pattern) return pattern.error();
    return PreTokenizerPointer(std::make_shared<SplitPreTokenizer>(std::move(*pattern), behavior, invert));
}

}  // namespace

const PreTokenizerKind kSplitPreTokenizer{"Split", {}, &make};

}  // namespace attnviz
