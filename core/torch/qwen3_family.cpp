// Qwen3 (Yang et al. 2025): Llama with an RMS norm of each query and key head before they turn, and Qwen2's
// windows.
#include "core/torch/qwen_windows.h"

namespace attnviz {
namespace {

Result<std::unique_ptr<Network>> load(const ModelConfig& json, WeightReader& weights) {
    ConfigReader config(json);
    LlamaOptions options = readLlamaOptions(config, {.length = 32768, .keyValueHeads = 32, .headSize = 128});
    options.headNorms = true;
    options.queryBias = options.outputBias = config.flag("attention_bias", false);
    options.windows = qwenWindows(config, options.layers);
    options.tied = config.flag("tie_word_embeddings", false);
    options.rotary = Rotary::read(config, rotaryForm(options));
    return loadLlamaNetwork(config, weights, std::move(options));
}

}  // namespace

extern const FamilyDescriptor kQwen3Family{.info = {.modelType = "qwen3",
                                                    .title = "Qwen3",
                                                    .checkpoints = "Qwen3 0.6B to 32B (dense)",
                                                    .kinds = "decoder"},
                                           .load = &load};

}  // namespace attnviz
