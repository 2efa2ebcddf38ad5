#include "core/torch/decoder_parts.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace attnviz {

void DecoderSizes::describe(ModelInfo& info) const {
    info.layers = static_cast<int>(layers);
    info.heads = static_cast<int>(heads);
    info.keyValueHeads = static_cast<int>(keyValueHeads > 0 ? keyValueHeads : heads);
    info.width = width;
    info.vocabulary = vocabulary;
    info.causal = true;
}

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

Linear takeBiasedHead(WeightReader& weights, const ModelConfig& config, std::vector<std::int64_t> shape,
                      bool tied, const Weight& tokens) {
    Linear head;
    head.weight = takeHead(weights, config, {"lm_head.weight"}, shape, tied, tokens);
    // A model without a head (tied all the same) may be without its bias.
    const bool stored = weights.has("lm_head.bias");
    if (head.weight.defined() && (stored || promisesHead(config)))
        head.bias = weights.take("lm_head.bias", {shape[0]});
    return head;
}

std::vector<float> alibiSlopes(std::int64_t heads) {
    std::vector<float> slopes;
    const auto lower = static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(heads)));
    const auto base = [](std::int64_t row) {
        return static_cast<float>(std::pow(2.0, -std::pow(2.0, 3.0 - std::log2(static_cast<double>(row)))));
    };
    for (std::int64_t power = 1; power <= lower; ++power)
        slopes.push_back(std::pow(base(lower), static_cast<float>(power)));
    for (std::int64_t power = 1; static_cast<std::int64_t>(slopes.size()) < heads; power += 2)
        slopes.push_back(std::pow(base(2 * lower), static_cast<float>(power)));
    return slopes;
}

void refuseOtherDirections(ConfigReader& config) {
    config.refuse(!config.flag("is_causal", true) || config.flag("use_bidirectional_attention", false),
                  "a decoder that sees what follows (is_causal, use_bidirectional_attention)");
    config.refuse(config.flag("add_cross_attention", false), "a decoder with cross attention");
}

}  // namespace attnviz
