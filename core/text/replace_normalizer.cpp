// Replaces every match of a string or a pattern. The new content stands for the last byte that it replaces.
#include "core/text/normalizer.h"
#include "core/text/split_pattern.h"

namespace attnviz {
namespace {

class ReplaceNormalizer final : public Normalizer {
 public:
    ReplaceNormalizer(SplitPattern pattern, std::string content)
        : m_pattern(std::move(pattern)), m_content(std::move(content)) {}
    Result<void> apply(AlignedText& text) const override {
        AlignedText::Writer out(text.size() + text.size() / 2);
        std::size_t done = 0;
        bool any = false;
        const auto found = m_pattern.findAll(text.text(), [&](const PatternMatch& part) {
            if (!part.isMatch) return;
            out.copy(text, done, part.begin);
            out.put(m_content,
                    part.end == 0 ? ByteSpan{text.origin(), text.origin()} : text.at(part.end - 1));
            done = part.end;
            any = true;
        });
        if (!found) return found.error();
        if (!any) return {};
        out.copy(text, done, text.size());
        text.take(std::move(out));
        return {};
    }

 private:
    SplitPattern m_pattern;
    std::string m_content;
};

Result<NormalizerPointer> make(const JsonValue& spec, const PartPlace& place) {
    PartFields fields(spec, place);
    std::string content = fields.text("content");
    if (auto good = fields.check(); !good) return good.error();
    auto pattern = SplitPattern::read(spec["pattern"], place);
    if (!pattern) return pattern.error();
    return NormalizerPointer(std::make_shared<ReplaceNormalizer>(std::move(*pattern), std::move(content)));
}

}  // namespace

const NormalizerKind kReplaceNormalizer{"Replace", {}, &make};

}  // namespace attnviz
