// BLOOM (Le Scao et al. 2022): ALiBi instead of positions, a norm after the embedding, queries, keys and
// values fused head by head.
//
// As published: with and without "transformer.", keys n_embed and num_attention_heads.
#include <cmath>

#include "core/torch/decoder_parts.h"
#include "core/torch/network.h"

namespace attnviz {
namespace {

struct Block {
    LayerNorm attentionNorm, mlpNorm;
    Linear qkv, output, up, down;
};

class BloomNetwork final : public Network {
 public:
    DecoderSizes sizes;
    Weight tokens, head;
    std::vector<Block> blocks;
    LayerNorm embeddingNorm, finalNorm;
    Alibi alibi;
    bool residualAfterNorm = false;

    static Result<std::unique_ptr<Network>> load(const ModelConfig& json, WeightReader& weights);

    Visibility visibility(const ModelInput& input) const override { return causalVisibility(input); }

    LogitAdjust logitAdjust(int) const override {
        LogitAdjust adjust;
        adjust.alibi = alibi;
        return adjust;
    }

    at::Tensor embed(const ModelInput& input) const override {
        return embeddingNorm(embedRows(tokens, input.ids));
    }

    at::Tensor layer(int layer, const at::Tensor& hidden, const Attend& attend) const override {
        const Block& block = blocks[static_cast<std::size_t>(layer)];
        const auto count = hidden.size(0);
        const at::Tensor x = block.attentionNorm(hidden);
        const at::Tensor qkv = block.qkv(x).view({count, sizes.heads, 3, sizes.headSize});
        const auto part = [&](std::int64_t which) { return qkv.select(2, which).reshape({count, -1}); };
        const at::Tensor context =
            attend(part(0), part(1), part(2), 1.0 / std::sqrt(static_cast<double>(sizes.headSize)));
        const at::Tensor attended = (residualAfterNorm ? x : hidden) + block.output(context);
        const at::Tensor seen = block.mlpNorm(attended);
        return (residualAfterNorm ? seen : attended) +
               block.down(activate(Activation::geluTanh, block.up(seen)));
    }

    at::Tensor finish(const at::Tensor& hidden) const override { return finalNorm(hidden); }
    at::Tensor logits(const at::Tensor& hidden) const override { return multiplied(hidden, head.get().t()); }
};

Result<std::unique_ptr<Network>> BloomNetwork::load(const ModelConfig& json, WeightReader& weights) {
    ConfigReader config(json);
    auto network = std::make_unique<BloomNetwork>();
    DecoderSizes& sizes = network->sizes;
    sizes.layers = config.layers({"n_layer", "num_hidden_layers"});
    sizes.heads = config.heads({"n_head", "num_attention_heads"});
    sizes.width = config.size({"n_embed", "hidden_size"});
    sizes.headSize = config.headSize(sizes.width, sizes.heads);
    sizes.inner = 4 * sizes.width;
    sizes.vocabulary = config.size({"vocab_size"});
    sizes.length = config.sizeOr({"seq_length"}, 2048, kLongestText);
    const double epsilon = config.number("layer_norm_epsilon", 1e-5);
    const bool tied = config.flag("tie_word_embeddings", true);
    network->residualAfterNorm = config.flag("apply_residual_connection_post_layernorm", false);
    // The reference's sum of slices leaves out the biases of both outputs.
    const bool biased = !(config.flag("slow_but_exact", false) && config.sizeOr({"pretraining_tp"}, 1) > 1);
    refuseOtherDirections(config);
    if (config.error()) return *config.error();
    network->alibi.slopes = alibiSlopes(sizes.heads);
    network->alibi.countsUnmasked = true;

    const auto width = sizes.width;
    weights.choosePrefix({"transformer.", ""}, "word_embeddings.weight");
    network->tokens = weights.take("word_embeddings.weight", {sizes.vocabulary, width});
    network->embeddingNorm = takeLayerNorm(weights, "word_embeddings_layernorm", width, epsilon);
    for (std::int64_t layer = 0; layer < sizes.layers && !weights.error(); ++layer) {
        const auto at = "h." + std::to_string(layer) + ".";
        network->blocks.push_back(
            {takeLayerNorm(weights, at + "input_layernorm", width, epsilon),
             takeLayerNorm(weights, at + "post_attention_layernorm", width, epsilon),
             takeLinear(weights, at + "self_attention.query_key_value", width, 3 * width, true),
             takeLinear(weights, at + "self_attention.dense", width, width, biased),
             takeLinear(weights, at + "mlp.dense_h_to_4h", width, sizes.inner, true),
             takeLinear(weights, at + "mlp.dense_4h_to_h", sizes.inner, width, biased)});
    }
    network->finalNorm = takeLayerNorm(weights, "ln_f", width, epsilon);
    network->head =
        takeHead(weights, json, {"lm_head.weight"}, {sizes.vocabulary, width}, tied, network->tokens);
    if (weights.error()) return *weights.error();

    network->m_headSize = static_cast<int>(sizes.headSize);
    sizes.describe(network->m_info);
    network->m_info.hasHead = network->head.defined();
    network->m_info.configuredLength = static_cast<int>(sizes.length);
    return std::unique_ptr<Network>(std::move(network));
}

}  // namespace

extern const FamilyDescriptor kBloomFamily{.info = {.modelType = "bloom",
                                                    .title = "BLOOM",
                                                    .checkpoints = "bloom-560m, -1b1, -3b, bloomz",
                                                    .kinds = "decoder"},
                                           .load = &BloomNetwork::load};

}  // namespace attnviz
