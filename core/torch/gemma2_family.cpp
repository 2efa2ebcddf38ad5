// Gemma 2 (Riviere et al. 2024): Gemma with four norms a layer, soft-capped scores and logits, its own scale
// of scores, and a sliding window on every second layer.
#include <cmath>

#include "core/torch/llama_network.h"

namespace attnviz {
namespace {

Result<std::unique_ptr<Network>> load(const ModelConfig& json, WeightReader& weights) {
    ConfigReader config(json);
    LlamaOptions options = readLlamaOptions(config, {.length = 8192, .keyValueHeads = 4, .headSize = 256});
    options.activation =
        config.take(activationNamed(config.text("hidden_activation", "gelu_pytorch_tanh"), json));
    options.embeddingScale = std::sqrt(static_cast<double>(options.width));
    options.onePlusNorms = options.outputNorms = true;
    options.queryBias = options.outputBias = config.flag("attention_bias", false);
    options.tied = config.flag("tie_word_embeddings", true);
    const double scalar = config.number("query_pre_attn_scalar", 256);
    if (!(scalar > 0)) config.failAt("query_pre_attn_scalar", "must be above 0");
    options.scale = 1.0 / std::sqrt(scalar);
    // Absent is the library's default, null is none.
    const auto cap = [&](const char* key, double usual) {
        const double value = config.isNull(key) ? 0 : config.number(key, usual);
        if (value < 0) config.failAt(key, "must not be below 0");
        return value;
    };
    options.scoreCap = cap("attn_logit_softcapping", 50);
    options.logitCap = cap("final_logit_softcapping", 30);
    const auto window =
        config.sizeOr({"sliding_window"}, config.isNull("sliding_window") ? 0 : 4096, kLongestText);
    options.windows = config.layerWindows(options.layers, window);
    if (options.windows.empty())
        for (std::int64_t layer = 0; layer < options.layers; ++layer)
            options.windows.push_back(layer % 2 == 0 ? window : 0);
    options.rotary = Rotary::read(config, rotaryForm(options));
    return loadLlamaNetwork(config, weights, std::move(options));
}

}  // namespace

extern const FamilyDescriptor kGemma2Family{.info = {.modelType = "gemma2",
                                                     .title = "Gemma 2",
                                                     .checkpoints = "gemma-2-2b, -9b, -27b",
                                                     .kinds = "decoder"},
                                            .load = &load};

}  // namespace attnviz
