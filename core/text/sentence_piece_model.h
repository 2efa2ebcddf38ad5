// SentencePiece models as token models: a stretch of the user's text in, pieces with their places out.
//
// Unigram is cut by our own search, because releases of the library differ in how they add scores (0.1.97,
// which Debian 12 has, adds them in double precision, PyPI's 0.2.3 in single: 62 of 246,718 lines of a corpus
// in 388 languages come out otherwise). Everything else is the library's.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/sentence_piece_file.h"
#include "core/text/token_model.h"

namespace attnviz {

// How a family numbers a file's pieces: `ids[piece]` is the model's id, `pieces` all the model's tokens.
struct SentencePieceIds {
    Vocabulary pieces;
    std::vector<std::uint32_t> ids;
    // Whether each stretch between special tokens gets a space before it, as the file says. If not, it keeps
    // the one that it begins with, which the library would drop: the stretch is then cut behind the unknown
    // token's name, and the name's pieces are taken off again ("legacy": false in transformers).
    bool spaceBeforeEach = true;
};

// Appends the tokens of a stretch, which `cut` makes; behind the name, and without it, where `ids` ask for
// that.
using CutStretch = std::function<Result<void>(std::string_view stretch, std::vector<ModelToken>& out)>;
Result<void> cutKeepingSpace(const SentencePieceFile& file, const SentencePieceIds& ids,
                             std::string_view stretch, std::vector<ModelToken>& out, const CutStretch& cut);

Result<TokenModelPointer> makeSentencePieceModel(std::unique_ptr<const SentencePieceFile> file,
                                                 SentencePieceIds ids);

// By the library alone, whatever the model is; for comparisons.
Result<TokenModelPointer> makeSentencePieceLibraryModel(std::unique_ptr<const SentencePieceFile> file,
                                                        SentencePieceIds ids);

}  // namespace attnviz
