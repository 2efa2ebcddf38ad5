// Several pre-tokenizers, one after the other.
#include "core/text/pre_tokenizer.h"

namespace attnviz {
namespace {

class SequencePreTokenizer final : public PreTokenizer {
 public:
    explicit SequencePreTokenizer(std::vector<PreTokenizerPointer> parts) : m_parts(std::move(parts)) {}
    Result<void> apply(WordedText& text) const override {
        for (const auto& part : m_parts) {
            spellBytes(text);
            if (auto done = part->apply(text); !done) return done.error();
        }
        return {};
    }

 private:
    std::vector<PreTokenizerPointer> m_parts;
};

Result<PreTokenizerPointer> make(const JsonValue& spec, const PartPlace& place) {
    PartFields fields(spec, place);
    const JsonValue& list = fields.list("pretokenizers");
    if (auto good = fields.check(); !good) return good.error();
    std::vector<PreTokenizerPointer> parts;
    for (const JsonValue& item : list.items()) {
        auto part = makePreTokenizer(item, place);
        if (!part) return part.error();
        parts.push_back(std::move(*part));
    }
    return PreTokenizerPointer(std::make_shared<SequencePreTokenizer>(std::move(parts)));
}

}  // namespace

const PreTokenizerKind kSequencePreTokenizer{"Sequence", {}, &make};

}  // namespace attnviz
