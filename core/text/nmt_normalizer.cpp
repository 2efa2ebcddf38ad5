// SentencePiece's "nmt" rules: control characters go, other kinds of white space become a space.
#include <algorithm>

#include "core/text/normalizer.h"

namespace attnviz {
namespace {

bool isDropped(char32_t point) {
    return (point >= 0x01 && point <= 0x08) || point == 0x0B || (point >= 0x0E && point <= 0x1F) ||
           point == 0x7F || point == 0x8F || point == 0x9F;
}

bool isSpace(char32_t point) {
    return point == 0x09 || point == 0x0A || point == 0x0C || point == 0x0D || point == 0x1680 ||
           (point >= 0x200B && point <= 0x200F) || point == 0x2028 || point == 0x2029 || point == 0x2581 ||
           point == 0xFEFF || point == 0xFFFD;
}

class NmtNormalizer final : public Normalizer {
 public:
    Result<void> apply(AlignedText& text) const override {
        const std::string& all = text.text();
        const bool plain = std::all_of(all.begin(), all.end(), [](char letter) {
            return static_cast<unsigned char>(letter) >= 0x20 && static_cast<unsigned char>(letter) < 0x7F;
        });
        if (plain) return {};
        text.rewrite([](char32_t point, AlignedText::Writer& out) {
            if (!isDropped(point)) out.put(isSpace(point) ? U' ' : point);
        });
        return {};
    }
};

Result<NormalizerPointer> make(const JsonValue&, const PartPlace&) {
    return NormalizerPointer(std::make_shared<NmtNormalizer>());
}

}  // namespace

const NormalizerKind kNmtNormalizer{"Nmt", {}, &make};

}  // namespace attnviz
