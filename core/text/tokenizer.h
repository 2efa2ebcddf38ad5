// Text to tokens and back, exactly as the reference implementation (`tokenizers` on PyPI) does it.
//
// Immutable and thread-safe. Made from a model folder by loadTokenizer; each kind of model part is a file of
// its own with one row in the table of tokenizers.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/text/token.h"

namespace attnviz {

struct TokenizeOptions {
    bool addSpecialTokens = true;
};

class Tokenizer {
 public:
    virtual ~Tokenizer() = default;
    // Refuses invalid UTF-8, with the byte where it begins. An empty text gives what the post-processor adds.
    virtual Result<TokenizedText> encode(std::string_view text, std::optional<std::string_view> pair,
                                         const TokenizeOptions& options) const = 0;
    // Ids outside the vocabulary are left out.
    virtual std::string decode(const std::vector<std::int64_t>& ids) const = 0;
    virtual std::string pieceOf(std::int64_t id) const = 0;  // empty if there is none
    virtual std::string labelOf(std::int64_t id) const = 0;  // decoded for a person: " quick", "[CLS]"
    virtual bool isSpecial(std::int64_t id) const = 0;
    virtual std::int64_t vocabularySize() const = 0;  // greatest id + 1
    virtual std::string_view kind() const = 0;        // "byte-level BPE", "WordPiece"
    // The one that cuts a decoder's text: itself, but for Marian, which has a file for each language.
    virtual const Tokenizer& forTarget() const { return *this; }
};

struct LoadedTokenizer {
    std::shared_ptr<const Tokenizer> tokenizer;
    std::vector<std::string> notices;  // "vocab.txt has no tokenizer_config.json beside it: taken as cased"
    std::string source;                // the file that it was read from
};

// tokenizer.json first, else the family's own files (SentencePiece models, vocab.json + merges.txt,
// vocab.txt). `path` is a folder, or one of those files. A missing tokenizer is ErrorKind::notFound.
Result<LoadedTokenizer> loadTokenizer(const std::filesystem::path& path);

}  // namespace attnviz
