// The table of decoders.
#include <array>

#include "core/text/decoder.h"

namespace attnviz {
namespace {

const std::array kDecoders{&kSequenceDecoder,  &kByteLevelDecoder, &kWordPieceDecoder,
                           &kMetaspaceDecoder, &kBpeDecoder,       &kReplaceDecoder,
                           &kFuseDecoder,      &kStripDecoder,     &kByteFallbackDecoder};

}  // namespace

std::span<const DecoderKind* const> decoders() {
    return kDecoders;
}

Result<DecoderPointer> makeDecoder(const JsonValue& spec, const PartPlace& place) {
    const auto kind = findKind(decoders(), spec, "decoder", place);
    if (!kind) return kind.error();
    return (*kind)->make(spec, place.inside("decoder"));
}

}  // namespace attnviz
