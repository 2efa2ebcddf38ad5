// Falcon (Almazrouei et al. 2023): attention and MLP side by side, one key head (7b) or a few (40b, 11b),
// rotary positions or (RW) ALiBi.
//
// Three layouts of the fused projection: by key head with its queries (new architecture); all queries, one
// key, one value (multi-query); head by head.
#include <algorithm>
#include <cmath>

#include "core/torch/decoder_parts.h"
#include "core/torch/network.h"
#include "core/torch/rotary.h"

namespace attnviz {
namespace {

struct Block {
    LayerNorm attentionNorm, mlpNorm;  // the second one undefined where the first feeds both
    Linear qkv, output, up, down;
};

class FalconNetwork final : public Network {
 public:
    DecoderSizes sizes;
    Weight tokens, head;
    std::vector<Block> blocks;
    LayerNorm finalNorm;
    Activation activation = Activation::gelu;
    Rotary rotary;
    Alibi alibi;
    bool parallel = true;
    std::int64_t group = 1;  // queries of a key head, fused before their key and value

    static Result<std::unique_ptr<Network>> load(const ModelConfig& json, WeightReader& weights);

    Visibility visibility(const ModelInput& input) const override { return causalVisibility(input); }
    LogitAdjust logitAdjust(int) const override {
        LogitAdjust adjust;
        adjust.alibi = alibi;
        return adjust;
    }
    at::Tensor embed(const ModelInput& input) const override { return embedRows(tokens, input.ids); }

    at::Tensor layer(int layer, const at::Tensor& hidden, const Attend& attend) const override {
        const Block& block = blocks[static_cast<std::size_t>(layer)];
        const at::Tensor x = block.attentionNorm(hidden);
        const at::Tensor attended = block.output(attention(block.qkv(x), attend));
        const at::Tensor residual = hidden + attended;
        const at::Tensor& seen = parallel ? hidden : residual;
        const at::Tensor fed = block.mlpNorm.weight.defined() ? block.mlpNorm(seen) : x;
        return residual + block.down(activate(activation, block.up(fed)));
    }

    bool keysStay(std::int64_t before, std::int64_t after) const override {
        return rotary.sameFor(before, after);
    }

    at::Tensor finish(const at::Tensor& hidden) const override { return finalNorm(hidden); }
    at::Tensor logits(const at::Tensor& hidden) const override { return multiplied(hidden, head.get().t()); }

 private:
    // All three layouts are (key heads, group + 2, size).
    at::Tensor attention(const at::Tensor& fused, const Attend& attend) const {
        const auto count = fused.size(0), size = sizes.headSize;
        const at::Tensor qkv = fused.view({count, sizes.keyValueHeads, group + 2, size});
        const at::Tensor q = qkv.narrow(2, 0, group).reshape({count, sizes.heads, size});
        const at::Tensor k = qkv.select(2, group), v = qkv.select(2, group + 1);  // (n, key heads, size)
        const auto placed = [&](const at::Tensor& rows) {
            return alibi.slopes.empty() ? rotary(rows, attend.first) : rows.reshape({count, -1});
        };
        return attend(placed(q), placed(k), v.reshape({count, -1}),
                      1.0 / std::sqrt(static_cast<double>(size)));  // (n, width)
    }
};

Result<std::unique_ptr<Network>> FalconNetwork::load(const ModelConfig& json, WeightReader& weights) {
    ConfigReader config(json);
    auto network = std::make_unique<FalconNetwork>();
    DecoderSizes& sizes = network->sizes;
    sizes.layers = config.layers({"num_hidden_layers", "n_layer"});
    sizes.heads = config.heads({"num_attention_heads", "n_head"});
    sizes.width = config.size({"n_embed", "hidden_size"});
    sizes.headSize = config.headSize(sizes.width, sizes.heads);
    sizes.inner = config.sizeOr({"ffn_hidden_size"}, 4 * sizes.width);
    sizes.vocabulary = config.size({"vocab_size"});
    sizes.length = config.sizeOr({"max_position_embeddings"}, 2048, kLongestText);
    const double epsilon = config.number("layer_norm_epsilon", 1e-5);
    const bool renewed = config.flag("new_decoder_architecture", false);
    const bool single = config.flag("multi_query", true);
    const bool biased = config.flag("bias", false);
    const bool tied = config.flag("tie_word_embeddings", true);
    const bool alibi = config.flag("alibi", false);
    network->parallel = config.flag("parallel_attn", true);
    config.refuse(renewed && !network->parallel, "Falcon's new architecture without parallel_attn");
    const bool twoNorms = renewed && config.sizeOr({"num_ln_in_parallel_attn"}, 2) == 2;
    sizes.keyValueHeads = renewed  ? config.sizeOr({"num_kv_heads"}, sizes.heads, kMostHeads)
                          : single ? 1
                                   : sizes.heads;
    if (sizes.heads % sizes.keyValueHeads != 0) config.failAt("num_kv_heads", "does not divide the heads");
    network->group = sizes.heads / sizes.keyValueHeads;
    network->activation = config.take(activationNamed(config.text("activation", "gelu"), json));
    if (alibi) {
        network->alibi.slopes = alibiSlopes(sizes.heads);
        // The reference adds it to q.k and, through the mask, to the scaled product once more.
        for (auto& slope : network->alibi.slopes) slope *= 2;
        network->alibi.rounding = AlibiRounding::bfloat16;
        network->alibi.beforeScaling = network->alibi.countsUnmasked = true;
    } else {
        RotaryForm form;
        form.headSize = sizes.headSize;
        form.configuredLength = sizes.length;
        network->rotary = Rotary::read(config, form);
    }
    refuseOtherDirections(config);
    if (config.error()) return *config.error();

    const auto width = sizes.width;
    const auto fused = (sizes.heads + 2 * sizes.keyValueHeads) * sizes.headSize;
    const auto norm = [&](const std::string& name) { return takeLayerNorm(weights, name, width, epsilon); };
    const auto linear = [&](const std::string& name, std::int64_t in, std::int64_t out) {
        return takeLinear(weights, name, in, out, biased);
    };
    weights.choosePrefix({"transformer.", ""}, "word_embeddings.weight");
    network->tokens = weights.take("word_embeddings.weight", {sizes.vocabulary, width});
    for (std::int64_t layer = 0; layer < sizes.layers && !weights.error(); ++layer) {
        const auto at = "h." + std::to_string(layer) + ".";
        Block block;
        block.attentionNorm = norm(at + (twoNorms ? "ln_attn" : "input_layernorm"));
        if (twoNorms || !network->parallel)
            block.mlpNorm = norm(at + (twoNorms ? "ln_mlp" : "post_attention_layernorm"));
        block.qkv = linear(at + "self_attention.query_key_value", width, fused);
        block.output = linear(at + "self_attention.dense", width, width);
        block.up = linear(at + "mlp.dense_h_to_4h", width, sizes.inner);
        block.down = linear(at + "mlp.dense_4h_to_h", sizes.inner, width);
        network->blocks.push_back(std::move(block));
    }
    network->finalNorm = norm("ln_f");
    network->head =
        takeHead(weights, json, {"lm_head.weight"}, {sizes.vocabulary, width}, tied, network->tokens);
    if (weights.error()) return *weights.error();

    network->m_headSize = static_cast<int>(sizes.headSize);
    sizes.describe(network->m_info);
    network->m_info.hasHead = network->head.defined();
    network->m_info.configuredLength = static_cast<int>(std::max(sizes.length, network->rotary.reach()));
    return std::unique_ptr<Network>(std::move(network));
}

}  // namespace

extern const FamilyDescriptor kFalconFamily{.info = {.modelType = "falcon",
                                                     .title = "Falcon",
                                                     .checkpoints = "falcon-7b, -40b, -11B, falcon-rw-1b",
                                                     .kinds = "decoder"},
                                            .load = &FalconNetwork::load};

}  // namespace attnviz
