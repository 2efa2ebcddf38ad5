// Mistral (Jiang et al. 2023): Llama with a sliding window on every layer.
#include "core/torch/llama_network.h"

namespace attnviz {
namespace {

Result<std::unique_ptr<Network>> load(const ModelConfig& json, WeightReader& weights) {
    ConfigReader config(json);
    LlamaOptions options = readLlamaOptions(config, {.length = 131072, .keyValueHeads = 8});
    // Absent is the library's default, null is none.
    const std::int64_t usual = config.isNull("sliding_window") ? 0 : 4096;
    options.windows.assign(static_cast<std::size_t>(options.layers),
                           config.sizeOr({"sliding_window"}, usual, kLongestText));
    options.tied = config.flag("tie_word_embeddings", false);
    options.rotary = Rotary::read(config, rotaryForm(options));
    return loadLlamaNetwork(config, weights, std::move(options));
}

}  // namespace

extern const FamilyDescriptor kMistralFamily{.info = {.modelType = "mistral",
                                                      .title = "Mistral",
                                                      .checkpoints = "Mistral 7B, Zephyr",
                                                      .kinds = "decoder"},
                                             .load = &load};

}  // namespace attnviz
