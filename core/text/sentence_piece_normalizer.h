// How SentencePiece prepares a text: replacements, spaces as "▁", one before the text, no double ones. Every
// byte knows the place in the given text that it comes from.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/piece_trie.h"
#include "core/text/sentence_piece_file.h"

namespace attnviz {

struct NormalizedSentence {
    std::string text;
    std::vector<std::uint32_t> origins;  // one a byte, and the end
};

class SentencePieceNormalizer {
 public:
    // `dummyPrefix`: a space goes before (or, where the file says so, behind) every text.
    SentencePieceNormalizer(const SentencePieceFile& file, bool dummyPrefix);
    void apply(std::string_view input, NormalizedSentence& out) const;

 private:
    struct Prefix {
        std::string_view replacement;
        std::size_t length = 0;  // of what it replaces
    };
    Prefix prefixOf(std::string_view input) const;

    const SentencePieceFile& m_file;
    bool m_dummyPrefix;
    PieceTrie m_userDefined;          // stand as they are
    std::array<bool, 256> m_plain{};  // bytes that no replacement and no such piece begins with
    std::string_view m_space;
};

}  // namespace attnviz
