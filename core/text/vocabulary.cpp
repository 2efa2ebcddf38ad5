#include "core/text/vocabulary.h"

#include <algorithm>
#include <limits>

#include "core/text/byte_hash.h"
#include "core/text/part_fields.h"

namespace attnviz {

Vocabulary::Vocabulary() : m_seed(hashSeed()), m_slots(1024, 0) {}

std::size_t Vocabulary::slotOf(std::string_view piece, std::uint32_t hash) const {
    const std::size_t mask = m_slots.size() - 1;
    std::size_t slot = hash & mask;
    while (m_slots[slot] != 0) {
        const Entry& entry = m_entries[m_slots[slot] - 1];
        if (entry.hash == hash && textOf(entry) == piece) break;
        slot = (slot + 1) & mask;
    }
    return slot;
}

void Vocabulary::grow() {
    std::vector<std::uint32_t> slots(m_slots.size() * 2, 0);
    const std::size_t mask = slots.size() - 1;
    for (std::uint32_t index = 0; index < m_entries.size(); ++index) {
        std::size_t slot = m_entries[index].hash & mask;
        while (slots[slot] != 0) slot = (slot + 1) & mask;
        slots[slot] = index + 1;
    }
    m_slots = std::move(slots);
}

Result<void> Vocabulary::add(std::string_view piece, std::int64_t id, std::string_view where) {
    if (id < 0 || id > kGreatestTokenId)
        return badInput("the id " + std::to_string(id) + " of \"" + std::string(piece.substr(0, 100)) +
                            "\" is not between 0 and " + std::to_string(kGreatestTokenId),
                        std::string(where));
    if (m_text.size() + piece.size() > std::numeric_limits<std::uint32_t>::max())
        return badInput("the vocabulary has more than 4 GB of pieces", std::string(where));
    if ((m_entries.size() + 1) * 2 > m_slots.size()) grow();
    const auto hash = static_cast<std::uint32_t>(hashBytes(piece, m_seed));
    const std::size_t slot = slotOf(piece, hash);
    m_greatestId = std::max(m_greatestId, id);
    if (m_slots[slot] != 0) {
        m_entries[m_slots[slot] - 1].id = static_cast<std::uint32_t>(id);
        return {};
    }
    m_entries.push_back({static_cast<std::uint32_t>(m_text.size()), static_cast<std::uint32_t>(piece.size()),
                         static_cast<std::uint32_t>(id), hash});
    m_text += piece;
    m_slots[slot] = static_cast<std::uint32_t>(m_entries.size());
    m_longestPiece = std::max(m_longestPiece, piece.size());
    return {};
}

void Vocabulary::finish() {
    m_count = m_entries.size();
    m_greatestId = -1;
    for (const Entry& entry : m_entries) m_greatestId = std::max<std::int64_t>(m_greatestId, entry.id);
    const bool dense = m_greatestId < static_cast<std::int64_t>(8 * m_count + 65536);
    if (dense) m_byId.assign(static_cast<std::size_t>(m_greatestId + 1), {});
    for (std::uint32_t index = 0; index < m_entries.size(); ++index) {
        if (dense)
            m_byId[m_entries[index].id] = {m_entries[index].offset, m_entries[index].length};
        else
            m_sparse[m_entries[index].id] = index;
    }
}

std::optional<std::uint32_t> Vocabulary::idOf(std::string_view piece) const {
    if (piece.size() > m_longestPiece) return std::nullopt;
    const std::size_t slot = slotOf(piece, static_cast<std::uint32_t>(hashBytes(piece, m_seed)));
    if (m_slots[slot] == 0) return std::nullopt;
    return m_entries[m_slots[slot] - 1].id;
}

std::optional<std::string_view> Vocabulary::sparsePieceOf(std::uint32_t id) const {
    const auto found = m_sparse.find(id);
    return found == m_sparse.end() ? std::nullopt : std::optional(textOf(m_entries[found->second]));
}

}  // namespace attnviz
