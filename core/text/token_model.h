// Cuts one word into pieces of a vocabulary: byte pairs, word pieces, whole words.
//
// Each kind is a file of its own with one row in the table of token_models.cpp. A model is immutable; work on
// a text goes through an encoder of its own, so that what it remembers of earlier words needs no lock.
#pragma once

#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "core/text/part_fields.h"
#include "core/text/vocabulary.h"

namespace attnviz {

struct ModelToken {
    std::uint32_t id = 0;
    std::uint32_t begin = 0,
                  end = 0;   // bytes of the word; may lie outside where a file's parts do not fit each other
    std::string_view piece;  // as the vocabulary has it; lives as long as the model and the word
};

class WordEncoder {
 public:
    virtual ~WordEncoder() = default;
    // Appends the pieces of a word that is not empty.
    virtual Result<void> encode(std::string_view word, std::vector<ModelToken>& out) = 0;
    // Where the part of a word that begins at `begin` ends, if what lies before and behind its end has no
    // part in its pieces: a long word can be encoded part by part.
    virtual std::size_t partEnd(std::string_view word, [[maybe_unused]] std::size_t begin) {
        return word.size();
    }
};

class TokenModel {
 public:
    virtual ~TokenModel() = default;
    virtual std::unique_ptr<WordEncoder> encoder() const = 0;
    // The same for words whose bytes have not been spelled (WordedText::bytesToSpell): pieces count in those
    // bytes. Null where the model has none.
    virtual std::unique_ptr<WordEncoder> byteEncoder() const { return nullptr; }
    virtual const Vocabulary& vocabulary() const = 0;
    virtual std::string_view kind() const = 0;  // "BPE", "WordPiece"
};

using TokenModelPointer = std::shared_ptr<const TokenModel>;

// The "model" of a tokenizer.json, or what family files give. Views live as long as the file that is being
// read.
struct ModelSpec {
    JsonValue fields;                                                        // all but vocab and merges
    std::optional<Vocabulary> pieces;                                        // "vocab" as an object
    std::optional<std::vector<std::pair<std::string_view, double>>> scored;  // "vocab" as a list
    std::optional<std::vector<std::pair<std::string_view, std::string_view>>> merges;  // in order of rank
    std::vector<std::string>* notices = nullptr;
};

struct TokenModelKind {
    std::string_view type;
    std::string_view otherName;
    bool (*fits)(const ModelSpec& spec);  // whether a model without "type" is of this kind; first row wins
    Result<TokenModelPointer> (*make)(ModelSpec spec, const PartPlace& place);
};

extern const TokenModelKind kBpeModel, kWordPieceModel, kWordLevelModel, kUnigramModel;

std::span<const TokenModelKind* const> tokenModels();
Result<TokenModelPointer> makeTokenModel(ModelSpec spec, const PartPlace& place);

}  // namespace attnviz
