// The pieces "<0x00>" to "<0xFF>" by which vocabularies with byte fallback spell unknown characters.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/text/vocabulary.h"

namespace attnviz {

class BytePieces {
 public:
    BytePieces() = default;
    explicit BytePieces(const Vocabulary& vocabulary);

    std::optional<std::uint32_t> idOf(char byte) const { return m_ids[static_cast<unsigned char>(byte)]; }
    // Whether each byte of the text has its piece.
    bool spells(std::string_view text) const;

    static std::string_view nameOf(char byte);  // "<0xE4>"
    static int byteOf(std::string_view piece);  // -1 for a piece that is no byte

 private:
    std::array<std::optional<std::uint32_t>, 256> m_ids;
};

}  // namespace attnviz
