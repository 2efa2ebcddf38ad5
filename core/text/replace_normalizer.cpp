// Replaces every match of a string or a pattern.
#include "core/text/normalizer.h"
#include "core/text/split_pattern.h"

namespace attnviz {
namespace {

class ReplaceNormalizer final : public Normalizer {
 public:
    ReplaceNormalizer(SplitPattern pattern, std::string content)
        : m_pattern(std::move(pattern)), m_content(std::move(content)) {}
    Result<void> apply(AlignedText& text) const override {
        std::vector<std::pair<std::size_t, std::size_t>> matches;
        const auto found = m_pattern.findAll(text.text(), [&matches](const PatternMatch& part) {
            if (part.isMatch) matches.emplace_back(part.begin, part.end);
        });
        if (!found) return found.error();
        text.replace(matches, m_content);
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
