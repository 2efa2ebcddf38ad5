// What kind of character a code point is, by the tables of the reference implementation.
//
// The reference mixes Unicode versions: its white space and words are of Unicode 17, its punctuation and
// marks of Unicode 8 to 9. So these sets are tables of our own (character_ranges.cpp, made by
// make_character_ranges.py from the reference itself), and a newer or older ICU or PCRE2 changes no token.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

namespace attnviz {

enum class CharacterClass : std::uint16_t {
    whitespace = 1,       // White_Space
    word = 2,             // \w of Whitespace, and of added tokens that must stand alone
    punctuation = 4,      // ASCII punctuation and P*
    control = 8,          // what BERT cleans away: Cc, Cf, Co, U+FFFD, except tab and line ends
    nonspacingMark = 16,  // Mn: BERT's accents
    combiningMark = 32,   // M*: StripAccents
    numeric = 64,         // Nd, Nl, No
    ideograph = 128,      // set apart by BERT's handle_chinese_chars
    unlikePcre = 256,     // characters that PCRE2 10.42 puts into other classes than the reference's engine
};

struct CharacterRange {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
};

// One set of the reference. `additions` are what PCRE2's own property lacks (empty for the rest).
struct CharacterSet {
    CharacterClass kind;
    std::span<const CharacterRange> ranges;
};
std::span<const CharacterSet> referenceCharacterSets();

// Letters, numbers, marks and punctuation that are newer than Unicode 14, which is what PCRE2 10.42 knows.
std::span<const CharacterRange> newLetters();
std::span<const CharacterRange> newNumbers();
std::span<const CharacterRange> newMarks();
std::span<const CharacterRange> newPunctuation();

class CharacterTable {
 public:
    static const CharacterTable& instance();
    bool is(char32_t point, CharacterClass kind) const {
        return (bits(point) & static_cast<std::uint16_t>(kind)) != 0;
    }
    std::uint16_t bits(char32_t point) const {
        return point < 0x110000 ? m_blocks[m_index[point >> 8U]][point & 0xFFU] : std::uint16_t{0};
    }

 private:
    CharacterTable();
    using Block = std::array<std::uint16_t, 256>;
    std::array<std::uint16_t, 0x1100> m_index{};
    std::unique_ptr<Block[]> m_blocks;
};

inline bool isKind(char32_t point, CharacterClass kind) {
    return CharacterTable::instance().is(point, kind);
}

// The lower-case mapping of Unicode 17: one character, or two for U+0130. Returns how many.
int lowercase(char32_t point, std::array<char32_t, 2>& out);

}  // namespace attnviz
