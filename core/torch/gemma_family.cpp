// Gemma (Mesnard et al. 2024): Llama with scaled embeddings, norms that multiply by 1 + weight, and a tied
// head.
#include <cmath>

#include "core/torch/llama_network.h"

namespace attnviz {
namespace {

Result<std::unique_ptr<Network>> load(const ModelConfig& json, WeightReader& weights) {
    ConfigReader config(json);
    LlamaOptions options = readLlamaOptions(config, {.length = 8192, .keyValueHeads = 16, .headSize = 256});
    // The first releases said "gelu" and meant the tanh form.
    const auto name = config.text("hidden_act", "gelu_pytorch_tanh");
    options.activation = config.take(activationNamed(name == "gelu" ? "gelu_pytorch_tanh" : name, json));
    options.embeddingScale = std::sqrt(static_cast<double>(options.width));
    options.onePlusNorms = true;
    options.queryBias = options.outputBias = config.flag("attention_bias", false);
    options.tied = config.flag("tie_word_embeddings", true);
    options.rotary = Rotary::read(config, rotaryForm(options));
    return loadLlamaNetwork(config, weights, std::move(options));
}

}  // namespace

extern const FamilyDescriptor kGemmaFamily{.info = {.modelType = "gemma",
                                                    .title = "Gemma",
                                                    .checkpoints = "gemma-2b, gemma-7b, CodeGemma",
                                                    .kinds = "decoder"},
                                           .load = &load};

}  // namespace attnviz
