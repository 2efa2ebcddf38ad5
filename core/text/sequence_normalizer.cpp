// Several normalizers, one after the other.
#include <vector>

#include "core/text/normalizer.h"

namespace attnviz {
namespace {

class SequenceNormalizer final : public Normalizer {
 public:
    explicit SequenceNormalizer(std::vector<NormalizerPointer> parts) : m_parts(std::move(parts)) {}
    Result<void> apply(AlignedText& text) const override {
        for (const auto& part : m_parts)
            if (auto done = part->apply(text); !done) return done.error();
        return {};
    }

 private:
    std::vector<NormalizerPointer> m_parts;
};

Result<NormalizerPointer> make(const JsonValue& spec, const PartPlace& place) {
    PartFields fields(spec, place);
    const JsonValue& list = fields.list("normalizers");
    if (auto good = fields.check(); !good) return good.error();
    std::vector<NormalizerPointer> parts;
    for (const JsonValue& item : list.items()) {
        auto part = makeNormalizer(item, place);
        if (!part) return part.error();
        parts.push_back(std::move(*part));
    }
    return NormalizerPointer(std::make_shared<SequenceNormalizer>(std::move(parts)));
}

}  // namespace

const NormalizerKind kSequenceNormalizer{"Sequence", {}, &make};

}  // namespace attnviz
