// Which two characters can ever come to stand in one piece of a byte-pair vocabulary.
//
// Where two neighbours cannot, no merge reaches across, and what is left and right of the place can be merged
// by itself. So a text that no pre-tokenizer cuts (Llama's) falls into words that come again.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace attnviz {

class MergeBoundaries {
 public:
    MergeBoundaries();
    // Of a piece that some merge makes.
    void add(std::string_view piece);
    bool mayJoin(char32_t left, char32_t right) const {
        if (left < 0x80 && right < 0x80) return m_ascii[left * 0x80 + right];
        return m_slots[slotOf(keyOf(left, right))] != 0;
    }

 private:
    static std::uint64_t keyOf(char32_t left, char32_t right) {
        return (static_cast<std::uint64_t>(left) << 32U | right) + 1;  // never 0
    }
    std::size_t slotOf(std::uint64_t key) const;

    std::uint64_t m_seed;
    std::array<bool, std::size_t{0x80} * 0x80> m_ascii{};
    std::vector<std::uint64_t> m_slots;
    std::size_t m_count = 0;
};

}  // namespace attnviz
