// GPT-J (Wang and Komatsuzaki 2021): one norm feeds attention and MLP, rotary positions on neighbouring pairs
// of the first features, a head with a bias.
//
// As published: with causal-mask buffers.
#include <cmath>

#include "core/torch/decoder_parts.h"
#include "core/torch/network.h"
#include "core/torch/rotary.h"

namespace attnviz {
namespace {

struct Block {
    LayerNorm norm;
    Linear query, key, value, output, up, down;
};

class GptjNetwork final : public Network {
 public:
    DecoderSizes sizes;
    Weight tokens;
    Linear head;
    std::vector<Block> blocks;
    LayerNorm finalNorm;
    Activation activation = Activation::geluTanh;
    Rotary rotary;

    static Result<std::unique_ptr<Network>> load(const ModelConfig& json, WeightReader& weights);

    Visibility visibility(const ModelInput& input) const override { return causalVisibility(input); }

    at::Tensor embed(const ModelInput& input) const override {
        const at::Tensor rows = embedRows(tokens, input.ids);
        // Token types are rows of the token table, as in GPT-2.
        return input.segmentIds.empty() ? rows : rows + embedRows(tokens, input.segmentIds);
    }

    at::Tensor layer(int layer, const at::Tensor& hidden, const Attend& attend) const override {
        const Block& block = blocks[static_cast<std::size_t>(layer)];
        const at::Tensor x = block.norm(hidden);
        const auto byHead = [&](const at::Tensor& rows) {
            return rows.view({rows.size(0), sizes.heads, sizes.headSize});
        };
        const at::Tensor context =
            attend(rotary(byHead(block.query(x)), attend.first), rotary(byHead(block.key(x)), attend.first),
                   block.value(x),
                   1.0 / std::sqrt(static_cast<double>(sizes.headSize)));  // (n, width)
        return hidden + block.output(context) + block.down(activate(activation, block.up(x)));
    }

    at::Tensor finish(const at::Tensor& hidden) const override { return finalNorm(hidden); }
    at::Tensor logits(const at::Tensor& hidden) const override { return head(hidden); }
};

Result<std::unique_ptr<Network>> GptjNetwork::load(const ModelConfig& json, WeightReader& weights) {
    ConfigReader config(json);
    auto network = std::make_unique<GptjNetwork>();
    DecoderSizes& sizes = network->sizes;
    sizes.layers = config.layers({"n_layer", "num_hidden_layers"});
    sizes.heads = config.heads({"n_head", "num_attention_heads"});
    sizes.width = config.size({"n_embd", "hidden_size"});
    sizes.headSize = config.headSize(sizes.width, sizes.heads);
    sizes.inner = config.sizeOr({"n_inner"}, 4 * sizes.width);
    sizes.vocabulary = config.size({"vocab_size"});
    sizes.length = config.sizeOr({"n_positions", "max_position_embeddings"}, 2048, kLongestText);
    const double epsilon = config.number("layer_norm_epsilon", 1e-5);
    const bool tied = config.flag("tie_word_embeddings", false);
    const auto turning =
        config.sizeOr({"rotary_dim"}, config.isNull("rotary_dim") ? sizes.headSize : 64, kMostHeads);
    if (turning > sizes.headSize || turning % 2 != 0)
        config.failAt("rotary_dim", "must be even, and at most the head's " + std::to_string(sizes.headSize));
    network->activation = config.take(activationNamed(config.text("activation_function", "gelu_new"), json));
    refuseOtherDirections(config);
    if (config.error()) return *config.error();
    network->rotary = Rotary(sizes.headSize, turning, 10000, true);

    const auto width = sizes.width;
    weights.choosePrefix({"transformer.", ""}, "wte.weight");
    network->tokens = weights.take("wte.weight", {sizes.vocabulary, width});
    for (std::int64_t layer = 0; layer < sizes.layers && !weights.error(); ++layer) {
        const auto at = "h." + std::to_string(layer) + ".";
        network->blocks.push_back({takeLayerNorm(weights, at + "ln_1", width, epsilon),
                                   takeLinear(weights, at + "attn.q_proj", width, width, false),
                                   takeLinear(weights, at + "attn.k_proj", width, width, false),
                                   takeLinear(weights, at + "attn.v_proj", width, width, false),
                                   takeLinear(weights, at + "attn.out_proj", width, width, false),
                                   takeLinear(weights, at + "mlp.fc_in", width, sizes.inner, true),
                                   takeLinear(weights, at + "mlp.fc_out", sizes.inner, width, true)});
    }
    network->finalNorm = takeLayerNorm(weights, "ln_f", width, epsilon);
    network->head = takeBiasedHead(weights, json, {sizes.vocabulary, width}, tied, network->tokens);
    if (weights.error()) return *weights.error();

    network->m_headSize = static_cast<int>(sizes.headSize);
    sizes.describe(network->m_info);
    network->m_info.hasHead = network->head.weight.defined();
    network->m_info.segments = static_cast<int>(sizes.vocabulary);
    network->m_info.configuredLength = static_cast<int>(sizes.length);
    return std::unique_ptr<Network>(std::move(network));
}

}  // namespace

extern const FamilyDescriptor kGptjFamily{
    .info = {.modelType = "gptj", .title = "GPT-J", .checkpoints = "gpt-j-6b", .kinds = "decoder"},
    .load = &GptjNetwork::load};

}  // namespace attnviz
