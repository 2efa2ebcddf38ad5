// Puts a string before a text that is not empty.
#include "core/text/normalizer.h"

namespace attnviz {
namespace {

class PrependNormalizer final : public Normalizer {
 public:
    explicit PrependNormalizer(std::string prefix) : m_prefix(std::move(prefix)) {}
    Result<void> apply(AlignedText& text) const override {
        text.prepend(m_prefix);
        return {};
    }

 private:
    std::string m_prefix;
};

Result<NormalizerPointer> make(const JsonValue& spec, const PartPlace& place) {
    PartFields fields(spec, place);
    std::string prefix = fields.text("prepend");
    if (auto good = fields.check(); !good) return good.error();
    return NormalizerPointer(std::make_shared<PrependNormalizer>(std::move(prefix)));
}

}  // namespace

const NormalizerKind kPrependNormalizer{"Prepend", {}, &make};

}  // namespace attnviz
