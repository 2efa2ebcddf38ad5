// Unigram (Kudo 2018): of all ways to cut a word into pieces, the one whose scores have the greatest sum.
//
// What no piece covers is unknown, a run of it one token; with byte fallback it becomes bytes ("<0xE4>"),
// each of which stands for the whole run, as in the reference.
#include <algorithm>
#include <limits>

#include "core/text/byte_pieces.h"
#include "core/text/piece_trie.h"
#include "core/text/token_model.h"
#include "core/text/unigram_search.h"
#include "core/text/utf8.h"
#include "core/text/word_cache.h"

namespace attnviz {
namespace {

constexpr double kUnknownPenalty = 10;                              // below the least score of a piece
constexpr std::size_t kLargestVocabulary = std::size_t{32} << 20U;  // bytes of pieces; bounds the trie
constexpr std::uint32_t kBytes = 0xFFFFFFFF;                        // in a cache: an unknown run as bytes

class UnigramModel final : public TokenModel {
 public:
    Vocabulary pieces;
    std::vector<double> scores;  // by id
    PieceTrie trie;
    double unknownScore = 0;
    std::optional<std::uint32_t> unknownId;
    BytePieces bytes;  // where unknown characters become bytes
    bool byteFallback = false;
    std::string where;
    WordCachePool caches;

    std::unique_ptr<WordEncoder> encoder() const override;
    const Vocabulary& vocabulary() const override { return pieces; }
    std::string_view kind() const override { return "Unigram"; }
};

class UnigramEncoder final : public WordEncoder {
 public:
    explicit UnigramEncoder(const UnigramModel& model) : m_model(model), m_cache(model.caches.take()) {}
    ~UnigramEncoder() override { m_model.caches.giveBack(std::move(m_cache)); }
    UnigramEncoder(const UnigramEncoder&) = delete;
    UnigramEncoder& operator=(const UnigramEncoder&) = delete;

    Result<void> encode(std::string_view word, std::vector<ModelToken>& out) override {
        const bool cacheable = word.size() <= WordCache::kLongestWord;
        bool known = false;
        std::span<const CachedPiece> pieces;
        if (cacheable) pieces = m_cache->find(word, known);
        if (!known) {
            if (auto cut = segment(word); !cut) return cut.error();
            if (cacheable) m_cache->put(word, m_pieces);
            pieces = m_pieces;
        }
        std::uint32_t at = 0;
        for (const CachedPiece& piece : pieces) {
            const std::uint32_t end = at + piece.length;
            const std::string_view text = word.substr(at, piece.length);
            if (piece.id == kBytes)
                for (const char byte : text)
                    out.push_back({*m_model.bytes.idOf(byte), at, end, BytePieces::nameOf(byte)});
            else
                out.push_back({piece.id, at, end, text});
            at = end;
        }
        return {};
    }

 private:
    Result<void> segment(std::string_view word) {
        m_pieces.clear();
        const auto scoreOf = [this](std::uint32_t id, std::size_t) { return m_model.scores[id]; };
        if (!m_search.run(word, m_model.trie, scoreOf, m_model.unknownScore, m_model.unknownId))
            return badInput("a character has no piece in the vocabulary, and the model has no unknown token",
                            m_model.where);
        bool fusing = false;
        for (std::size_t end = word.size(); end > 0;) {
            const auto& step = m_search.step(end);
            const auto length = static_cast<std::uint32_t>(end - step.begin);
            const bool unknown = m_model.unknownId && step.id == *m_model.unknownId;
            if (unknown && fusing)
                m_pieces.back().length += length;
            else
                m_pieces.push_back({step.id, length});
            fusing = unknown;
            end = step.begin;
        }
        std::reverse(m_pieces.begin(), m_pieces.end());
        std::size_t at = 0;
        for (CachedPiece& piece : m_pieces) {
            if (m_model.unknownId && piece.id == *m_model.unknownId)
                piece.id = idOfRun(word.substr(at, piece.length));
            at += piece.length;
        }
        return {};
    }

    // A run of unknown characters can be a piece by chance; else it is bytes, or unknown.
    std::uint32_t idOfRun(std::string_view run) const {
        if (const auto id = m_model.pieces.idOf(run)) return *id;
        return m_model.byteFallback && m_model.bytes.spells(run) ? kBytes : *m_model.unknownId;
    }

    const UnigramModel& m_model;
    std::unique_ptr<WordCache> m_cache;
    UnigramSearch<double> m_search;
    std::vector<CachedPiece> m_pieces;
};

std::unique_ptr<WordEncoder> UnigramModel::encoder() const {
    return std::make_unique<UnigramEncoder>(*this);
}

Result<void> readPieces(const ModelSpec& spec, UnigramModel& model, const PartPlace& place) {
    std::size_t total = 0;
    double least = std::numeric_limits<double>::infinity();
    std::vector<std::pair<std::string_view, std::uint32_t>> listed;
    listed.reserve(spec.scored->size());
    for (const auto& [piece, score] : *spec.scored) {
        total += piece.size();
        if (total > kLargestVocabulary)
            return badInput("the Unigram vocabulary has more than 32 MB of pieces", place.where);
        const auto id = static_cast<std::uint32_t>(listed.size());
        if (auto added = model.pieces.add(piece, id, place.where); !added) return added.error();
        listed.emplace_back(piece, id);
        model.scores.push_back(score);
        least = std::min(least, score);
    }
    model.pieces.finish();
    model.trie = PieceTrie(std::move(listed));
    model.unknownScore = least - kUnknownPenalty;
    model.bytes = BytePieces(model.pieces);
    return {};
}

bool fits(const ModelSpec& spec) {
    return spec.scored.has_value();
}

Result<TokenModelPointer> make(ModelSpec spec, const PartPlace& place) {
    if (!spec.scored) return badInput("the Unigram model has no \"vocab\" of pieces and scores", place.where);
    PartFields fields(spec.fields, place);
    auto model = std::make_shared<UnigramModel>();
    model->byteFallback = fields.boolean("byte_fallback", false);
    const auto count = static_cast<std::int64_t>(spec.scored->size());
    if (!spec.fields["unk_id"].isNull()) {
        if (count == 0) return badInput("the Unigram model's \"vocab\" is empty", place.where);
        model->unknownId = static_cast<std::uint32_t>(fields.count("unk_id", count - 1));
    }
    if (auto good = fields.check(); !good) return good.error();
    model->where = place.where;
    if (auto read = readPieces(spec, *model, place); !read) return read.error();
    return TokenModelPointer(std::move(model));
}

}  // namespace

const TokenModelKind kUnigramModel{"Unigram", {}, &fits, &make};

}  // namespace attnviz
