// The kinds of files that a tokenizer is read from, each a file of its own with one row in the table of
// tokenizers.cpp.
#pragma once

#include <filesystem>
#include <span>

#include "core/text/tokenizer.h"

namespace attnviz {

struct TokenizerSource {
    std::string_view fileName;  // the file that a folder must have: "tokenizer.json"
    Result<LoadedTokenizer> (*load)(const std::filesystem::path& file);
};

extern const TokenizerSource kTokenizerJsonSource, kVocabularyAndMergesSource, kVocabularyTextSource;

// In the order in which a folder is searched.
std::span<const TokenizerSource* const> tokenizerSources();

}  // namespace attnviz
