// [CLS] text [SEP], and the second text's tokens with [SEP] after them; RoBERTa sets the second off with two
// </s>.
#include <optional>

#include "core/text/post_processor.h"

namespace attnviz {
namespace {

struct NamedToken {
    std::string piece;
    std::int64_t id = 0;
};

// ["[SEP]", 102]
Result<NamedToken> readNamedToken(const JsonValue& spec, std::string_view key, const PartPlace& place) {
    const JsonValue& value = spec[key];
    if (value.items().size() != 2 || !value.items()[0].isString())
        return badInput("\"" + std::string(key) + "\" is not a piece and its id", place.where);
    auto id = tokenIdOf(value.items()[1], value.items()[0].string(), place);
    if (!id) return id.error();
    return NamedToken{value.items()[0].string(), *id};
}

struct Roberta {
    bool trim = false, addPrefixSpace = false;
};

class BertPostProcessor final : public PostProcessor {
 public:
    BertPostProcessor(NamedToken begin, NamedToken separator, std::optional<Roberta> roberta)
        : m_begin(std::move(begin)), m_separator(std::move(separator)), m_roberta(roberta) {}

    Result<void> apply(std::vector<TokenRun>& runs, const PostProcessing& options) const override {
        if (m_roberta && m_roberta->trim)
            for (TokenRun& run : runs) trimSpans(run, m_roberta->addPrefixSpace);
        if (!options.addSpecialTokens) return {};
        for (std::size_t index = 0; index < runs.size(); ++index) {
            std::vector<Token>& tokens = runs[index].tokens;
            const int segment = index == 0 ? 0 : 1;
            if (index == 0) tokens.insert(tokens.begin(), specialToken(m_begin.piece, m_begin.id, 0));
            if (index > 0 && m_roberta)
                tokens.insert(tokens.begin(), specialToken(m_separator.piece, m_separator.id, segment));
            tokens.push_back(specialToken(m_separator.piece, m_separator.id, segment));
        }
        return {};
    }

 private:
    NamedToken m_begin, m_separator;
    std::optional<Roberta> m_roberta;
};

template <bool isRoberta>
Result<PostProcessorPointer> make(const JsonValue& spec, const PartPlace& place) {
    auto separator = readNamedToken(spec, "sep", place);
    if (!separator) return separator.error();
    auto begin = readNamedToken(spec, "cls", place);
    if (!begin) return begin.error();
    std::optional<Roberta> roberta;
    if (isRoberta) {
        PartFields fields(spec, place);
        roberta = Roberta{fields.boolean("trim_offsets"), fields.boolean("add_prefix_space")};
        if (auto good = fields.check(); !good) return good.error();
    }
    return PostProcessorPointer(
        std::make_shared<BertPostProcessor>(std::move(*begin), std::move(*separator), roberta));
}

}  // namespace

const PostProcessorKind kBertPostProcessor{"BertProcessing", {}, &make<false>};
const PostProcessorKind kRobertaPostProcessor{"RobertaProcessing", {}, &make<true>};

}  // namespace attnviz
