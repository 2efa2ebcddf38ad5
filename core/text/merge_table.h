// Which two pieces of a byte-pair vocabulary may be merged, at which rank, into which piece.
#pragma once

#include <cstdint>
#include <vector>

namespace attnviz {

struct Merge {
    std::uint32_t rank = 0;
    std::uint32_t merged = 0;
};

class MergeTable {
 public:
    explicit MergeTable(std::size_t expected = 0);
    void add(std::uint32_t left, std::uint32_t right, Merge merge);  // the last of equal pairs stays
    const Merge* find(std::uint32_t left, std::uint32_t right) const {
        const std::uint64_t key = keyOf(left, right);
        for (std::size_t slot = slotOf(key);; slot = (slot + 1) & m_mask) {
            if (m_slots[slot].key == key) return &m_slots[slot].merge;
            if (m_slots[slot].key == kEmpty) return nullptr;
        }
    }

 private:
    static constexpr std::uint64_t kEmpty = ~std::uint64_t{0};  // ids stay below 2^31
    struct Slot {
        std::uint64_t key = kEmpty;
        Merge merge;
    };
    static std::uint64_t keyOf(std::uint32_t left, std::uint32_t right) {
        return (static_cast<std::uint64_t>(left) << 32U) | right;
    }
    std::size_t slotOf(std::uint64_t key) const {
        return ((key ^ (key >> 32U)) * m_factor + key * m_factor2) >> m_shift;
    }

    std::vector<Slot> m_slots;
    std::size_t m_mask = 0, m_count = 0;
    unsigned m_shift = 0;
    std::uint64_t m_factor = 0, m_factor2 = 0;
};

}  // namespace attnviz
