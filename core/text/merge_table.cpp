#include "core/text/merge_table.h"

#include <bit>

#include "core/text/byte_hash.h"

namespace attnviz {

MergeTable::MergeTable(std::size_t expected)
    : m_slots(std::bit_ceil(expected * 2 + 16)),
      m_mask(m_slots.size() - 1),
      m_shift(static_cast<unsigned>(64 - std::countr_zero(m_slots.size()))),
      m_factor(mixHash(hashSeed()) | 1U),
      m_factor2(mixHash(hashSeed() + 1) | 1U) {}

void MergeTable::add(std::uint32_t left, std::uint32_t right, Merge merge) {
    if ((m_count + 1) * 2 > m_slots.size()) {
        MergeTable larger(m_slots.size());
        for (const Slot& slot : m_slots)
            if (slot.key != kEmpty)
                larger.add(static_cast<std::uint32_t>(slot.key >> 32U), static_cast<std::uint32_t>(slot.key),
                           slot.merge);
        *this = std::move(larger);
    }
    const std::uint64_t key = keyOf(left, right);
    std::size_t slot = slotOf(key);
    while (m_slots[slot].key != kEmpty && m_slots[slot].key != key) slot = (slot + 1) & m_mask;
    m_count += m_slots[slot].key == kEmpty ? 1 : 0;
    m_slots[slot] = {key, merge};
}

}  // namespace attnviz
