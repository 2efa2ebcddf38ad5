// A decoder of the Llama kind (Touvron et al. 2023): RMS norms before attention and MLP, rotary positions,
// grouped key-value heads, a gated MLP. What Mistral, Qwen, Gemma and Phi-3 change is an option here; their
// files say which config.json means which.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/torch/decoder_parts.h"
#include "core/torch/network.h"
#include "core/torch/rotary.h"

namespace attnviz {

struct LlamaOptions : DecoderSizes {
    Activation activation = Activation::silu;
    Rotary rotary;
    double epsilon = 1e-6;
    double scale = 0;                   // of q.k; 0: 1 / sqrt(headSize)
    double embeddingScale = 1;          // of what enters the first layer
    double scoreCap = 0, logitCap = 0;  // soft caps; 0: none
    bool onePlusNorms = false;          // norms multiply by 1 + weight
    bool queryBias = false;             // on q, k and v
    bool outputBias = false, mlpBias = false;
    bool headNorms = false;    // an RMS norm of each query and key head before they turn
    bool outputNorms = false;  // norms after attention and MLP too, four a layer
    bool fused = false;        // qkv_proj and gate_up_proj
    bool tied = false;
    std::vector<std::int64_t> windows;  // keys that a query sees, itself included, by layer; 0: all before it
};

// What a key means where config.json has none.
struct LlamaDefaults {
    std::int64_t length = 2048;
    std::int64_t keyValueHeads = 0;  // 0: one a head; null in config.json is always that
    std::int64_t headSize = 0;       // 0: width / heads
    double epsilon = 1e-6;
};

// Reads the keys that all of the kind share: sizes, epsilon, activation ("hidden_act") and length.
LlamaOptions readLlamaOptions(ConfigReader& config, const LlamaDefaults& defaults = {});
// The rotary positions of the kind's options.
RotaryForm rotaryForm(const LlamaOptions& options);

Result<std::unique_ptr<Network>> loadLlamaNetwork(ConfigReader& config, WeightReader& weights,
                                                  LlamaOptions options);

}  // namespace attnviz
