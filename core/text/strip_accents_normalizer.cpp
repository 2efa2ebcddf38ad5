// Drops combining marks; decomposing first is another normalizer's work.
#include "core/text/character_classes.h"
#include "core/text/normalizer.h"

namespace attnviz {
namespace {

class StripAccentsNormalizer final : public Normalizer {
 public:
    Result<void> apply(AlignedText& text) const override {
        if (utf8::isAscii(text.text())) return {};
        text.rewrite([](char32_t point, AlignedText::Writer& out) {
            if (!isKind(point, CharacterClass::combiningMark)) out.put(point);
        });
        return {};
    }
};

Result<NormalizerPointer> make(const JsonValue&, const PartPlace&) {
    return NormalizerPointer(std::make_shared<StripAccentsNormalizer>());
}

}  // namespace

const NormalizerKind kStripAccentsNormalizer{"StripAccents", {}, &make};

}  // namespace attnviz
