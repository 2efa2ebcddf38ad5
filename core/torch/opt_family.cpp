// OPT (Zhang et al. 2022): learned positions that start at row 2 and skip padding, ReLU, norms before or
// (350m) after, an embedding that may be narrower than the layers.
//
// As published: names start with "decoder." or "model.decoder.", the tied head stored or not.
#include <cmath>

#include "core/torch/decoder_parts.h"
#include "core/torch/network.h"

namespace attnviz {
namespace {

constexpr std::int64_t kPositionOffset = 2;
constexpr double kEpsilon = 1e-5;  // not in config.json

struct Block {
    LayerNorm attentionNorm, mlpNorm;
    Linear query, key, value, output, up, down;
};

class OptNetwork final : public Network {
 public:
    DecoderSizes sizes;
    Weight tokens, positions, head;
    std::vector<Block> blocks;
    Linear projectIn, projectOut;  // undefined where the embedding is as wide as the layers
    LayerNorm finalNorm;
    Activation activation = Activation::relu;
    bool normBefore = true, normAtEnd = true;

    static Result<std::unique_ptr<Network>> load(const ModelConfig& json, WeightReader& weights);

    Visibility visibility(const ModelInput& input) const override { return causalVisibility(input); }

    at::Tensor embed(const ModelInput& input) const override {
        // A token's position is the number of unpadded ones before it; padding has the one before the first.
        std::vector<std::int64_t> rows;
        std::int64_t seen = 0;
        for (std::size_t token = 0; token < input.ids.size(); ++token) {
            const bool padding = !input.attentionMask.empty() && input.attentionMask[token] == 0;
            rows.push_back(kPositionOffset + (padding ? -1 : seen));
            seen += !padding;
        }
        at::Tensor hidden = embedRows(tokens, input.ids);
        if (projectIn.weight.defined()) hidden = projectIn(hidden);
        return hidden + embedRows(positions, rows);
    }

    at::Tensor layer(int layer, const at::Tensor& hidden, const Attend& attend) const override {
        const Block& block = blocks[static_cast<std::size_t>(layer)];
        const at::Tensor x = normBefore ? block.attentionNorm(hidden) : hidden;
        const at::Tensor context =
            attend(block.query(x), block.key(x), block.value(x),
                   1.0 / std::sqrt(static_cast<double>(sizes.headSize)));  // (n, width)
        at::Tensor residual = hidden + block.output(context);
        if (!normBefore) residual = block.attentionNorm(residual);
        const at::Tensor inner = block.up(normBefore ? block.mlpNorm(residual) : residual);
        residual = residual + block.down(activate(activation, inner));
        return normBefore ? residual : block.mlpNorm(residual);
    }

    at::Tensor finish(const at::Tensor& hidden) const override {
        const at::Tensor last = normAtEnd ? finalNorm(hidden) : hidden;
        return projectOut.weight.defined() ? projectOut(last) : last;
    }
    at::Tensor logits(const at::Tensor& hidden) const override { return multiplied(hidden, head.get().t()); }
};

Result<std::unique_ptr<Network>> OptNetwork::load(const ModelConfig& json, WeightReader& weights) {
    ConfigReader config(json);
    auto network = std::make_unique<OptNetwork>();
    DecoderSizes& sizes = network->sizes;
    sizes.layers = config.layers({"num_hidden_layers"});
    sizes.heads = config.heads({"num_attention_heads"});
    sizes.width = config.size({"hidden_size"});
    sizes.headSize = config.headSize(sizes.width, sizes.heads);
    sizes.inner = config.size({"ffn_dim"});
    sizes.vocabulary = config.size({"vocab_size"});
    sizes.length = config.size({"max_position_embeddings"});
    const auto outer = config.sizeOr({"word_embed_proj_dim"}, sizes.width);
    const bool biased = config.flag("enable_bias", true);
    const bool affine = config.flag("layer_norm_elementwise_affine", true);
    const bool tied = config.flag("tie_word_embeddings", true);
    network->normBefore = config.flag("do_layer_norm_before", true);
    network->normAtEnd = network->normBefore && !config.flag("_remove_final_layer_norm", false);
    network->activation = config.take(activationNamed(config.text("activation_function", "relu"), json));
    refuseOtherDirections(config);
    if (config.error()) return *config.error();

    const auto width = sizes.width;
    const auto norm = [&](const std::string& name) {
        return affine ? takeLayerNorm(weights, name, width, kEpsilon) : LayerNorm{{}, {}, kEpsilon};
    };
    const auto linear = [&](const std::string& name, std::int64_t in, std::int64_t out) {
        return takeLinear(weights, name, in, out, biased);
    };
    weights.choosePrefix({"model.decoder.", "decoder.", ""}, "embed_tokens.weight");
    network->tokens = weights.take("embed_tokens.weight", {sizes.vocabulary, outer});
    network->positions = weights.take("embed_positions.weight", {sizes.length + kPositionOffset, width});
    if (outer != width) {
        network->projectIn = takeLinear(weights, "project_in", outer, width, false);
        network->projectOut = takeLinear(weights, "project_out", width, outer, false);
    }
    for (std::int64_t layer = 0; layer < sizes.layers && !weights.error(); ++layer) {
        const auto at = "layers." + std::to_string(layer) + ".", attention = at + "self_attn.";
        network->blocks.push_back(
            {norm(at + "self_attn_layer_norm"), norm(at + "final_layer_norm"),
             linear(attention + "q_proj", width, width), linear(attention + "k_proj", width, width),
             linear(attention + "v_proj", width, width), linear(attention + "out_proj", width, width),
             linear(at + "fc1", width, sizes.inner), linear(at + "fc2", sizes.inner, width)});
    }
    if (network->normAtEnd) network->finalNorm = norm("final_layer_norm");
    network->head =
        takeHead(weights, json, {"lm_head.weight"}, {sizes.vocabulary, outer}, tied, network->tokens);
    if (weights.error()) return *weights.error();

    network->m_headSize = static_cast<int>(sizes.headSize);
    sizes.describe(network->m_info);
    network->m_info.hasHead = network->head.defined();
    network->m_info.positionLimit = static_cast<int>(sizes.length);
    return std::unique_ptr<Network>(std::move(network));
}

}  // namespace

extern const FamilyDescriptor kOptFamily{
    .info = {.modelType = "opt",
             .title = "OPT",
             .checkpoints = "opt-125m, -350m, -1.3b, -2.7b, -6.7b, Galactica",
             .kinds = "decoder"},
    .load = &OptNetwork::load};

}  // namespace attnviz
