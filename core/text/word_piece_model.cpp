// WordPiece: the longest piece that fits, from left to right (Schuster and Nakajima 2012; Devlin et al.
// 2019).
#include "core/text/token_model.h"
#include "core/text/utf8.h"
#include "core/text/word_cache.h"

namespace attnviz {
namespace {

class WordPieceModel final : public TokenModel {
 public:
    Vocabulary pieces;
    std::string unknown, prefix;
    std::int64_t longestWord = 100;  // characters
    std::optional<std::uint32_t> unknownId;
    std::string where;
    WordCachePool caches;

    std::unique_ptr<WordEncoder> encoder() const override;
    const Vocabulary& vocabulary() const override { return pieces; }
    std::string_view kind() const override { return "WordPiece"; }
};

class WordPieceEncoder final : public WordEncoder {
 public:
    explicit WordPieceEncoder(const WordPieceModel& model)
        : m_model(model), m_cache(model.caches.take()), m_buffer(model.prefix) {}
    ~WordPieceEncoder() override { m_model.caches.giveBack(std::move(m_cache)); }
    WordPieceEncoder(const WordPieceEncoder&) = delete;
    WordPieceEncoder& operator=(const WordPieceEncoder&) = delete;

    Result<void> encode(std::string_view word, std::vector<ModelToken>& out) override {
        const bool cacheable = word.size() <= WordCache::kLongestWord;
        bool known = false;
        std::span<const CachedPiece> pieces;
        if (cacheable) pieces = m_cache->find(word, known);
        if (!known) {
            if (auto done = segment(word); !done) return done;
            if (cacheable) m_cache->put(word, m_pieces);
            pieces = m_pieces;
        }
        std::uint32_t at = 0;
        for (const CachedPiece& piece : pieces) {
            out.push_back({piece.id, at, at + piece.length,
                           m_model.pieces.pieceOf(piece.id).value_or(std::string_view{})});
            at += piece.length;
        }
        return {};
    }

 private:
    Result<void> segment(std::string_view word) {
        m_pieces.clear();
        if (static_cast<std::int64_t>(utf8::count(word)) <= m_model.longestWord && cut(word)) return {};
        if (!m_model.unknownId)
            return badInput(
                "a word has no pieces in the vocabulary, which has no \"" + m_model.unknown + "\" for it",
                m_model.where);
        m_pieces.assign(1, {*m_model.unknownId, static_cast<std::uint32_t>(word.size())});
        return {};
    }

    bool cut(std::string_view word) {
        const std::size_t longest = m_model.pieces.longestPiece();
        for (std::size_t begin = 0; begin < word.size();) {
            // Only what a piece can hold is tried.
            std::size_t end = std::min(word.size(), begin + longest);
            while (end < word.size() && end > begin && utf8::isContinuation(word[end])) --end;
            std::string_view all = word;
            std::size_t shift = 0;
            if (begin > 0) {
                m_buffer.resize(m_model.prefix.size());
                m_buffer += word.substr(begin, end - begin);
                all = m_buffer;
                shift = m_model.prefix.size();
            }
            bool found = false;
            while (end > begin) {
                const std::string_view piece =
                    begin > 0 ? all.substr(0, shift + end - begin) : all.substr(0, end);
                if (const auto id = m_model.pieces.idOf(piece)) {
                    m_pieces.push_back({*id, static_cast<std::uint32_t>(end - begin)});
                    found = true;
                    break;
                }
                end = utf8::previous(word, end);
            }
            if (!found) return false;
            begin = end;
        }
        return true;
    }

    const WordPieceModel& m_model;
    std::unique_ptr<WordCache> m_cache;
    std::vector<CachedPiece> m_pieces;
    std::string m_buffer;
};

std::unique_ptr<WordEncoder> WordPieceModel::encoder() const {
    return std::make_unique<WordPieceEncoder>(*this);
}

bool fits(const ModelSpec& spec) {
    return spec.pieces && spec.fields["unk_token"].isString() &&
           spec.fields["continuing_subword_prefix"].isString() &&
           spec.fields["max_input_chars_per_word"].isInteger();
}

Result<TokenModelPointer> make(ModelSpec spec, const PartPlace& place) {
    if (!spec.pieces) return badInput("the WordPiece model has no \"vocab\" of pieces and ids", place.where);
    PartFields fields(spec.fields, place);
    auto model = std::make_shared<WordPieceModel>();
    model->unknown = fields.text("unk_token");
    model->prefix = fields.text("continuing_subword_prefix");
    model->longestWord = fields.count("max_input_chars_per_word", 1'000'000);
    if (auto good = fields.check(); !good) return good.error();
    model->pieces = std::move(*spec.pieces);
    model->unknownId = model->pieces.idOf(model->unknown);
    model->where = place.where;
    return TokenModelPointer(std::move(model));
}

}  // namespace

const TokenModelKind kWordPieceModel{"WordPiece", {}, &fits, &make};

}  // namespace attnviz
