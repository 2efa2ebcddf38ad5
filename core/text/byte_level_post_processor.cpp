// Trims spans of byte-level pieces, where asked to.
#include "core/text/post_processor.h"

namespace attnviz {
namespace {

class ByteLevelPostProcessor final : public PostProcessor {
 public:
    ByteLevelPostProcessor(bool trim, bool addPrefixSpace) : m_trim(trim), m_addPrefixSpace(addPrefixSpace) {}
    Result<void> apply(std::vector<TokenRun>& runs, const PostProcessing&) const override {
        if (m_trim)
            for (TokenRun& run : runs) trimSpans(run, m_addPrefixSpace);
        return {};
    }

 private:
    bool m_trim, m_addPrefixSpace;
};

Result<PostProcessorPointer> make(const JsonValue& spec, const PartPlace& place) {
    PartFields fields(spec, place);
    const bool trim = fields.boolean("trim_offsets");
    const bool addPrefixSpace = fields.boolean("add_prefix_space");
    if (auto good = fields.check(); !good) return good.error();
    return PostProcessorPointer(std::make_shared<ByteLevelPostProcessor>(trim, addPrefixSpace));
}

}  // namespace

const PostProcessorKind kByteLevelPostProcessor{"ByteLevel", {}, &make};

}  // namespace attnviz
