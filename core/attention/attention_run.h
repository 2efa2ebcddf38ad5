// One text's result: tokens, attention, and what else was asked for. Immutable, shared between threads as
// shared_ptr<const AttentionRun>. Made by a model run, or by opening a file.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/attention/attention_source.h"
#include "core/text/token.h"

namespace attnviz {

struct PredictedToken {
    std::int64_t id = 0;
    std::string text;
    double probability = 0;
};
struct Prediction {
    int position = 0;
    std::vector<PredictedToken> top;  // likeliest first
};

// (rows, columns), row-major.
struct FloatMatrix {
    std::int64_t rows = 0, columns = 0;
    std::vector<float> values;
};

// What is known of the model that made it; all of it optional in a file from elsewhere.
struct RunModel {
    std::string name, family, dtype;
    std::string weightsSha256;  // empty if not known
    std::string configJson;     // the text of config.json; empty if not known
};

struct AttentionRun {
    RunModel model;
    TokenizedText input;                  // an encoder-decoder's encoder side
    std::optional<TokenizedText> target;  // its decoder side
    // How many tokens at the end of the text (of the target, where there is one) the model wrote itself.
    int generated = 0;
    // One a kind: encoder, decoder, cross. Never empty.
    std::vector<std::shared_ptr<const AttentionSource>> sources;
    std::vector<Prediction> predictions;
    std::optional<FloatMatrix> logits;            // (position, vocabulary), on request
    std::vector<FloatMatrix> hiddenStates;        // one a layer boundary, (position, width), on request
    std::vector<FloatMatrix> targetHiddenStates;  // an encoder-decoder's decoder
    std::vector<std::string> notices;  // what a person should know: truncated, foreign, rounded rows

    const AttentionSource& main() const { return *sources.front(); }
    const AttentionSource* find(AttentionKind kind) const;
    const TokenizedText& queriesOf(const AttentionSource& source) const;
    const TokenizedText& keysOf(const AttentionSource& source) const;
    std::string text() const;  // the text; two of a pair are joined by one space
    // The text whose tokens the model continues: the target where there is one.
    const TokenizedText& continued() const { return target ? *target : input; }
    bool isGenerated(const TokenizedText& text, int token) const {
        return &text == &continued() && token >= static_cast<int>(text.tokens.size()) - generated;
    }
    // What was given of the last text of `text`, without what the model wrote after it.
    std::string givenText(const TokenizedText& text) const;
};

}  // namespace attnviz
