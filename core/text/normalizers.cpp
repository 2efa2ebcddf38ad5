// The table of normalizers.
#include <array>

#include "core/text/normalizer.h"

namespace attnviz {
namespace {

const std::array kNormalizers{
    &kSequenceNormalizer,     &kNfcNormalizer,         &kNfdNormalizer,
    &kNfkcNormalizer,         &kNfkdNormalizer,        &kLowercaseNormalizer,
    &kStripAccentsNormalizer, &kStripNormalizer,       &kReplaceNormalizer,
    &kPrependNormalizer,      &kBertNormalizer,        &kByteLevelNormalizer,
    &kNmtNormalizer,          &kPrecompiledNormalizer, &kDropUnassignedNormalizer,
};

}  // namespace

std::span<const NormalizerKind* const> normalizers() {
    return kNormalizers;
}

Result<NormalizerPointer> makeNormalizer(const JsonValue& spec, const PartPlace& place) {
    const auto kind = findKind(normalizers(), spec, "normalizer", place);
    if (!kind) return kind.error();
    return (*kind)->make(spec, place.inside("normalizer"));
}

}  // namespace attnviz
