// Drops characters that Unicode 14 does not know. No kind of tokenizer.json: the slow BERT tokenizer does so,
// which takes what Python 3.11 calls unassigned for control characters (see vocabulary_text_source.cpp).
#include <unicode/uchar.h>

#include "core/text/normalizer.h"

namespace attnviz {
namespace {

bool isUnassigned(char32_t point) {
    if (point < 0x300) return false;
    if (u_charType(static_cast<UChar32>(point)) == U_UNASSIGNED) return true;
    UVersionInfo age{};
    u_charAge(static_cast<UChar32>(point), age);
    return age[0] > 14;
}

class DropUnassignedNormalizer final : public Normalizer {
 public:
    Result<void> apply(AlignedText& text) const override {
        const std::string& all = text.text();
        bool found = false;
        for (std::size_t at = 0; at < all.size() && !found;) {
            const utf8::Character character = utf8::decode(all, at);
            found = isUnassigned(character.point);
            at += character.length;
        }
        if (found)
            text.rewrite([](char32_t point, AlignedText::Writer& out) {
                if (!isUnassigned(point)) out.put(point);
            });
        return {};
    }
};

Result<NormalizerPointer> make(const JsonValue&, const PartPlace&) {
    return NormalizerPointer(std::make_shared<DropUnassignedNormalizer>());
}

}  // namespace

const NormalizerKind kDropUnassignedNormalizer{"DropUnassigned", {}, &make};

}  // namespace attnviz
