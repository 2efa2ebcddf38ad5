// Several post-processors, one after the other.
#include "core/text/post_processor.h"

namespace attnviz {
namespace {

class SequencePostProcessor final : public PostProcessor {
 public:
    explicit SequencePostProcessor(std::vector<PostProcessorPointer> parts) : m_parts(std::move(parts)) {}
    Result<void> apply(std::vector<TokenRun>& runs, const PostProcessing& options) const override {
        for (const auto& part : m_parts)
            if (auto done = part->apply(runs, options); !done) return done.error();
        return {};
    }

 private:
    std::vector<PostProcessorPointer> m_parts;
};

Result<PostProcessorPointer> make(const JsonValue& spec, const PartPlace& place) {
    PartFields fields(spec, place);
    const JsonValue& list = fields.list("processors");
    if (auto good = fields.check(); !good) return good.error();
    std::vector<PostProcessorPointer> parts;
    for (const JsonValue& item : list.items()) {
        auto part = makePostProcessor(item, place);
        if (!part) return part.error();
        parts.push_back(std::move(*part));
    }
    return PostProcessorPointer(std::make_shared<SequencePostProcessor>(std::move(parts)));
}

}  // namespace

const PostProcessorKind kSequencePostProcessor{"Sequence", {}, &make};

}  // namespace attnviz
