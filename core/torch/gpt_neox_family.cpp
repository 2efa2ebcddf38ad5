// GPT-NeoX (Black et al. 2022; Pythia): attention and MLP side by side, rotary positions on a share of the
// head, queries, keys and values fused head by head.
//
// As published: with causal-mask and inv_freq buffers, the head named embed_out.
#include <algorithm>
#include <cmath>

#include "core/torch/decoder_parts.h"
#include "core/torch/network.h"
#include "core/torch/rotary.h"

namespace attnviz {
namespace {

struct Block {
    LayerNorm attentionNorm, mlpNorm;
    Linear qkv, output, up, down;
};

class GptNeoxNetwork final : public Network {
 public:
    DecoderSizes sizes;
    Weight tokens, head;
    std::vector<Block> blocks;
    LayerNorm finalNorm;
    Activation activation = Activation::gelu;
    Rotary rotary;
    bool parallel = true;

    static Result<std::unique_ptr<Network>> load(const ModelConfig& json, WeightReader& weights);

    Visibility visibility(const ModelInput& input) const override { return causalVisibility(input); }
    at::Tensor embed(const ModelInput& input) const override { return embedRows(tokens, input.ids); }

    at::Tensor layer(int layer, const at::Tensor& hidden, const Attend& attend) const override {
        const Block& block = blocks[static_cast<std::size_t>(layer)];
        const auto count = hidden.size(0);
        const at::Tensor qkv =
            block.qkv(block.attentionNorm(hidden)).view({count, sizes.heads, 3, sizes.headSize});
        const at::Tensor context =
            attend(rotary(qkv.select(2, 0), attend.first), rotary(qkv.select(2, 1), attend.first),
                   qkv.select(2, 2).reshape({count, -1}),
                   1.0 / std::sqrt(static_cast<double>(sizes.headSize)));  // (n, width)
        at::Tensor residual = hidden + block.output(context);
        const at::Tensor& seen = parallel ? hidden : residual;
        const at::Tensor inner = activate(activation, block.up(block.mlpNorm(seen)));
        return residual + block.down(inner);
    }

    bool keysStay(std::int64_t before, std::int64_t after) const override {
        return rotary.sameFor(before, after);
    }

    at::Tensor finish(const at::Tensor& hidden) const override { return finalNorm(hidden); }
    at::Tensor logits(const at::Tensor& hidden) const override { return multiplied(hidden, head.get().t()); }
};

Result<std::unique_ptr<Network>> GptNeoxNetwork::load(const ModelConfig& json, WeightReader& weights) {
    ConfigReader config(json);
    auto network = std::make_unique<GptNeoxNetwork>();
    DecoderSizes& sizes = network->sizes;
    sizes.layers = config.layers({"num_hidden_layers"});
    sizes.heads = config.heads({"num_attention_heads"});
    sizes.width = config.size({"hidden_size"});
    sizes.headSize = config.headSize(sizes.width, sizes.heads);
    sizes.inner = config.size({"intermediate_size"});
    sizes.vocabulary = config.size({"vocab_size"});
    sizes.length = config.sizeOr({"max_position_embeddings"}, 2048, kLongestText);
    const double epsilon = config.number("layer_norm_eps", 1e-5);
    const bool biased = config.flag("attention_bias", true);
    const bool tied = config.flag("tie_word_embeddings", false);
    network->parallel = config.flag("use_parallel_residual", true);
    network->activation = config.take(activationNamed(config.text("hidden_act", "gelu"), json));
    RotaryForm form;
    form.headSize = sizes.headSize;
    form.readsShare = true;
    form.share = 0.25;
    form.shareKey = "rotary_pct";
    form.thetaKey = "rotary_emb_base";
    form.configuredLength = sizes.length;
    network->rotary = Rotary::read(config, form);
    refuseOtherDirections(config);
    if (config.error()) return *config.error();

    const auto width = sizes.width;
    weights.choosePrefix({"gpt_neox.", ""}, "embed_in.weight");
    network->tokens = weights.take("embed_in.weight", {sizes.vocabulary, width});
    for (std::int64_t layer = 0; layer < sizes.layers && !weights.error(); ++layer) {
        const auto at = "layers." + std::to_string(layer) + ".";
        network->blocks.push_back(
            {takeLayerNorm(weights, at + "input_layernorm", width, epsilon),
             takeLayerNorm(weights, at + "post_attention_layernorm", width, epsilon),
             takeLinear(weights, at + "attention.query_key_value", width, 3 * width, biased),
             takeLinear(weights, at + "attention.dense", width, width, biased),
             takeLinear(weights, at + "mlp.dense_h_to_4h", width, sizes.inner, true),
             takeLinear(weights, at + "mlp.dense_4h_to_h", sizes.inner, width, true)});
    }
    network->finalNorm = takeLayerNorm(weights, "final_layer_norm", width, epsilon);
    network->head = takeHead(weights, json, {"embed_out.weight", "lm_head.weight"}, {sizes.vocabulary, width},
                             tied, network->tokens);
    if (weights.error()) return *weights.error();

    network->m_headSize = static_cast<int>(sizes.headSize);
    sizes.describe(network->m_info);
    network->m_info.hasHead = network->head.defined();
    network->m_info.configuredLength = static_cast<int>(std::max(sizes.length, network->rotary.reach()));
    return std::unique_ptr<Network>(std::move(network));
}

}  // namespace

extern const FamilyDescriptor kGptNeoxFamily{.info = {.modelType = "gpt_neox",
                                                      .title = "GPT-NeoX",
                                                      .checkpoints = "Pythia, GPT-NeoX-20B, Dolly",
                                                      .kinds = "decoder"},
                                             .load = &GptNeoxNetwork::load};

}  // namespace attnviz
