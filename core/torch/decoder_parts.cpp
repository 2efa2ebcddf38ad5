#include "core/torch/decoder_parts.h"

#include <algorithm>

namespace attnviz {

Visibility causalVisibility(const ModelInput& input, const std::vector<std::int64_t>& windows) {
    Visibility visibility = Visibility::causal(static_cast<int>(input.ids.size()));
    if (std::any_of(windows.begin(), windows.end(), [](std::int64_t window) { return window > 0; })) {
        std::vector<Window> layers;
        for (const auto window : windows)
            layers.push_back({window > 0 ? static_cast<int>(window - 1) : -1, 0});
        visibility.setWindows(std::move(layers));
    }
    return visibility.setMaskedKeys(maskedKeys(input));
}

Linear takeLinear(WeightReader& weights, const std::string& name, std::int64_t in, std::int64_t out,
                  bool biased) {
    Linear linear;
    linear.weight = weights.take(name + ".weight", {out, in});
    if (biased) linear.bias = weights.take(name + ".bias", {out});
    return linear;
}

LayerNorm takeLayerNorm(WeightReader& weights, const std::string& name, std::int64_t width, double epsilon) {
    return {weights.take(name + ".weight", {width}), weights.take(name + ".bias", {width}), epsilon};
}

Weight takeHead(WeightReader& weights, const ModelConfig& config, std::initializer_list<std::string> names,
                std::vector<std::int64_t> shape, bool tied, const Weight& tokens) {
    Weight head = weights.takeIfThere(names, shape);
    if (head.defined() || weights.error()) return head;
    if (tied) return tokens;
    if (promisesHead(config))
        weights.fail(
            badInput("tensor '" + *names.begin() + "' is missing, expected with shape " + shapeText(shape),
                     config.path().string(), "The head is not tied to the embedding (tie_word_embeddings)."));
    return {};
}

void refuseOtherDirections(ConfigReader& config) {
    config.refuse(!config.flag("is_causal", true) || config.flag("use_bidirectional_attention", false),
                  "a decoder that sees what follows (is_causal, use_bidirectional_attention)");
    config.refuse(config.flag("add_cross_attention", false), "a decoder with cross attention");
}

}  // namespace attnviz
