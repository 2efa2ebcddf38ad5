// A text, a tokenizer and a model make an AttentionRun: tokenize, cut to length, run, name the tokens.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/model/engine.h"
#include "core/model/text_generation.h"
#include "core/text/tokenizer.h"

namespace attnviz {

// max_length: `automatic` cuts only at a hard limit, with a notice; N cuts to the lesser of both; 0 never
// cuts, and what does not fit is refused.
struct MaxLength {
    bool automatic = true;
    int tokens = 0;
};

struct TextInput {
    std::string text;
    // A second text follows the first. A target text is refused where the model has no decoder apart; an
    // encoder-decoder without one writes it itself, up to kGreedyTargetTokens or as `generation` says.
    std::optional<std::string> pair, target;
    // What the model writes after the text, after the target text in an encoder-decoder. Refused where the
    // model reads to both sides and so writes nothing.
    Generation generation;
    bool addSpecialTokens = true;
    // Instead of text: run exactly these.
    std::optional<ModelInput> ids;
    MaxLength maxLength;
    // Predictions at every position, wherever the options say. They come last, when all layers have been
    // announced, and take a third of a run's time more at GPT-2's size.
    bool predictEach = false;
};

// `tokenizer` may be null when ids are given: tokens are then numbered ("#17").
Result<std::shared_ptr<const AttentionRun>> runText(Model& model, const Tokenizer* tokenizer,
                                                    const TextInput& input, const RunOptions& options,
                                                    const RunListener& listener, std::stop_token stop);

}  // namespace attnviz
