// Llama (Touvron et al. 2023; Llama 2 and 3; TinyLlama, SmolLM): the kind as it is.
//
// As published: with rotary inv_freq buffers, without num_key_value_heads (Llama 1), any rotary scaling.
#include "core/torch/llama_network.h"

namespace attnviz {
namespace {

Result<std::unique_ptr<Network>> load(const ModelConfig& json, WeightReader& weights) {
    ConfigReader config(json);
    LlamaOptions options = readLlamaOptions(config);
    options.queryBias = options.outputBias = config.flag("attention_bias", false);
    options.mlpBias = config.flag("mlp_bias", false);
    options.tied = config.flag("tie_word_embeddings", false);
    options.rotary = Rotary::read(config, rotaryForm(options));
    return loadLlamaNetwork(config, weights, std::move(options));
}

}  // namespace

extern const FamilyDescriptor kLlamaFamily{.info = {.modelType = "llama",
                                                    .title = "Llama",
                                                    .checkpoints = "Llama 2, Llama 3, TinyLlama, SmolLM",
                                                    .kinds = "decoder"},
                                           .load = &load};

}  // namespace attnviz
