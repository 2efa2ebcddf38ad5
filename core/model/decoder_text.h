// How a text that a model writes begins, goes on and ends: what config.json and generation_config.json say of
// it.
//
// A target text is given to an encoder-decoder's decoder as the reference gives it in training: the start
// token first, the closing special token left off ("shift right"). Without a target text the model continues
// from the start token.
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
    std::optional<std::int64_t> start;  // decoder_start_token_id, else bos_token_id
    std::vector<std::int64_t> ends;     // eos_token_id, one or several
    std::vector<std::int64_t>
        neverChosen;  // suppress_tokens, bad_words_ids of one token (Marian: the padding)
    std::optional<std::int64_t> forcedFirst;  // forced_bos_token_id (mBART: the language)
    bool endForced = false;                   // forced_eos_token_id: the last token that fits is the end
    std::size_t least = 0;         // min_length: no end before so many tokens, the given ones included
    std::size_t leastNew = 0;      // min_new_tokens: nor before so many written ones
    std::size_t noRepeat = 0;      // no_repeat_ngram_size: so many tokens in a row come once; 0: may repeat
    double repetitionPenalty = 1;  // repetition_penalty: what has been written gets less likely

    bool isEnd(std::int64_t id) const;
    // Whether `id` may follow what stands there; `given` tokens of it were not written by the model.
    bool mayFollow(const std::vector<std::int64_t>& written, std::size_t given, std::int64_t id) const;
    // Puts the rules on the logits of the next token, in the reference's order: minus infinity where a token
    // may not follow. (vocabulary)
    void apply(const std::vector<std::int64_t>& written, std::size_t given, std::vector<float>& logits) const;

    // Where there is a generation_config.json, it alone says how to write; only ids that it does not name are
    // taken from config.json.
    static Result<DecoderRules> fromConfig(const std::string& configJson,
                                           const std::string& generationJson = {});
};

// Puts `start` before the tokens of a target text and takes the closing special token away.
void shiftRight(std::vector<Token>& tokens, Token start);

}  // namespace attnviz
