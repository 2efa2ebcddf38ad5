#include "core/text/sentence_piece_model.h"

#include <algorithm>
#include <limits>

#include "core/text/byte_pieces.h"
#include "core/text/sentence_piece_normalizer.h"
#include "core/text/unigram_search.h"

namespace attnviz {
namespace {

constexpr float kUnknownPenalty = 10;  // below the least score of a piece
constexpr std::string_view kSpace = "\xE2\x96\x81";
using Kind = SentencePiece::Kind;

// Where the word that begins at `begin` ends: before the next space that stands behind something else.
std::size_t wordEnd(std::string_view text, std::size_t begin) {
    std::size_t end = text.find(kSpace, begin + 1);
    while (end != std::string_view::npos && text.substr(begin, end - begin).ends_with(kSpace))
        end = text.find(kSpace, end + kSpace.size());
    return std::min(end, text.size());
}

class SentencePieceUnigram final : public TokenModel {
 public:
    SentencePieceUnigram(std::unique_ptr<const SentencePieceFile> given, SentencePieceIds numbering)
        : file(std::move(given)),
          ids(std::move(numbering)),
          normalizer(*file, ids.spaceBeforeEach && file->addDummyPrefix) {
        float least = std::numeric_limits<float>::max();
        float greatest = std::numeric_limits<float>::min();
        std::vector<std::pair<std::string_view, std::uint32_t>> pieces;
        for (std::uint32_t index = 0; index < file->pieces.size(); ++index) {
            const SentencePiece& piece = file->pieces[index];
            if (piece.kind == Kind::normal) {
                least = std::min(least, piece.score);
                greatest = std::max(greatest, piece.score);
            }
            if (piece.kind == Kind::normal || piece.kind == Kind::userDefined)
                pieces.emplace_back(piece.text, index);
            joinsWords = joinsWords || (!piece.text.empty() && wordEnd(piece.text, 0) < piece.text.size());
            if (piece.kind == Kind::byte)
                bytes[static_cast<std::size_t>(BytePieces::byteOf(piece.text))] = index;
        }
        trie = PieceTrie(std::move(pieces));
        unknownScore = least - kUnknownPenalty;
        for (const SentencePiece& piece : file->pieces) scores.push_back(scoreOf(piece, greatest));
    }

    std::unique_ptr<WordEncoder> encoder() const override;
    const Vocabulary& vocabulary() const override { return ids.pieces; }
    std::string_view kind() const override { return "SentencePiece Unigram"; }

    // A symbol of the user's is always preferred.
    static float scoreOf(const SentencePiece& piece, float greatest) {
        if (piece.kind != Kind::userDefined) return piece.score;
        const auto length = static_cast<float>(piece.text.size());
        return static_cast<float>(static_cast<double>(length * greatest) - 0.1);
    }

    std::unique_ptr<const SentencePieceFile> file;
    SentencePieceIds ids;
    SentencePieceNormalizer normalizer;
    PieceTrie trie;
    std::vector<float> scores;  // by piece
    float unknownScore = 0;
    bool joinsWords = false;  // whether a piece reaches from one word into the next
    std::array<std::uint32_t, 256> bytes{};
};

class UnigramSentenceEncoder final : public WordEncoder {
 public:
    explicit UnigramSentenceEncoder(const SentencePieceUnigram& model) : m_model(model) {}

    Result<void> encode(std::string_view text, std::vector<ModelToken>& out) override {
        return cutKeepingSpace(*m_model.file, m_model.ids, text, out,
                               [this](std::string_view stretch, std::vector<ModelToken>& tokens) {
                                   return cut(stretch, tokens);
                               });
    }

 private:
    Result<void> cut(std::string_view text, std::vector<ModelToken>& out) {
        m_model.normalizer.apply(text, m_sentence);
        const auto scoreOf = [this](std::uint32_t index, std::size_t) { return m_model.scores[index]; };
        const std::string_view all = m_sentence.text;
        out.reserve(out.size() + all.size() / 4);
        bool afterUnknown = false;
        float score = 0;  // goes on from word to word: what a sum is rounded to depends on it
        for (std::size_t begin = 0, end = 0; begin < all.size(); begin = end) {
            end = m_model.joinsWords ? all.size() : wordEnd(all, begin);
            m_search.run(all.substr(begin, end - begin), m_model.trie, scoreOf, m_model.unknownScore,
                         m_model.file->unknownId, score);
            score = m_search.step(end - begin).score;
            m_cuts.clear();
            for (std::size_t last = end; last > begin; last = m_cuts.back().begin) {
                const auto& step = m_search.step(last - begin);
                m_cuts.push_back({begin + step.begin, last, step.id});
            }
            for (auto cut = m_cuts.rbegin(); cut != m_cuts.rend(); ++cut) {
                const bool unknown = cut->index == m_model.file->unknownId;
                if (unknown && m_model.file->byteFallback)
                    putBytes(*cut, out);
                else if (unknown && afterUnknown)
                    lengthen(*cut, out.back());
                else
                    out.push_back({m_model.ids.ids[cut->index], m_sentence.origins[cut->begin],
                                   m_sentence.origins[cut->end], textOf(*cut)});
                afterUnknown = unknown;
            }
        }
        return {};
    }

    struct Cut {
        std::size_t begin = 0, end = 0;  // in the normalized text
        std::uint32_t index = 0;
    };
    std::string_view textOf(const Cut& cut) const {
        return std::string_view(m_sentence.text).substr(cut.begin, cut.end - cut.begin);
    }
    // All bytes of a character carry its span.
    void putBytes(const Cut& cut, std::vector<ModelToken>& out) const {
        for (const char byte : textOf(cut))
            out.push_back({m_model.ids.ids[m_model.bytes[static_cast<unsigned char>(byte)]],
                           m_sentence.origins[cut.begin], m_sentence.origins[cut.end],
                           BytePieces::nameOf(byte)});
    }
    // A run of unknown characters is one token.
    void lengthen(const Cut& cut, ModelToken& token) const {
        token.end = m_sentence.origins[cut.end];
        token.piece = {token.piece.data(), token.piece.size() + cut.end - cut.begin};
    }

    const SentencePieceUnigram& m_model;
    NormalizedSentence m_sentence;
    UnigramSearch<float> m_search;
    std::vector<Cut> m_cuts;
};

std::unique_ptr<WordEncoder> SentencePieceUnigram::encoder() const {
    return std::make_unique<UnigramSentenceEncoder>(*this);
}

}  // namespace

Result<void> cutKeepingSpace(const SentencePieceFile& file, const SentencePieceIds& ids,
                             std::string_view stretch, std::vector<ModelToken>& out, const CutStretch& cut) {
    if (ids.spaceBeforeEach || !(stretch.starts_with(' ') || stretch.starts_with("\xE2\x96\x81")))
        return cut(stretch, out);
    const std::string name(file.pieces[file.unknownId].text);
    std::vector<ModelToken> alone;
    if (auto done = cut(name, alone); !done) return done;
    const std::size_t first = out.size();
    if (auto done = cut(name + std::string(stretch), out); !done) return done;
    // The name's tokens go, and its bytes in front of the others.
    const auto begin = out.begin() + static_cast<std::ptrdiff_t>(first);
    if (out.size() - first >= alone.size())
        out.erase(begin, begin + static_cast<std::ptrdiff_t>(alone.size()));
    for (std::size_t index = first; index < out.size(); ++index)
        for (std::uint32_t* place : {&out[index].begin, &out[index].end})
            *place -= std::min(*place, static_cast<std::uint32_t>(name.size()));
    return {};
}

Result<TokenModelPointer> makeSentencePieceModel(std::unique_ptr<const SentencePieceFile> file,
                                                 SentencePieceIds ids) {
    if (file->model != SentencePieceFile::Model::unigram)
        return makeSentencePieceLibraryModel(std::move(file), std::move(ids));
    return TokenModelPointer(std::make_shared<SentencePieceUnigram>(std::move(file), std::move(ids)));
}

}  // namespace attnviz
