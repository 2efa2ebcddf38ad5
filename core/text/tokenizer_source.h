// The kinds of files that a tokenizer is read from, each a file of its own with one row in the table of
// tokenizers.cpp.
#pragma once

#include <filesystem>
#include <span>

#include "core/text/tokenizer.h"

namespace attnviz {

struct TokenizerSource {
    // The files that a folder may have, separated by spaces, the likeliest first: "tokenizer.json". "*.v3" is
    // any file whose name ends so.
    std::string_view fileNames;
    Result<LoadedTokenizer> (*load)(const std::filesystem::path& file);
};

extern const TokenizerSource kTokenizerJsonSource, kMarianSource, kSentencePieceSource,
    kVocabularyAndMergesSource, kVocabularyTextSource;

// In the order in which a folder is searched.
std::span<const TokenizerSource* const> tokenizerSources();

}  // namespace attnviz
