// Qwen2 and Qwen2.5 (Yang et al. 2024): Llama with a bias on q, k and v, and a sliding window on the upper
// layers where config.json switches it on.
#include "core/torch/qwen_windows.h"

namespace attnviz {
namespace {

Result<std::unique_ptr<Network>> load(const ModelConfig& json, WeightReader& weights) {
    ConfigReader config(json);
    LlamaOptions options = readLlamaOptions(config, {.length = 32768, .keyValueHeads = 32});
    options.queryBias = true;
    options.windows = qwenWindows(config, options.layers);
    options.tied = config.flag("tie_word_embeddings", false);
    options.rotary = Rotary::read(config, rotaryForm(options));
    return loadLlamaNetwork(config, weights, std::move(options));
}

}  // namespace

extern const FamilyDescriptor kQwen2Family{.info = {.modelType = "qwen2",
                                                    .title = "Qwen2",
                                                    .checkpoints = "Qwen2, Qwen2.5, DeepSeek-R1-Distill-Qwen",
                                                    .kinds = "decoder"},
                                           .load = &load};

}  // namespace attnviz
