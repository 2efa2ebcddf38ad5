// How the decoder side of an encoder-decoder begins and ends: what config.json says of it.
//
// A target text is given to the decoder as the reference gives it in training: the start token first, the
// closing special token left off ("shift right"). Without a target text the model continues greedily from the
// start token.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/text/token.h"

namespace attnviz {

inline constexpr int kGreedyTargetTokens = 48;

struct DecoderRules {
    std::int64_t start = 0;                   // decoder_start_token_id, else bos_token_id
    std::vector<std::int64_t> ends;           // eos_token_id, one or several
    std::vector<std::int64_t> neverChosen;    // bad_words_ids of one token (Marian: the padding)
    std::optional<std::int64_t> forcedFirst;  // forced_bos_token_id (mBART: the language)
    bool endForced = false;                   // forced_eos_token_id: the last token that fits is the end
    std::size_t least = 0;                    // min_length: no end before so many tokens
    std::size_t noRepeat = 0;  // no_repeat_ngram_size: so many tokens in a row come once; 0: may repeat

    bool isEnd(std::int64_t id) const;
    // Whether `id` may follow what has been written, the start included.
    bool mayFollow(const std::vector<std::int64_t>& written, std::int64_t id) const;
    // How many candidates there must be so that one of them may follow.
    std::size_t candidates(std::size_t written) const;

    // Refuses a config.json that names no token to start with.
    static Result<DecoderRules> fromConfig(const std::string& configJson);
};

// Puts `start` before the tokens of a target text and takes the closing special token away.
void shiftRight(std::vector<Token>& tokens, Token start);

}  // namespace attnviz
