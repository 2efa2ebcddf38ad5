// GPT-2 (Radford et al. 2019): learned positions, pre-norm, fused Conv1D projections, a head tied to the
// embedding.
//
// As published: with and without "transformer.", with causal-mask buffers, with the tied head stored or not.
#include <cmath>

#include "core/torch/blocks.h"
#include "core/torch/network.h"

namespace attnviz {
namespace {

struct Block {
    LayerNorm attentionNorm, mlpNorm;
    Linear qkv, output, up, down;
};

class Gpt2Network final : public Network {
 public:
    Weight tokens, positions, head;
    std::vector<Block> blocks;
    LayerNorm finalNorm;
    Activation activation = Activation::geluTanh;
    bool scaled = true, scaledByLayer = false;

    static Result<std::unique_ptr<Network>> load(const ModelConfig& config, WeightReader& weights);

    Visibility visibility(const ModelInput& input) const override {
        return Visibility::causal(static_cast<int>(input.ids.size())).setMaskedKeys(maskedKeys(input));
    }

    at::Tensor embed(const ModelInput& input) const override {
        const auto count = static_cast<std::int64_t>(input.ids.size());
        at::Tensor hidden = embedRows(tokens, input.ids) + positions.get().narrow(0, 0, count);
        // GPT-2's token types are rows of the token table.
        if (!input.segmentIds.empty()) hidden = hidden + embedRows(tokens, input.segmentIds);
        return hidden;
    }

    at::Tensor layer(int layer, const at::Tensor& hidden, const Attend& attend) const override {
        const Block& block = blocks[static_cast<std::size_t>(layer)];
        const auto width = info().width;
        const at::Tensor qkv = block.qkv(block.attentionNorm(hidden));  // (n, 3 width)
        double scale = scaled ? 1.0 / std::sqrt(static_cast<double>(headSize())) : 1.0;
        if (scaledByLayer) scale /= layer + 1;
        const at::Tensor context = attend(qkv.narrow(1, 0, width), qkv.narrow(1, width, width),
                                          qkv.narrow(1, 2 * width, width), scale);  // (n, width)
        at::Tensor residual = hidden + block.output(context);
        residual += block.down(activate(activation, block.up(block.mlpNorm(residual))));
        return residual;
    }

    at::Tensor finish(const at::Tensor& hidden) const override { return finalNorm(hidden); }
    at::Tensor logits(const at::Tensor& hidden) const override { return multiplied(hidden, head.get().t()); }
};

Result<std::unique_ptr<Network>> Gpt2Network::load(const ModelConfig& config, WeightReader& weights) {
    auto network = std::make_unique<Gpt2Network>();
    const auto layers = config.size({"n_layer", "num_hidden_layers"}, 4096);
    const auto heads = config.size({"n_head", "num_attention_heads"}, 65536);
    const auto width = config.size({"n_embd", "hidden_size"});
    const auto length = config.size({"n_positions", "n_ctx", "max_position_embeddings"});
    const auto vocabulary = config.size({"vocab_size"});
    const auto epsilon = config.numberOr("layer_norm_epsilon", 1e-5);
    const auto name = config.textOr("activation_function", "gelu_new");
    const auto scaled = config.boolOr("scale_attn_weights", true);
    const auto scaledByLayer = config.boolOr("scale_attn_by_inverse_layer_idx", false);
    const auto tied = config.boolOr("tie_word_embeddings", true);
    const auto cross = config.boolOr("add_cross_attention", false);
    for (const auto* size : {&layers, &heads, &width, &length, &vocabulary})
        if (!size->ok()) return size->error();
    if (!epsilon) return epsilon.error();
    if (!name) return name.error();
    for (const auto* flag : {&scaled, &scaledByLayer, &tied, &cross})
        if (!flag->ok()) return flag->error();
    if (*width % *heads != 0)
        return badInput("'n_embd' is " + std::to_string(*width) +
                            ", which 'n_head' = " + std::to_string(*heads) + " does not divide",
                        config.path().string());
    if (*cross) return unsupported("GPT-2 with cross attention cannot be run", config.path().string());
    const auto inner = config.sizeOr({"n_inner"}, 4 * *width);
    if (!inner) return inner.error();
    const auto activation = activationNamed(*name, config);
    if (!activation) return activation.error();

    weights.choosePrefix({"transformer.", ""}, "wte.weight");
    network->tokens = weights.take("wte.weight", {*vocabulary, *width});
    network->positions = weights.take("wpe.weight", {*length, *width});
    const auto norm = [&](const std::string& at) {
        return LayerNorm{weights.take(at + ".weight", {*width}), weights.take(at + ".bias", {*width}),
                         *epsilon};
    };
    const auto conv = [&](const std::string& at, std::int64_t in, std::int64_t out) {
        return Linear{weights.take(at + ".weight", {in, out}), weights.take(at + ".bias", {out}), true};
    };
    for (std::int64_t layer = 0; layer < *layers && !weights.error(); ++layer) {
        const auto at = "h." + std::to_string(layer) + ".";
        network->blocks.push_back(
            {norm(at + "ln_1"), norm(at + "ln_2"), conv(at + "attn.c_attn", *width, 3 * *width),
             conv(at + "attn.c_proj", *width, *width), conv(at + "mlp.c_fc", *width, *inner),
             conv(at + "mlp.c_proj", *inner, *width)});
    }
    network->finalNorm = norm("ln_f");
    // A head in the file counts even where config.json ties it; absent and not tied there is none.
    network->head = weights.takeIfThere({"lm_head.weight"}, {*vocabulary, *width});
    if (!network->head.defined() && *tied) network->head = network->tokens;
    if (weights.error()) return *weights.error();

    network->activation = *activation;
    network->scaled = *scaled;
    network->scaledByLayer = *scaledByLayer;
    network->m_headSize = static_cast<int>(*width / *heads);
    ModelInfo& info = network->m_info;
    info.layers = static_cast<int>(*layers);
    info.heads = info.keyValueHeads = static_cast<int>(*heads);
    info.width = *width;
    info.vocabulary = *vocabulary;
    info.segments = static_cast<int>(*vocabulary);
    info.causal = true;
    info.hasHead = network->head.defined();
    info.positionLimit = static_cast<int>(*length);
    return std::unique_ptr<Network>(std::move(network));
}

}  // namespace

extern const FamilyDescriptor kGpt2Family{
    .info = {.modelType = "gpt2",
             .title = "GPT-2",
             .checkpoints = "gpt2, gpt2-medium, -large, -xl, distilgpt2, DialoGPT",
             .kinds = "decoder"},
    .load = &Gpt2Network::load};

}  // namespace attnviz
