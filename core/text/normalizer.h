// Changes a text before it is cut into words: case, accents, Unicode forms.
//
// Each kind is a file of its own with one row in the table of normalizers.cpp. Immutable, thread-safe.
#pragma once

#include <memory>
#include <span>

#include "core/text/aligned_text.h"
#include "core/text/part_fields.h"

namespace attnviz {

class Normalizer {
 public:
    virtual ~Normalizer() = default;
    // Fails only where a pattern of the file runs over its limits.
    virtual Result<void> apply(AlignedText& text) const = 0;
};

using NormalizerPointer = std::shared_ptr<const Normalizer>;

struct NormalizerKind {
    std::string_view type;
    std::string_view otherName;
    Result<NormalizerPointer> (*make)(const JsonValue& spec, const PartPlace& place);
};

extern const NormalizerKind kSequenceNormalizer, kNfcNormalizer, kNfdNormalizer, kNfkcNormalizer,
    kNfkdNormalizer, kLowercaseNormalizer, kStripAccentsNormalizer, kStripNormalizer, kReplaceNormalizer,
    kPrependNormalizer, kBertNormalizer, kByteLevelNormalizer, kNmtNormalizer, kPrecompiledNormalizer,
    kDropUnassignedNormalizer;

std::span<const NormalizerKind* const> normalizers();
Result<NormalizerPointer> makeNormalizer(const JsonValue& spec, const PartPlace& place);

}  // namespace attnviz
