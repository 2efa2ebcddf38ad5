// Byte-pair encoding (Sennrich et al. 2016): characters, merged pair by pair in the order of their ranks.
#include <algorithm>
#include <array>
#include <mutex>

#include "core/text/byte_alphabet.h"
#include "core/text/byte_pieces.h"
#include "core/text/merge_boundaries.h"
#include "core/text/merge_table.h"
#include "core/text/token_model.h"
#include "core/text/utf8.h"
#include "core/text/word_cache.h"

namespace attnviz {
namespace {

class BpeModel final : public TokenModel {
 public:
    Vocabulary pieces;
    MergeTable merges;
    std::optional<std::string> unknown;
    std::optional<std::uint32_t> unknownId;
    std::string prefix, suffix;  // of pieces that continue a word; of the last one
    bool fuseUnknown = false, byteFallback = false, ignoreMerges = false;
    BytePieces bytes;
    std::array<std::optional<std::uint32_t>, 0x800> shortIds;  // characters of one or two bytes
    std::string where;

    std::optional<std::array<std::uint32_t, 256>> letterIds;  // of bytes, where all have a letter

    std::unique_ptr<WordEncoder> encoder() const override;
    std::unique_ptr<WordEncoder> byteEncoder() const override;
    const Vocabulary& vocabulary() const override { return pieces; }
    std::string_view kind() const override { return "BPE"; }

    WordCachePool caches, byteCaches;
    std::vector<std::uint32_t> merged;  // the pieces that merges make

    // Made when the first long word comes; most tokenizers never see one.
    const MergeBoundaries& boundaries() const {
        std::call_once(m_once, [this] {
            for (const std::uint32_t id : merged)
                if (const auto piece = pieces.pieceOf(id)) m_boundaries.add(*piece);
        });
        return m_boundaries;
    }

 private:
    mutable std::once_flag m_once;
    mutable MergeBoundaries m_boundaries;
};

class BpeEncoder final : public WordEncoder {
 public:
    // `ofBytes`: words come as bytes, and each is a symbol.
    BpeEncoder(const BpeModel& model, bool ofBytes)
        : m_model(model),
          m_ofBytes(ofBytes),
          m_pool(ofBytes ? model.byteCaches : model.caches),
          m_cache(m_pool.take()) {}
    ~BpeEncoder() override { m_pool.giveBack(std::move(m_cache)); }
    BpeEncoder(const BpeEncoder&) = delete;
    BpeEncoder& operator=(const BpeEncoder&) = delete;

    Result<void> encode(std::string_view word, std::vector<ModelToken>& out) override {
        if (m_model.ignoreMerges) {
            if (const auto id = m_model.pieces.idOf(spelled(word))) {
                out.push_back({*id, 0, static_cast<std::uint32_t>(word.size()), pieceOf(*id)});
                return {};
            }
        }
        const bool cacheable = word.size() <= WordCache::kLongestWord;
        bool known = false;
        std::span<const CachedPiece> pieces;
        if (cacheable) pieces = m_cache->find(word, known);
        if (!known) {
            if (auto begun = begin(word); !begun) return begun.error();
            mergeAll();
            m_pieces.clear();
            for (const Symbol& symbol : m_symbols)
                if (symbol.length != 0) m_pieces.push_back({symbol.id, symbol.length});
            if (cacheable) m_cache->put(word, m_pieces);
            pieces = m_pieces;
        }
        std::uint32_t at = 0;
        for (const CachedPiece& piece : pieces) {
            out.push_back({piece.id, at, at + piece.length, pieceOf(piece.id)});
            at += piece.length;
        }
        return {};
    }

    // A part ends where no merge reaches across.
    std::size_t partEnd(std::string_view word, std::size_t begin) override {
        if (word.size() <= kLongWord || m_model.ignoreMerges) return word.size();
        if (!m_model.prefix.empty() || !m_model.suffix.empty()) return word.size();
        const MergeBoundaries& boundaries = m_model.boundaries();
        utf8::Character left = characterAt(word, begin);
        for (std::size_t at = begin + left.length; at < word.size();) {
            const utf8::Character right = characterAt(word, at);
            // Both must be in the vocabulary: unknown characters reach across.
            if (!boundaries.mayJoin(left.point, right.point) &&
                (m_ofBytes || (idOfCharacter(word, at - left.length, left.length) &&
                               idOfCharacter(word, at, right.length))))
                return at;
            left = right;
            at += right.length;
        }
        return word.size();
    }

 private:
    static constexpr std::size_t kLongWord = 48;  // bytes
    static constexpr std::size_t kFewSymbols = 24;

    utf8::Character characterAt(std::string_view word, std::size_t at) const {
        if (!m_ofBytes) return utf8::decode(word, at);
        return {characterOfByte(static_cast<std::uint8_t>(word[at])), 1};
    }
    std::string_view spelled(std::string_view word) {
        if (!m_ofBytes) return word;
        m_dressed.clear();
        for (const char byte : word) m_dressed += lettersOfByte(static_cast<std::uint8_t>(byte));
        return m_dressed;
    }

    struct Symbol {
        std::uint32_t id = 0, length = 0;  // length 0: merged away
        std::int32_t previous = -1, next = -1;
    };
    struct Candidate {
        std::uint32_t rank = 0, position = 0, merged = 0;
        bool operator<(const Candidate& other) const {  // the heap's top is the least rank, then the leftmost
            return rank != other.rank ? rank > other.rank : position > other.position;
        }
    };

    std::string_view pieceOf(std::uint32_t id) const {
        return m_model.pieces.pieceOf(id).value_or(std::string_view{});
    }

    void add(std::uint32_t id, std::uint32_t length) {
        const auto index = static_cast<std::int32_t>(m_symbols.size());
        if (index > 0) m_symbols.back().next = index;
        m_symbols.push_back({id, length, index - 1, -1});
    }

    std::optional<std::uint32_t> idOfCharacter(std::string_view word, std::size_t at, std::size_t length) {
        const bool prefixed = at > 0 && !m_model.prefix.empty();
        const bool suffixed = at + length == word.size() && !m_model.suffix.empty();
        if (!prefixed && !suffixed) {
            if (length <= 2) return m_model.shortIds[utf8::decode(word, at).point];
            return m_model.pieces.idOf(word.substr(at, length));
        }
        return m_model.pieces.idOf(dressed(word, at, length));
    }

    const std::string& dressed(std::string_view word, std::size_t at, std::size_t length) {
        m_dressed.clear();
        if (at > 0) m_dressed += m_model.prefix;
        m_dressed += word.substr(at, length);
        if (at + length == word.size()) m_dressed += m_model.suffix;
        return m_dressed;
    }

    bool fallBackToBytes(std::string_view word, std::size_t at, std::size_t length) {
        const std::string& bytes = dressed(word, at, length);
        if (!m_model.bytes.spells(bytes)) return false;
        for (const char byte : bytes) add(*m_model.bytes.idOf(byte), 1);
        return true;
    }

    // The word as characters. Unknown ones become the unknown token, which the reference puts in only when it
    // comes to a character that it knows (so bytes of a fallback can come before it).
    Result<void> begin(std::string_view word) {
        m_symbols.clear();
        m_hasUnknown = false;
        if (m_ofBytes) {
            for (const char byte : word) add((*m_model.letterIds)[static_cast<unsigned char>(byte)], 1);
            return {};
        }
        std::uint32_t unknownLength = 0;
        const auto flush = [&] {
            if (unknownLength > 0) add(*m_model.unknownId, unknownLength);
            m_hasUnknown = m_hasUnknown || unknownLength > 0;
            unknownLength = 0;
        };
        for (std::size_t at = 0; at < word.size();) {
            const std::size_t length = utf8::lengthOfLead(word[at]);
            if (const auto id = idOfCharacter(word, at, length)) {
                flush();
                add(*id, static_cast<std::uint32_t>(length));
            } else if (m_model.byteFallback && fallBackToBytes(word, at, length)) {
                // done
            } else if (m_model.unknown) {
                if (!m_model.unknownId)
                    return badInput("the unknown token \"" + *m_model.unknown + "\" is not in the vocabulary",
                                    m_model.where);
                if (!m_model.fuseUnknown) flush();
                unknownLength += static_cast<std::uint32_t>(length);
            }
            at += length;
        }
        flush();
        return {};
    }

    void consider(std::int32_t left) {
        const Symbol& symbol = m_symbols[static_cast<std::size_t>(left)];
        const Merge* merge =
            m_model.merges.find(symbol.id, m_symbols[static_cast<std::size_t>(symbol.next)].id);
        if (!merge) return;
        m_heap.push_back({merge->rank, static_cast<std::uint32_t>(left), merge->merged});
        std::push_heap(m_heap.begin(), m_heap.end());
    }

    void mergeAll() {
        if (m_symbols.size() <= kFewSymbols && !m_hasUnknown)
            mergeFew();
        else
            mergeMany();
    }

    // Looks for the best pair again and again, which is quickest as long as there are few.
    void mergeFew() {
        std::array<const Merge*, kFewSymbols> merges{};  // of each symbol and the next one
        const auto mergeAt = [&](std::size_t left) {
            return left + 1 < m_symbols.size()
                       ? m_model.merges.find(m_symbols[left].id, m_symbols[left + 1].id)
                       : nullptr;
        };
        for (std::size_t left = 0; left < m_symbols.size(); ++left) merges[left] = mergeAt(left);
        for (;;) {
            const Merge* best = nullptr;
            std::size_t at = 0;
            for (std::size_t left = 0; left + 1 < m_symbols.size(); ++left) {
                if (!merges[left] || (best && merges[left]->rank >= best->rank)) continue;
                best = merges[left];
                at = left;
            }
            if (!best) return;
            m_symbols[at].id = best->merged;
            m_symbols[at].length += m_symbols[at + 1].length;
            m_symbols.erase(m_symbols.begin() + static_cast<std::ptrdiff_t>(at) + 1);
            std::copy(merges.begin() + static_cast<std::ptrdiff_t>(at) + 2,
                      merges.begin() + static_cast<std::ptrdiff_t>(m_symbols.size()) + 1,
                      merges.begin() + static_cast<std::ptrdiff_t>(at) + 1);
            merges[at] = mergeAt(at);
            if (at > 0) merges[at - 1] = mergeAt(at - 1);
        }
    }

    void mergeMany() {
        m_heap.clear();
        for (std::size_t i = 0; i + 1 < m_symbols.size(); ++i) consider(static_cast<std::int32_t>(i));
        while (!m_heap.empty()) {
            std::pop_heap(m_heap.begin(), m_heap.end());
            const Candidate best = m_heap.back();
            m_heap.pop_back();
            Symbol& left = m_symbols[best.position];
            if (left.length == 0 || left.next < 0) continue;
            const auto rightIndex = static_cast<std::size_t>(left.next);
            const Symbol right = m_symbols[rightIndex];
            // The pair may have changed since it was considered.
            const Merge* merge = m_model.merges.find(left.id, right.id);
            if (!merge || merge->merged != best.merged) continue;
            left.id = best.merged;
            left.length += right.length;
            left.next = right.next;
            m_symbols[rightIndex].length = 0;
            if (right.next >= 0)
                m_symbols[static_cast<std::size_t>(right.next)].previous =
                    static_cast<std::int32_t>(best.position);
            if (left.previous >= 0) consider(left.previous);
            if (left.next >= 0) consider(static_cast<std::int32_t>(best.position));
        }
    }

    const BpeModel& m_model;
    bool m_ofBytes;
    const WordCachePool& m_pool;
    std::unique_ptr<WordCache> m_cache;
    std::vector<Symbol> m_symbols;
    bool m_hasUnknown = false;
    std::vector<Candidate> m_heap;
    std::vector<CachedPiece> m_pieces;
    std::string m_dressed;
};

std::unique_ptr<WordEncoder> BpeModel::encoder() const {
    return std::make_unique<BpeEncoder>(*this, false);
}

std::unique_ptr<WordEncoder> BpeModel::byteEncoder() const {
    return letterIds ? std::make_unique<BpeEncoder>(*this, true) : nullptr;
}

std::optional<std::array<std::uint32_t, 256>> findLetterIds(const BpeModel& model) {
    if (!model.prefix.empty() || !model.suffix.empty()) return std::nullopt;
    std::array<std::uint32_t, 256> ids{};
    for (std::size_t byte = 0; byte < ids.size(); ++byte) {
        const auto id = model.shortIds[characterOfByte(static_cast<std::uint8_t>(byte))];
        if (!id) return std::nullopt;
        ids[byte] = *id;
    }
    return ids;
}

Result<void> readMerges(const ModelSpec& spec, BpeModel& model, const PartPlace& place) {
    model.merges = MergeTable(spec.merges->size());
    std::string whole;
    std::uint32_t rank = 0;
    const auto unknownPiece = [&](std::string_view piece) {
        return badInput("merge " + std::to_string(rank + 1) + " names the piece \"" +
                            std::string(piece.substr(0, 100)) + "\", which is not in the vocabulary",
                        place.where, "Are vocabulary and merges from the same model?");
    };
    for (const auto& [left, right] : *spec.merges) {
        const auto leftId = model.pieces.idOf(left);
        if (!leftId) return unknownPiece(left);
        const auto rightId = model.pieces.idOf(right);
        if (!rightId) return unknownPiece(right);
        if (right.size() < model.prefix.size())
            return badInput("merge " + std::to_string(rank + 1) +
                                " has a second piece that is shorter than the prefix of such pieces",
                            place.where);
        whole = left;
        whole += right.substr(model.prefix.size());
        const auto merged = model.pieces.idOf(whole);
        if (!merged) return unknownPiece(whole);
        model.merges.add(*leftId, *rightId, {rank++, *merged});
        model.merged.push_back(*merged);
    }
    return {};
}

bool fits(const ModelSpec& spec) {
    return spec.pieces && spec.merges;
}

Result<TokenModelPointer> make(ModelSpec spec, const PartPlace& place) {
    if (!spec.pieces) return badInput("the BPE model has no \"vocab\" of pieces and ids", place.where);
    if (!spec.merges) return badInput("the BPE model has no \"merges\"", place.where);
    PartFields fields(spec.fields, place);
    auto model = std::make_shared<BpeModel>();
    if (!spec.fields["unk_token"].isNull()) model->unknown = fields.text("unk_token");
    model->prefix = fields.text("continuing_subword_prefix", "");
    model->suffix = fields.text("end_of_word_suffix", "");
    model->fuseUnknown = fields.boolean("fuse_unk", false);
    model->byteFallback = fields.boolean("byte_fallback", false);
    model->ignoreMerges = fields.boolean("ignore_merges", false);
    if (auto good = fields.check(); !good) return good.error();
    if (spec.notices && spec.fields["dropout"].numberOr(0) > 0)
        spec.notices->push_back("the file's BPE dropout is for training and is ignored");
    model->pieces = std::move(*spec.pieces);
    model->where = place.where;
    if (model->unknown) model->unknownId = model->pieces.idOf(*model->unknown);
    model->bytes = BytePieces(model->pieces);
    for (char32_t point = 0; point < model->shortIds.size(); ++point)
        model->shortIds[point] = model->pieces.idOf(utf8::encoded(point));
    model->letterIds = findLetterIds(*model);
    if (auto read = readMerges(spec, *model, place); !read) return read.error();
    return TokenModelPointer(std::move(model));
}

}  // namespace

const TokenModelKind kBpeModel{"BPE", {}, &fits, &make};

}  // namespace attnviz
