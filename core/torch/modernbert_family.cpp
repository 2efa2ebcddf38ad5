// ModernBERT (Warner et al. 2024): an encoder with rotary positions, norms before each part, gated layers,
// and layers that see the whole text between such that see a window to both sides. No biases unless asked
// for.
//
// As published: with and without "model.", the tied output layer stored or not; config.json as first
// published (two thetas, every n-th layer global) and as today's library writes it (layer_types,
// rope_parameters).
#include <cmath>

#include "core/torch/blocks.h"
#include "core/torch/decoder_parts.h"
#include "core/torch/network.h"
#include "core/torch/rotary.h"

namespace attnviz {
namespace {

struct Block {
    LayerNorm attentionNorm, mlpNorm;  // the first layer has no attentionNorm
    Linear qkv, output, up, down;      // up: what is activated, then the gate
    bool local = false;
};

class ModernBertNetwork final : public Network {
 public:
    Weight tokens, decoder, decoderBias;
    LayerNorm embeddingNorm, finalNorm, headNorm;
    Linear headTransform;
    std::vector<Block> blocks;
    std::vector<Window> windows;
    Rotary global, local;
    Activation activation = Activation::gelu, headActivation = Activation::gelu;

    static Result<std::unique_ptr<Network>> load(const ModelConfig& config, WeightReader& weights);

    Visibility visibility(const ModelInput& input) const override {
        const int count = static_cast<int>(input.ids.size());
        return Visibility::full(count, count).setWindows(windows).setMaskedKeys(maskedKeys(input));
    }

    at::Tensor embed(const ModelInput& input) const override {
        return embeddingNorm(embedRows(tokens, input.ids));
    }

    at::Tensor layer(int layer, const at::Tensor& hidden, const Attend& attend) const override {
        const Block& block = blocks[static_cast<std::size_t>(layer)];
        const auto width = info().width, count = hidden.size(0);
        const at::Tensor qkv =
            block.qkv(block.attentionNorm.weight.defined() ? block.attentionNorm(hidden) : hidden);
        const Rotary& rotary = block.local ? local : global;
        const auto turned = [&](std::int64_t part) {  // (n, heads * size)
            return rotary(qkv.narrow(1, part * width, width).view({count, info().heads, headSize()}));
        };
        const at::Tensor context = attend(turned(0), turned(1), qkv.narrow(1, 2 * width, width),
                                          1.0 / std::sqrt(static_cast<double>(headSize())));
        const at::Tensor attended = hidden + block.output(context);
        const auto parts = block.up(block.mlpNorm(attended)).chunk(2, 1);
        return attended + block.down(activate(activation, parts[0]) * parts[1]);
    }

    at::Tensor finish(const at::Tensor& hidden) const override { return finalNorm(hidden); }
    at::Tensor logits(const at::Tensor& hidden) const override {
        const at::Tensor transformed = headNorm(activate(headActivation, headTransform(hidden)));
        const at::Tensor matrix = decoder.get().t();
        return decoderBias.defined() ? at::addmm(decoderBias.get(), transformed, matrix)
                                     : at::mm(transformed, matrix);
    }
};

// The rotary positions of one kind of layer; what rope_scaling says counts for both.
Rotary rotaryOf(ConfigReader& config, const char* kind, std::int64_t headSize, std::int64_t length,
                double theta) {
    const JsonValue& json = config.config().json();
    JsonValue parameters = JsonValue::object();
    for (const auto* source : {&json["rope_parameters"][kind], &json["rope_scaling"]})
        for (const auto& [key, value] : source->members()) parameters.set(key, value);
    if (parameters["rope_theta"].isNull()) parameters.set("rope_theta", theta);
    RotaryForm form;
    form.headSize = headSize;
    form.configuredLength = length;
    return Rotary::read(config, form, parameters);
}

Result<std::unique_ptr<Network>> ModernBertNetwork::load(const ModelConfig& json, WeightReader& weights) {
    auto network = std::make_unique<ModernBertNetwork>();
    ConfigReader config(json);
    const auto layers = config.layers({"num_hidden_layers"});
    const auto heads = config.heads({"num_attention_heads"});
    const auto width = config.size({"hidden_size"});
    const auto inner = config.size({"intermediate_size"});
    const auto vocabulary = config.size({"vocab_size"});
    const auto headSize = config.headSize(width, heads);
    const auto length = config.sizeOr({"max_position_embeddings"}, 8192, kLongestText);
    const auto every = config.sizeOr({"global_attn_every_n_layers"}, 3);
    // A window of n tokens reaches n / 2 to each side; `sliding_window` is that reach.
    const auto reach = config.sizeOr({"sliding_window"},
                                     config.sizeOr({"local_attention"}, 128, kLongestText) / 2, kLongestText);
    const auto epsilon = config.number("norm_eps", 1e-5);
    const bool attentionBias = config.flag("attention_bias", false), mlpBias = config.flag("mlp_bias", false);
    const bool normBias = config.flag("norm_bias", false), headBias = config.flag("classifier_bias", false);
    const bool decoderBias = config.flag("decoder_bias", true),
               tied = config.flag("tie_word_embeddings", true);
    network->activation = config.take(activationNamed(config.text("hidden_activation", "gelu"), json));
    network->headActivation =
        config.take(activationNamed(config.text("classifier_activation", "gelu"), json));
    network->global =
        rotaryOf(config, "full_attention", headSize, length, config.number("global_rope_theta", 160000));
    network->local =
        rotaryOf(config, "sliding_attention", headSize, length, config.number("local_rope_theta", 10000));
    constexpr std::int64_t kLocal = 1;  // 0 is the whole text
    auto kinds = config.layerWindows(layers, kLocal);
    if (kinds.empty())
        for (std::int64_t layer = 0; layer < layers; ++layer)
            kinds.push_back(layer % every == 0 ? 0 : kLocal);
    if (config.error()) return *config.error();

    weights.choosePrefix({"model.", ""}, "embeddings.tok_embeddings.weight");
    const auto norm = [&](const std::string& at) {
        LayerNorm taken{weights.take(at + ".weight", {width}), {}, epsilon};
        if (normBias) taken.bias = weights.take(at + ".bias", {width});
        return taken;
    };
    network->tokens = weights.take("embeddings.tok_embeddings.weight", {vocabulary, width});
    network->embeddingNorm = norm("embeddings.norm");
    for (std::int64_t layer = 0; layer < layers && !weights.error(); ++layer) {
        const auto at = "layers." + std::to_string(layer) + ".";
        Block block;
        if (layer > 0) block.attentionNorm = norm(at + "attn_norm");
        block.mlpNorm = norm(at + "mlp_norm");
        block.qkv = takeLinear(weights, at + "attn.Wqkv", width, 3 * width, attentionBias);
        block.output = takeLinear(weights, at + "attn.Wo", width, width, attentionBias);
        block.up = takeLinear(weights, at + "mlp.Wi", width, 2 * inner, mlpBias);
        block.down = takeLinear(weights, at + "mlp.Wo", inner, width, mlpBias);
        block.local = kinds[static_cast<std::size_t>(layer)] == kLocal;
        const int side = block.local ? static_cast<int>(reach) : -1;
        network->windows.push_back({side, side});
        network->blocks.push_back(std::move(block));
    }
    network->finalNorm = norm("final_norm");
    // A classifier has the same transformation before an output layer of its own.
    if (weights.has("head.dense.weight") && !weights.has("classifier.weight")) {
        network->headTransform = takeLinear(weights, "head.dense", width, width, headBias);
        network->headNorm = norm("head.norm");
        network->decoder = tied ? weights.takeIfThere({"decoder.weight"}, {vocabulary, width})
                                : weights.take("decoder.weight", {vocabulary, width});
        if (!network->decoder.defined()) network->decoder = network->tokens;
        if (decoderBias) network->decoderBias = weights.take("decoder.bias", {vocabulary});
    }
    if (weights.error()) return *weights.error();

    network->m_headSize = static_cast<int>(headSize);
    ModelInfo& info = network->m_info;
    info.layers = static_cast<int>(layers);
    info.heads = info.keyValueHeads = static_cast<int>(heads);
    info.width = width;
    info.vocabulary = vocabulary;
    info.causal = false;
    info.hasHead = network->decoder.defined();
    info.configuredLength = static_cast<int>(length);
    return std::unique_ptr<Network>(std::move(network));
}

}  // namespace

extern const FamilyDescriptor kModernBertFamily{.info = {.modelType = "modernbert",
                                                         .title = "ModernBERT",
                                                         .checkpoints = "ModernBERT-base, ModernBERT-large",
                                                         .kinds = "encoder"},
                                                .load = &ModernBertNetwork::load};

}  // namespace attnviz
