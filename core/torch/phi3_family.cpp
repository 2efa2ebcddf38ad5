// Phi-3 and Phi-4-mini (Abdin et al. 2024): Llama with fused projections, a window on every layer, rotary
// positions on a share of the head, and a scaling with one factor a frequency (longrope, once named su).
#include "core/torch/llama_network.h"

namespace attnviz {
namespace {

constexpr std::int64_t kUsualLength = 4096;

Result<std::unique_ptr<Network>> load(const ModelConfig& json, WeightReader& weights) {
    ConfigReader config(json);
    LlamaOptions options = readLlamaOptions(config, {.length = kUsualLength, .epsilon = 1e-5});
    options.fused = true;
    options.windows.assign(static_cast<std::size_t>(options.layers),
                           config.sizeOr({"sliding_window"}, 0, kLongestText));
    options.tied = config.flag("tie_word_embeddings", false);
    RotaryForm form = rotaryForm(options);
    form.readsShare = form.yarnIsLongrope = true;
    form.originalLength = kUsualLength;  // config.json's own, at its top, wins
    options.rotary = Rotary::read(config, form);
    return loadLlamaNetwork(config, weights, std::move(options));
}

}  // namespace

extern const FamilyDescriptor kPhi3Family{
    .info = {.modelType = "phi3",
             .title = "Phi-3",
             .checkpoints = "Phi-3-mini, Phi-3.5-mini, Phi-4-mini, phi-4",
             .kinds = "decoder"},
    .load = &load};

}  // namespace attnviz
