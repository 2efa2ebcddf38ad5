// Lower case, character by character, whatever the language.
#include "core/text/character_classes.h"
#include "core/text/normalizer.h"

namespace attnviz {
namespace {

class LowercaseNormalizer final : public Normalizer {
 public:
    Result<void> apply(AlignedText& text) const override {
        if (utf8::isAscii(text.text())) {
            std::string lower = text.text();
            for (char& letter : lower)
                if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter + 32);
            text.replaceLetters(std::move(lower));
            return {};
        }
        text.rewrite([](char32_t point, AlignedText::Writer& out) {
            std::array<char32_t, 2> lower{};
            const int count = lowercase(point, lower);
            for (int i = 0; i < count; ++i) out.put(lower[static_cast<std::size_t>(i)]);
        });
        return {};
    }
};

Result<NormalizerPointer> make(const JsonValue&, const PartPlace&) {
    return NormalizerPointer(std::make_shared<LowercaseNormalizer>());
}

}  // namespace

const NormalizerKind kLowercaseNormalizer{"Lowercase", {}, &make};

}  // namespace attnviz
