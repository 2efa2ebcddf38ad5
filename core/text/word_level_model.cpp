// WordLevel: a word is a piece, or unknown.
#include "core/text/token_model.h"

namespace attnviz {
namespace {

class WordLevelModel final : public TokenModel {
 public:
    Vocabulary pieces;
    std::string unknown;
    std::optional<std::uint32_t> unknownId;
    std::string where;

    std::unique_ptr<WordEncoder> encoder() const override;
    const Vocabulary& vocabulary() const override { return pieces; }
    std::string_view kind() const override { return "WordLevel"; }
};

class WordLevelEncoder final : public WordEncoder {
 public:
    explicit WordLevelEncoder(const WordLevelModel& model) : m_model(model) {}
    Result<void> encode(std::string_view word, std::vector<ModelToken>& out) override {
        const auto end = static_cast<std::uint32_t>(word.size());
        if (const auto id = m_model.pieces.idOf(word)) {
            out.push_back({*id, 0, end, m_model.pieces.pieceOf(*id).value_or(std::string_view{})});
            return {};
        }
        if (!m_model.unknownId)
            return badInput("the word \"" + std::string(word.substr(0, 100)) +
                                "\" is not in the vocabulary, which has no \"" + m_model.unknown +
                                "\" for it",
                            m_model.where);
        out.push_back({*m_model.unknownId, 0, end, m_model.unknown});
        return {};
    }

 private:
    const WordLevelModel& m_model;
};

std::unique_ptr<WordEncoder> WordLevelModel::encoder() const {
    return std::make_unique<WordLevelEncoder>(*this);
}

bool fits(const ModelSpec& spec) {
    return spec.pieces && spec.fields["unk_token"].isString();
}

Result<TokenModelPointer> make(ModelSpec spec, const PartPlace& place) {
    if (!spec.pieces) return badInput("the WordLevel model has no \"vocab\" of pieces and ids", place.where);
    PartFields fields(spec.fields, place);
    auto model = std::make_shared<WordLevelModel>();
    model->unknown = fields.text("unk_token");
    if (auto good = fields.check(); !good) return good.error();
    model->pieces = std::move(*spec.pieces);
    model->unknownId = model->pieces.idOf(model->unknown);
    model->where = place.where;
    return TokenModelPointer(std::move(model));
}

}  // namespace

const TokenModelKind kWordLevelModel{"WordLevel", {}, &fits, &make};

}  // namespace attnviz
