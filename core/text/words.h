// Words over tokens: which runs of pieces make up one word.
//
// A word is a maximal run of tokens inside one segment of ICU's word break (a leading space ignored), or one
// special token. Tokens without a place in the text (numbered ids, foreign files) are words of their own.
#pragma once

#include <string>
#include <vector>

#include "core/text/token.h"

namespace attnviz {

struct TokenRange {
    int begin = 0, end = 0;  // [begin, end)
    bool operator==(const TokenRange&) const = default;
};

// Ascending, without gaps, covering all tokens.
std::vector<TokenRange> wordsOf(const TokenizedText& text);

// The word as a person reads it: the texts of its tokens joined.
std::string wordText(const TokenizedText& text, TokenRange word);

}  // namespace attnviz
