// UTF-8, code point by code point. All functions but firstInvalid take text that is known to be valid.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace attnviz::utf8 {

struct Character {
    char32_t point = 0;
    std::size_t length = 1;  // bytes
};

inline bool isContinuation(char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

inline std::size_t lengthOfLead(char lead) {
    const auto byte = static_cast<unsigned char>(lead);
    return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

inline std::size_t lengthOf(char32_t point) {
    return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
}

// The character that begins at `at`.
inline Character decode(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) {
        return static_cast<char32_t>(static_cast<unsigned char>(text[at + i]));
    };
    const char32_t lead = byte(0);
    if (lead < 0x80) return {lead, 1};
    if (lead < 0xE0) return {((lead & 0x1FU) << 6U) | (byte(1) & 0x3FU), 2};
    if (lead < 0xF0) return {((lead & 0x0FU) << 12U) | ((byte(1) & 0x3FU) << 6U) | (byte(2) & 0x3FU), 3};
    return {
        ((lead & 0x07U) << 18U) | ((byte(1) & 0x3FU) << 12U) | ((byte(2) & 0x3FU) << 6U) | (byte(3) & 0x3FU),
        4};
}

// Where the character that ends before `end` begins; `end` > 0.
inline std::size_t previous(std::string_view text, std::size_t end) {
    do --end;
    while (end > 0 && isContinuation(text[end]));
    return end;
}

void append(std::string& out, char32_t point);
std::string encoded(char32_t point);
std::size_t count(std::string_view text);  // characters
bool isAscii(std::string_view text);

// The byte at which the text stops being valid UTF-8; std::string_view::npos where all of it is.
std::size_t firstInvalid(std::string_view text);

// The valid part as it is, every byte that is not part of a character as U+FFFD (as many as the WHATWG says).
std::string lossy(std::string_view bytes);

}  // namespace attnviz::utf8
