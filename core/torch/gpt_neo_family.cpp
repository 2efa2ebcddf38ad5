// GPT-Neo (Black et al. 2021; TinyStories): GPT-2's shape with scores that are not scaled, and layers that
// see only the last tokens.
//
// As published: with causal-mask buffers.
#include "core/torch/decoder_parts.h"
#include "core/torch/network.h"

namespace attnviz {
namespace {

struct Block {
    LayerNorm attentionNorm, mlpNorm;
    Linear query, key, value, output, up, down;
};

class GptNeoNetwork final : public Network {
 public:
    Weight tokens, positions, head;
    std::vector<Block> blocks;
    LayerNorm finalNorm;
    Activation activation = Activation::geluTanh;
    std::vector<std::int64_t> windows;  // by layer, 0: all before

    static Result<std::unique_ptr<Network>> load(const ModelConfig& json, WeightReader& weights);

    Visibility visibility(const ModelInput& input) const override { return causalVisibility(input, windows); }

    at::Tensor embed(const ModelInput& input) const override {
        const auto count = static_cast<std::int64_t>(input.ids.size());
        at::Tensor hidden = embedRows(tokens, input.ids) + positions.get().narrow(0, 0, count);
        // Token types are rows of the token table, as in GPT-2.
        if (!input.segmentIds.empty()) hidden += embedRows(tokens, input.segmentIds);
        return hidden;
    }

    at::Tensor layer(int layer, const at::Tensor& hidden, const Attend& attend) const override {
        const Block& block = blocks[static_cast<std::size_t>(layer)];
        const at::Tensor x = block.attentionNorm(hidden);
        const at::Tensor context = attend(block.query(x), block.key(x), block.value(x), 1.0);  // (n, width)
        at::Tensor residual = hidden + block.output(context);
        residual += block.down(activate(activation, block.up(block.mlpNorm(residual))));
        return residual;
    }

    at::Tensor finish(const at::Tensor& hidden) const override { return finalNorm(hidden); }
    at::Tensor logits(const at::Tensor& hidden) const override { return multiplied(hidden, head.get().t()); }
};

// Names by layer: attention_layers, or attention_types as [[["global", "local"], 12]], which is also the
// default. Read no further than a layer too many.
std::vector<std::string> layerKinds(const ModelConfig& json, std::int64_t layers) {
    std::vector<std::string> kinds;
    const auto most = static_cast<std::size_t>(layers) + 1;
    if (json.has("attention_layers")) {
        for (const auto& kind : json.json()["attention_layers"].items()) kinds.push_back(kind.string());
        return kinds;
    }
    const JsonValue usual = JsonValue::array(
        {JsonValue::array({JsonValue::array({JsonValue("global"), JsonValue("local")}), JsonValue(12)})});
    const JsonValue& types = json.has("attention_types") ? json.json()["attention_types"] : usual;
    for (const auto& item : types.items()) {
        if (item.items().size() != 2) return {};
        const auto& pattern = item.items()[0].items();
        const auto times = item.items()[1].integerOr(0);
        for (std::int64_t time = 0; time < times && !pattern.empty() && kinds.size() < most; ++time)
            for (const auto& kind : pattern) kinds.push_back(kind.string());
    }
    return kinds;
}

Result<std::unique_ptr<Network>> GptNeoNetwork::load(const ModelConfig& json, WeightReader& weights) {
    ConfigReader config(json);
    auto network = std::make_unique<GptNeoNetwork>();
    DecoderSizes sizes;
    sizes.layers = config.layers({"num_layers", "num_hidden_layers"});
    sizes.heads = config.heads({"num_heads", "num_attention_heads"});
    sizes.width = config.size({"hidden_size"});
    sizes.headSize = config.headSize(sizes.width, sizes.heads);
    sizes.inner = config.sizeOr({"intermediate_size"}, 4 * sizes.width);
    sizes.vocabulary = config.size({"vocab_size"});
    sizes.length = config.size({"max_position_embeddings"});
    const double epsilon = config.number("layer_norm_epsilon", 1e-5);
    const auto window = config.sizeOr({"window_size"}, 256, kLongestText);
    const bool tied = config.flag("tie_word_embeddings", true);
    network->activation = config.take(activationNamed(config.text("activation_function", "gelu_new"), json));
    const auto kinds = layerKinds(json, sizes.layers);
    if (static_cast<std::int64_t>(kinds.size()) != sizes.layers)
        config.failAt("attention_types", "does not name one kind for each layer");
    for (const auto& kind : kinds) {
        config.refuse(kind != "global" && kind != "local", "a layer of type '" + kind + "'",
                      "Known are global and local.");
        network->windows.push_back(kind == "local" ? window : 0);
    }
    refuseOtherDirections(config);
    if (config.error()) return *config.error();

    const auto width = sizes.width;
    weights.choosePrefix({"transformer.", ""}, "wte.weight");
    network->tokens = weights.take("wte.weight", {sizes.vocabulary, width});
    network->positions = weights.take("wpe.weight", {sizes.length, width});
    for (std::int64_t layer = 0; layer < sizes.layers && !weights.error(); ++layer) {
        const auto at = "h." + std::to_string(layer) + ".", attention = at + "attn.attention.";
        network->blocks.push_back({takeLayerNorm(weights, at + "ln_1", width, epsilon),
                                   takeLayerNorm(weights, at + "ln_2", width, epsilon),
                                   takeLinear(weights, attention + "q_proj", width, width, false),
                                   takeLinear(weights, attention + "k_proj", width, width, false),
                                   takeLinear(weights, attention + "v_proj", width, width, false),
                                   takeLinear(weights, attention + "out_proj", width, width, true),
                                   takeLinear(weights, at + "mlp.c_fc", width, sizes.inner, true),
                                   takeLinear(weights, at + "mlp.c_proj", sizes.inner, width, true)});
    }
    network->finalNorm = takeLayerNorm(weights, "ln_f", width, epsilon);
    network->head =
        takeHead(weights, json, {"lm_head.weight"}, {sizes.vocabulary, width}, tied, network->tokens);
    if (weights.error()) return *weights.error();

    network->m_headSize = static_cast<int>(sizes.headSize);
    sizes.describe(network->m_info);
    network->m_info.hasHead = network->head.defined();
    network->m_info.segments = static_cast<int>(sizes.vocabulary);
    network->m_info.positionLimit = static_cast<int>(sizes.length);
    return std::unique_ptr<Network>(std::move(network));
}

}  // namespace

extern const FamilyDescriptor kGptNeoFamily{.info = {.modelType = "gpt_neo",
                                                     .title = "GPT-Neo",
                                                     .checkpoints = "TinyStories, gpt-neo-125m, -1.3B, -2.7B",
                                                     .kinds = "decoder"},
                                            .load = &GptNeoNetwork::load};

}  // namespace attnviz
