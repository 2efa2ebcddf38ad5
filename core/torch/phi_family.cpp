// Phi-1, 1.5 and 2 (Gunasekar et al. 2023): one norm feeds attention and MLP, rotary positions on a share of
// the head, biases everywhere, in the head too.
#include <algorithm>
#include <cmath>

#include "core/torch/decoder_parts.h"
#include "core/torch/network.h"
#include "core/torch/rotary.h"

namespace attnviz {
namespace {

struct Block {
    LayerNorm norm, queryNorm, keyNorm;
    Linear query, key, value, output, up, down;
};

class PhiNetwork final : public Network {
 public:
    DecoderSizes sizes;
    Weight tokens;
    Linear head;
    std::vector<Block> blocks;
    LayerNorm finalNorm;
    Activation activation = Activation::geluTanh;
    Rotary rotary;
    bool headNorms = false;

    static Result<std::unique_ptr<Network>> load(const ModelConfig& json, WeightReader& weights);

    Visibility visibility(const ModelInput& input) const override { return causalVisibility(input); }
    at::Tensor embed(const ModelInput& input) const override { return embedRows(tokens, input.ids); }

    at::Tensor layer(int layer, const at::Tensor& hidden, const Attend& attend) const override {
        const Block& block = blocks[static_cast<std::size_t>(layer)];
        const auto count = hidden.size(0);
        const at::Tensor x = block.norm(hidden);
        at::Tensor q = block.query(x).view({count, sizes.heads, sizes.headSize});
        at::Tensor k = block.key(x).view({count, sizes.keyValueHeads, sizes.headSize});
        if (headNorms) {
            q = block.queryNorm(q);
            k = block.keyNorm(k);
        }
        const at::Tensor context =
            attend(rotary(q, attend.first), rotary(k, attend.first), block.value(x),
                   1.0 / std::sqrt(static_cast<double>(sizes.headSize)));  // (n, heads * size)
        return hidden + block.output(context) + block.down(activate(activation, block.up(x)));
    }

    bool keysStay(std::int64_t before, std::int64_t after) const override {
        return rotary.sameFor(before, after);
    }

    at::Tensor finish(const at::Tensor& hidden) const override { return finalNorm(hidden); }
    at::Tensor logits(const at::Tensor& hidden) const override { return head(hidden); }
};

Result<std::unique_ptr<Network>> PhiNetwork::load(const ModelConfig& json, WeightReader& weights) {
    ConfigReader config(json);
    auto network = std::make_unique<PhiNetwork>();
    DecoderSizes& sizes = network->sizes;
    sizes.layers = config.layers({"num_hidden_layers"});
    sizes.heads = config.heads({"num_attention_heads"});
    sizes.keyValueHeads = config.sizeOr({"num_key_value_heads"}, sizes.heads, kMostHeads);
    sizes.width = config.size({"hidden_size"});
    sizes.headSize = json.has("head_dim") ? config.size({"head_dim"}, kMostHeads)
                                          : config.headSize(sizes.width, sizes.heads);
    sizes.inner = config.size({"intermediate_size"});
    sizes.vocabulary = config.size({"vocab_size"});
    sizes.length = config.sizeOr({"max_position_embeddings"}, 2048, kLongestText);
    if (sizes.heads % sizes.keyValueHeads != 0)
        config.failAt("num_key_value_heads", "does not divide the heads");
    const double epsilon = config.number("layer_norm_eps", 1e-5);
    const bool tied = config.flag("tie_word_embeddings", false);
    network->headNorms = config.flag("qk_layernorm", false);
    network->activation = config.take(activationNamed(config.text("hidden_act", "gelu_new"), json));
    RotaryForm form;
    form.headSize = sizes.headSize;
    form.readsShare = true;
    form.share = 0.5;
    form.configuredLength = sizes.length;
    network->rotary = Rotary::read(config, form);
    refuseOtherDirections(config);
    if (config.error()) return *config.error();

    const auto width = sizes.width, size = sizes.headSize;
    const auto queries = sizes.heads * size, keys = sizes.keyValueHeads * size;
    weights.choosePrefix({"model.", ""}, "embed_tokens.weight");
    network->tokens = weights.take("embed_tokens.weight", {sizes.vocabulary, width});
    for (std::int64_t layer = 0; layer < sizes.layers && !weights.error(); ++layer) {
        const auto at = "layers." + std::to_string(layer) + ".", attention = at + "self_attn.";
        Block block{takeLayerNorm(weights, at + "input_layernorm", width, epsilon),
                    {},
                    {},
                    takeLinear(weights, attention + "q_proj", width, queries, true),
                    takeLinear(weights, attention + "k_proj", width, keys, true),
                    takeLinear(weights, attention + "v_proj", width, keys, true),
                    takeLinear(weights, attention + "dense", queries, width, true),
                    takeLinear(weights, at + "mlp.fc1", width, sizes.inner, true),
                    takeLinear(weights, at + "mlp.fc2", sizes.inner, width, true)};
        if (network->headNorms) {
            block.queryNorm = takeLayerNorm(weights, attention + "q_layernorm", size, epsilon);
            block.keyNorm = takeLayerNorm(weights, attention + "k_layernorm", size, epsilon);
        }
        network->blocks.push_back(std::move(block));
    }
    network->finalNorm = takeLayerNorm(weights, "final_layernorm", width, epsilon);
    network->head = takeBiasedHead(weights, json, {sizes.vocabulary, width}, tied, network->tokens);
    if (weights.error()) return *weights.error();

    network->m_headSize = static_cast<int>(size);
    sizes.describe(network->m_info);
    network->m_info.hasHead = network->head.weight.defined();
    network->m_info.configuredLength = static_cast<int>(std::max(sizes.length, network->rotary.reach()));
    return std::unique_ptr<Network>(std::move(network));
}

}  // namespace

extern const FamilyDescriptor kPhiFamily{
    .info = {.modelType = "phi", .title = "Phi", .checkpoints = "phi-1, phi-1_5, phi-2", .kinds = "decoder"},
    .load = &PhiNetwork::load};

}  // namespace attnviz
