// Pieces and their ids, both ways. A piece that is added twice keeps its last id, as the reference does.
//
// Filled once, then immutable. Ids may have holes; nothing is taken for ids that no piece has.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/result.h"

namespace attnviz {

class Vocabulary {
 public:
    Vocabulary();
    // Refuses what does not fit: ids above kGreatestTokenId, more than 4 GB of pieces.
    Result<void> add(std::string_view piece, std::int64_t id, std::string_view where);
    void finish();  // after the last add

    std::optional<std::uint32_t> idOf(std::string_view piece) const;
    std::optional<std::string_view> pieceOf(std::int64_t id) const {
        if (id < 0 || id > m_greatestId) return std::nullopt;
        if (m_byId.empty()) return sparsePieceOf(static_cast<std::uint32_t>(id));
        const Place& place = m_byId[static_cast<std::size_t>(id)];
        if (place.length == kNoPiece) return std::nullopt;
        return std::string_view(m_text.data() + place.offset, place.length);
    }
    std::size_t count() const { return m_count; }                // pieces
    std::int64_t greatestId() const { return m_greatestId; }     // -1 of an empty one
    std::size_t longestPiece() const { return m_longestPiece; }  // bytes

 private:
    struct Entry {
        std::uint32_t offset = 0, length = 0, id = 0, hash = 0;
    };
    std::string_view textOf(const Entry& entry) const {
        return std::string_view(m_text).substr(entry.offset, entry.length);
    }
    std::size_t slotOf(std::string_view piece, std::uint32_t hash) const;
    std::optional<std::string_view> sparsePieceOf(std::uint32_t id) const;
    void grow();

    std::uint64_t m_seed;
    std::string m_text;
    std::vector<Entry> m_entries;
    std::vector<std::uint32_t> m_slots;  // entry + 1, or 0
    std::size_t m_count = 0, m_longestPiece = 0;
    std::int64_t m_greatestId = -1;
    struct Place {
        std::uint32_t offset = 0, length = kNoPiece;
    };
    static constexpr std::uint32_t kNoPiece = 0xFFFFFFFF;
    std::vector<Place> m_byId;                                  // where ids are dense
    std::unordered_map<std::uint32_t, std::uint32_t> m_sparse;  // entry, where they are not
};

}  // namespace attnviz
