// The alphabet of byte-level tokenizers: every byte as a printable character (" " is "Ġ", "é" is "Ã©").
// Radford et al. 2019; the table of OpenAI's encoder.py.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace attnviz {

inline constexpr char32_t kByteLevelSpace = 0x120;

char32_t characterOfByte(std::uint8_t byte);
// Its UTF-8, one or two bytes.
std::string_view lettersOfByte(std::uint8_t byte);
// -1 for a character that stands for no byte.
int byteOfCharacter(char32_t point);
// The bytes of a piece; nothing if one of its characters stands for no byte.
std::optional<std::string> bytesOfPiece(std::string_view piece);

}  // namespace attnviz
