// Bytes as printable characters, as a normalizer.
#include "core/text/byte_alphabet.h"
#include "core/text/normalizer.h"

namespace attnviz {
namespace {

class ByteLevelNormalizer final : public Normalizer {
 public:
    Result<void> apply(AlignedText& text) const override {
        text.rewrite([](char32_t point, AlignedText::Writer& out) {
            for (const char byte : utf8::encoded(point))
                out.put(characterOfByte(static_cast<std::uint8_t>(byte)));
        });
        return {};
    }
};

Result<NormalizerPointer> make(const JsonValue&, const PartPlace&) {
    return NormalizerPointer(std::make_shared<ByteLevelNormalizer>());
}

}  // namespace

const NormalizerKind kByteLevelNormalizer{"ByteLevel", {}, &make};

}  // namespace attnviz
