// Drops white space at the ends.
#include "core/text/character_classes.h"
#include "core/text/normalizer.h"

namespace attnviz {
namespace {

class StripNormalizer final : public Normalizer {
 public:
    StripNormalizer(bool left, bool right) : m_left(left), m_right(right) {}
    Result<void> apply(AlignedText& text) const override {
        const std::string& all = text.text();
        std::size_t begin = 0;
        std::size_t end = all.size();
        while (m_left && begin < end) {
            const utf8::Character character = utf8::decode(all, begin);
            if (!isKind(character.point, CharacterClass::whitespace)) break;
            begin += character.length;
        }
        while (m_right && end > begin) {
            const std::size_t last = utf8::previous(all, end);
            if (!isKind(utf8::decode(all, last).point, CharacterClass::whitespace)) break;
            end = last;
        }
        if (begin > 0 || end < all.size()) text.cut(begin, end);
        return {};
    }

 private:
    bool m_left, m_right;
};

Result<NormalizerPointer> make(const JsonValue& spec, const PartPlace& place) {
    PartFields fields(spec, place);
    const bool left = fields.boolean("strip_left");
    const bool right = fields.boolean("strip_right");
    if (auto good = fields.check(); !good) return good.error();
    return NormalizerPointer(std::make_shared<StripNormalizer>(left, right));
}

}  // namespace

const NormalizerKind kStripNormalizer{"Strip", {}, &make};

}  // namespace attnviz
