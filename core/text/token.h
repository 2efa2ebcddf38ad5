// One token of a text, as the tokenizer made it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace attnviz {

struct Token {
    std::int64_t id = 0;
    std::string piece;  // as the vocabulary has it: "Ġquick", "##ing", "[CLS]"
    std::string text;   // what a person reads: the slice of the text (" quick"), special tokens by name, else
                        // the piece
    std::size_t begin = 0;  // byte span [begin, end) in the text of its segment; special tokens have 0, 0
    std::size_t end = 0;
    bool special = false;  // has no place in the text, or was typed in it as a special token
    int segment = 0;       // which text of a pair it belongs to; also the token type id that BERT is given

    bool operator==(const Token&) const = default;
};

// What a run knows of one side's text. `texts` holds one string, or two for a sentence pair.
struct TokenizedText {
    std::vector<std::string> texts;
    std::vector<Token> tokens;

    bool operator==(const TokenizedText&) const = default;
};

// Tokens for a run of bare ids, without a tokenizer: texts "#17".
TokenizedText numberedTokens(const std::vector<std::int64_t>& ids,
                             const std::vector<std::int64_t>& segmentIds);

}  // namespace attnviz
