// What a SentencePiece file (`spiece.model`, `tokenizer.model`, ...) holds: pieces, and how texts are
// prepared.
//
// Read as hostile input, by a reader of our own: the library's parser checks neither its table of
// replacements nor much else, so it is given only files that have passed here.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/mapped_file.h"
#include "core/base/result.h"
#include "core/text/character_map.h"

namespace attnviz {

struct SentencePiece {
    // The file format's numbers.
    enum class Kind { normal = 1, unknown = 2, control = 3, userDefined = 4, unused = 5, byte = 6 };
    std::string_view text;  // lives as long as the file
    float score = 0;
    Kind kind = Kind::normal;
};

struct SentencePieceFile {
    enum class Model { unigram = 1, bpe = 2, word = 3, character = 4 };

    std::string bytes;  // the file as it is
    std::string where;
    std::vector<SentencePiece> pieces;  // by id
    std::uint32_t unknownId = 0;
    Model model = Model::unigram;
    bool byteFallback = false, spaceIsSuffix = false;
    bool addDummyPrefix = true, removeExtraSpaces = true, escapeSpaces = true;
    std::optional<CharacterMap> replacements;

    static Result<std::unique_ptr<const SentencePieceFile>> read(const std::filesystem::path& path);
};

}  // namespace attnviz
