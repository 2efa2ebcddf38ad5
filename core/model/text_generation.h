// What a model writes itself after a text: the ids, token by token, and where they stand in the text.
//
// Each token costs a forward pass that keeps no attention, of the new token alone where the model keeps keys
// and values of those before it; the attention comes from one pass over the whole text afterwards, so that it
// is exactly that of the text.
#pragma once

#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "core/model/decoder_text.h"
#include "core/model/engine.h"
#include "core/model/sampling.h"
#include "core/text/tokenizer.h"

namespace attnviz {

inline constexpr int kMostGeneratedTokens = 4096;

struct Generation {
    int tokens = 0;  // how many more; 0: none, but for a target text that is not given
    Sampling sampling;

    bool operator==(const Generation&) const = default;
};

// Writes up to `most` tokens after exact.ids, or after exact.targetIds in an encoder-decoder, and appends
// them there. The end is not written: nothing follows that could attend to it. Returns how many were written.
// Refuses a model that names no tokens. Stops within a token; progress is "Token 5 of 20".
Result<std::size_t> writeTokens(Model& model, const DecoderRules& rules, const Sampling& sampling,
                                std::size_t most, ModelInput& exact, const RunListener& listener,
                                const std::stop_token& stop);

// Appends written tokens to `text`. `placed`: the text goes on with what they say, and each has its bytes
// there; pieces of one character all have that character's. Else they are named, and have no place.
// `tokenizer` may be null: they are numbered.
void addWrittenTokens(TokenizedText& text, const Tokenizer* tokenizer, std::span<const std::int64_t> written,
                      bool placed);

// Tokens of bare ids, named where there is a tokenizer.
TokenizedText namedIds(const Tokenizer* tokenizer, const std::vector<std::int64_t>& ids,
                       const std::vector<std::int64_t>& segments);

}  // namespace attnviz
