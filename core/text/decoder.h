// Pieces back to text.
//
// Each kind is a file of its own, or shares one with its relatives, with one row in the table of
// decoders.cpp.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/text/part_fields.h"

namespace attnviz {

class Decoder {
 public:
    virtual ~Decoder() = default;
    // The pieces of a text, rewritten; joined they are the text.
    virtual Result<void> apply(std::vector<std::string>& pieces) const = 0;
    // One piece for a person, with the space that it brings; bytes that are no UTF-8 are allowed.
    virtual std::string label(std::string piece) const = 0;
};

using DecoderPointer = std::shared_ptr<const Decoder>;

struct DecoderKind {
    std::string_view type;
    std::string_view otherName;
    Result<DecoderPointer> (*make)(const JsonValue& spec, const PartPlace& place);
};

extern const DecoderKind kSequenceDecoder, kByteLevelDecoder, kWordPieceDecoder, kMetaspaceDecoder,
    kBpeDecoder, kReplaceDecoder, kFuseDecoder, kStripDecoder, kByteFallbackDecoder;

std::span<const DecoderKind* const> decoders();
Result<DecoderPointer> makeDecoder(const JsonValue& spec, const PartPlace& place);

}  // namespace attnviz
