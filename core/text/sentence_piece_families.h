// How the families that use SentencePiece files number their pieces, which tokens they add, and what they put
// around a text. The files themselves say none of this.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/text/sentence_piece_file.h"
#include "core/text/tokenizer_settings.h"

namespace attnviz {

using TokenNames = std::vector<std::string>;

// Special tokens, "A" for the text, "B" for the second one; behind B everything belongs to it.
struct TextFrame {
    TokenNames single, pair;
};

struct SentencePieceFamily {
    std::string_view name;
    std::string_view tokenizerClasses, modelTypes;  // separated by spaces
    // Tokens from id 0 on, before the file's own; a piece of the same name takes that id.
    TokenNames (*first)(const TokenizerSettings& settings);
    std::uint32_t offset;  // of the file's other pieces
    // Tokens behind the file's pieces.
    TokenNames (*last)(const TokenizerSettings& settings);
    TextFrame (*frame)(const TokenizerSettings& settings);
    // A text is prepared by these steps of tokenizer.json first, where the folder says whose it is.
    JsonValue (*normalizer)(const TokenizerSettings& settings);
    bool followsLegacy = false;  // "legacy": false changes where spaces go before a text
};

// By what the files beside it say, else by the file's name and pieces.
const SentencePieceFamily& sentencePieceFamily(const TokenizerSettings& settings, std::string_view fileName,
                                               const SentencePieceFile& file);

}  // namespace attnviz
