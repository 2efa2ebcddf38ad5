#include "core/text/merge_boundaries.h"

#include "core/text/byte_hash.h"
#include "core/text/utf8.h"

namespace attnviz {

MergeBoundaries::MergeBoundaries() : m_seed(hashSeed()), m_slots(4096, 0) {}

std::size_t MergeBoundaries::slotOf(std::uint64_t key) const {
    const std::size_t mask = m_slots.size() - 1;
    std::size_t slot = mixHash(key ^ m_seed) & mask;
    while (m_slots[slot] != 0 && m_slots[slot] != key) slot = (slot + 1) & mask;
    return slot;
}

void MergeBoundaries::add(std::string_view piece) {
    char32_t left = 0;
    for (std::size_t at = 0; at < piece.size();) {
        const utf8::Character character = utf8::decode(piece, at);
        if (at > 0 && left < 0x80 && character.point < 0x80) {
            m_ascii[left * 0x80 + character.point] = true;
        } else if (at > 0) {
            std::uint64_t& slot = m_slots[slotOf(keyOf(left, character.point))];
            m_count += slot == 0 ? 1 : 0;
            slot = keyOf(left, character.point);
            if (m_count * 2 > m_slots.size()) {
                std::vector<std::uint64_t> old(m_slots.size() * 4, 0);
                old.swap(m_slots);
                for (const std::uint64_t key : old)
                    if (key != 0) m_slots[slotOf(key)] = key;
            }
        }
        left = character.point;
        at += character.length;
    }
}

}  // namespace attnviz
