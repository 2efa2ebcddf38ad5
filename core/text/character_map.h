// SentencePiece's table of replacements ("precompiled charsmap"): a double-array trie of byte strings, and
// the texts that take their place.
//
// Layout, little-endian: the trie's length in bytes (u32), its units (u32 each; see Yata et al. 2007 and
// darts-clone), then the texts, each with a zero byte behind it. Hostile input: a step that would leave the
// array ends a search, and a text that is no valid UTF-8 is refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace attnviz {

class CharacterMap {
 public:
    static Result<CharacterMap> read(std::string_view bytes, const std::string& where);

    // What takes the place of a text: the replacement of the shortest entry that it begins with (so the rest
    // of the text goes, as in the reference).
    std::optional<std::string_view> replacementOf(std::string_view text) const;

    struct Found {
        std::string_view replacement;
        std::size_t length = 0;  // of the entry
    };
    // The longest entry that a text begins with, as SentencePiece itself looks it up.
    std::optional<Found> longestOf(std::string_view text) const;
    // Whether any entry begins with the byte.
    bool begins(char byte) const;

    // An Error if any search for any text could leave the array or the texts: readers that do not look (the
    // SentencePiece library's) can be given the table only then.
    Result<void> checkForOthers(const std::string& where) const;

 private:
    // Calls `each(length, texts' begin)` for every entry that a text begins with, until it returns false.
    template <class Each>
    void entries(std::string_view text, Each&& each) const;
    std::optional<std::string_view> textAt(std::size_t begin) const;

    std::vector<std::uint32_t> m_units;
    std::string m_texts;
};

}  // namespace attnviz
