// NFC, NFD, NFKC, NFKD.
#include "core/text/normalizer.h"
#include "core/text/unicode_normalization.h"

namespace attnviz {
namespace {

template <NormalizationForm form>
class UnicodeNormalizer final : public Normalizer {
 public:
    Result<void> apply(AlignedText& text) const override {
        normalizeUnicode(text, form);
        return {};
    }
    static Result<NormalizerPointer> make(const JsonValue&, const PartPlace&) {
        return NormalizerPointer(std::make_shared<UnicodeNormalizer>());
    }
};

}  // namespace

const NormalizerKind kNfcNormalizer{"NFC", {}, &UnicodeNormalizer<NormalizationForm::nfc>::make};
const NormalizerKind kNfdNormalizer{"NFD", {}, &UnicodeNormalizer<NormalizationForm::nfd>::make};
const NormalizerKind kNfkcNormalizer{"NFKC", {}, &UnicodeNormalizer<NormalizationForm::nfkc>::make};
const NormalizerKind kNfkdNormalizer{"NFKD", {}, &UnicodeNormalizer<NormalizationForm::nfkd>::make};

}  // namespace attnviz
