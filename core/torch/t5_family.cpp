// T5 (Raffel et al. 2020), its v1.1, Flan-T5 and mT5 (Xue et al. 2021): encoder and decoder with RMS norms
// before each part, no biases, no scaling of scores, and a bucketed table of relative positions that the
// layers of a side share.
//
// As published: copies of the shared embedding, no output layer where it is tied, a relative table of the
// cross attention that nothing reads (ignored). An encoder alone (T5EncoderModel) is an encoder.
#include <cmath>

#include "core/torch/blocks.h"
#include "core/torch/decoder_parts.h"
#include "core/torch/encoder_decoder_parts.h"

namespace attnviz {
namespace {

struct Projections {
    Linear query, key, value, output;
};

struct Block {
    RmsNorm selfNorm, crossNorm, mlpNorm;
    Projections self, cross;
    Linear up, gate, down;  // gate may be undefined
};

class T5Network final : public Network {
 public:
    SharedEmbeddings tokens;
    Weight head;
    std::vector<Block> encoder, decoder;
    RmsNorm encoderNorm, decoderNorm;
    LogitAdjust encoderAdjust, decoderAdjust;
    Activation activation = Activation::relu;
    double outputScale = 1;

    // `projection`: what an absent feed_forward_proj means. Only T5 ever scales what the head reads.
    static Result<std::unique_ptr<Network>> loadT5(const ModelConfig& config, WeightReader& weights) {
        return load(config, weights, "relu", true);
    }
    static Result<std::unique_ptr<Network>> loadMt5(const ModelConfig& config, WeightReader& weights) {
        return load(config, weights, "gated-gelu", false);
    }
    static Result<std::unique_ptr<Network>> load(const ModelConfig& config, WeightReader& weights,
                                                 const std::string& projection, bool scalesOutput);

    Visibility visibility(const ModelInput& input) const override { return encoderVisibility(input); }
    LogitAdjust logitAdjust(int) const override { return encoderAdjust; }
    at::Tensor embed(const ModelInput& input) const override { return embedRows(tokens.encoder, input.ids); }
    at::Tensor layer(int layer, const at::Tensor& hidden, const Attend& attend) const override {
        const Block& block = encoder[static_cast<std::size_t>(layer)];
        return mlp(block, attended(block.self, block.selfNorm, hidden, {}, attend));
    }
    at::Tensor finish(const at::Tensor& hidden) const override { return encoderNorm(hidden); }

    LogitAdjust targetLogitAdjust(AttentionKind kind, int) const override {
        return kind == AttentionKind::decoder ? decoderAdjust : LogitAdjust();
    }
    at::Tensor targetEmbed(const ModelInput& input) const override {
        return embedRows(tokens.decoder, input.targetIds);
    }
    at::Tensor targetLayer(int layer, const at::Tensor& hidden, const at::Tensor& encoded, const Attend& self,
                           const Attend& cross) const override {
        const Block& block = decoder[static_cast<std::size_t>(layer)];
        const at::Tensor own = attended(block.self, block.selfNorm, hidden, {}, self);
        return mlp(block, attended(block.cross, block.crossNorm, own, encoded, cross));
    }
    at::Tensor targetFinish(const at::Tensor& hidden) const override { return decoderNorm(hidden); }
    at::Tensor logits(const at::Tensor& hidden) const override {
        return multiplied(outputScale == 1 ? hidden : hidden * outputScale, head.get().t());
    }

 private:
    // hidden + attention of the normed hidden to itself, or to `encoded` where it is defined.
    static at::Tensor attended(const Projections& projections, const RmsNorm& norm, const at::Tensor& hidden,
                               const at::Tensor& encoded, const Attend& attend) {
        const at::Tensor normed = norm(hidden);
        const at::Tensor& keys = encoded.defined() ? encoded : normed;
        const at::Tensor context =
            attend(projections.query(normed), projections.key(keys), projections.value(keys), 1.0);
        return hidden + projections.output(context);
    }

    at::Tensor mlp(const Block& block, const at::Tensor& hidden) const {
        const at::Tensor normed = block.mlpNorm(hidden);
        at::Tensor inner = activate(activation, block.up(normed));
        if (block.gate.weight.defined()) inner = inner * block.gate(normed);
        return hidden + block.down(inner);
    }
};

// "relu", "gated-gelu", "gated-silu", …; newer files say the two parts apart as well, and then those count.
struct FeedForward {
    Activation activation = Activation::relu;
    bool gated = false;
};
FeedForward feedForward(ConfigReader& config, const std::string& fallback) {
    const auto projection = config.text("feed_forward_proj", fallback);
    const bool gated = projection.starts_with("gated-");
    auto name = gated ? projection.substr(6) : projection;
    // The tanh form, for the sake of older files.
    if (projection == "gated-gelu") name = "gelu_new";
    return {config.take(activationNamed(config.text("dense_act_fn", name), config.config())),
            config.flag("is_gated_act", gated)};
}

// T5EncoderModel keeps the encoder only.
bool encoderAlone(const ModelConfig& config) {
    const auto& architectures = config.json()["architectures"].items();
    return !config.json()["is_encoder_decoder"].boolOr(true) ||
           (!architectures.empty() && architectures.front().string().ends_with("EncoderModel"));
}

Result<std::unique_ptr<Network>> T5Network::load(const ModelConfig& json, WeightReader& weights,
                                                 const std::string& projection, bool scalesOutput) {
    auto network = std::make_unique<T5Network>();
    ConfigReader config(json);
    const auto layers = config.layers({"num_hidden_layers", "num_layers"});
    const auto targetLayers = config.sizeOr({"num_decoder_layers"}, layers, 4096);
    const auto heads = config.heads({"num_attention_heads", "num_heads"});
    const auto width = config.size({"hidden_size", "d_model"});
    const auto headSize = config.size({"head_dim", "d_kv"}, kMostHeads);
    const auto inner = config.size({"d_ff"});
    const auto vocabulary = config.size({"vocab_size"});
    const auto buckets = config.sizeOr({"relative_attention_num_buckets"}, 32, 65536);
    const auto distance = config.sizeOr({"relative_attention_max_distance"}, 128);
    const auto length = config.sizeOr({"n_positions"}, 0, kLongestText);
    const auto epsilon = config.number("layer_norm_epsilon", 1e-6);
    const auto forward = feedForward(config, projection);
    // Untied files of v1.1 want no scaling; today's library says it apart, because it ties whatever it is
    // told.
    const bool scaled = config.flag("scale_decoder_outputs", config.flag("tie_word_embeddings", true));
    if (buckets < 4 || distance <= buckets / 2)
        config.fail(badInput(std::to_string(buckets) + " relative positions up to a distance of " +
                                 std::to_string(distance) + " cannot be told apart",
                             json.path().string(),
                             "'relative_attention_num_buckets' must be 4 or more, and "
                             "'relative_attention_max_distance' over half of it."));
    if (config.error()) return *config.error();
    const auto attention = heads * headSize;

    weights.choosePrefix({"", "transformer."}, "encoder.block.0.layer.0.SelfAttention.q.weight");
    const auto norm = [&](const std::string& at) {
        return RmsNorm{weights.take(at + ".weight", {width}), epsilon};
    };
    const auto linear = [&](const std::string& at, std::int64_t in, std::int64_t out) {
        return takeLinear(weights, at, in, out, false);
    };
    const auto projections = [&](const std::string& at) {
        return Projections{linear(at + "q", width, attention), linear(at + "k", width, attention),
                           linear(at + "v", width, attention), linear(at + "o", attention, width)};
    };
    const auto stack = [&](const std::string& side, std::int64_t count, bool crosses) {
        std::vector<Block> blocks;
        for (std::int64_t layer = 0; layer < count && !weights.error(); ++layer) {
            const auto at = side + ".block." + std::to_string(layer) + ".layer.";
            Block block;
            block.self = projections(at + "0.SelfAttention.");
            block.selfNorm = norm(at + "0.layer_norm");
            if (crosses) {
                block.cross = projections(at + "1.EncDecAttention.");
                block.crossNorm = norm(at + "1.layer_norm");
            }
            const std::string last = at + (crosses ? "2." : "1.");
            block.up =
                linear(last + (forward.gated ? "DenseReluDense.wi_0" : "DenseReluDense.wi"), width, inner);
            if (forward.gated) block.gate = linear(last + "DenseReluDense.wi_1", width, inner);
            block.down = linear(last + "DenseReluDense.wo", inner, width);
            block.mlpNorm = norm(last + "layer_norm");
            blocks.push_back(std::move(block));
        }
        return blocks;
    };
    const auto relative = [&](const std::string& side, bool twoSided) {
        LogitAdjust adjust;
        const Weight table = weights.take(
            side + ".block.0.layer.0.SelfAttention.relative_attention_bias.weight", {buckets, heads});
        if (!table.defined()) return adjust;
        const at::Tensor byHead = table.get().t().to(at::kCPU, at::kFloat).contiguous();  // (heads, buckets)
        const float* values = byHead.data_ptr<float>();
        adjust.relative = {static_cast<int>(buckets),
                           static_cast<int>(distance),
                           twoSided,
                           {values, values + byHead.numel()}};
        return adjust;
    };

    const bool alone = encoderAlone(json);
    network->tokens = SharedEmbeddings::take(weights, vocabulary, width);
    network->encoder = stack("encoder", layers, false);
    network->encoderAdjust = relative("encoder", true);
    network->encoderNorm = norm("encoder.final_layer_norm");
    if (!alone) {
        network->decoder = stack("decoder", targetLayers, true);
        network->decoderAdjust = relative("decoder", false);
        network->decoderNorm = norm("decoder.final_layer_norm");
        network->head = weights.takeIfThere({"lm_head.weight"}, {vocabulary, width});
        if (!network->head.defined()) network->head = network->tokens.shared;
    }
    if (weights.error()) return *weights.error();

    network->activation = forward.activation;
    if (scalesOutput && scaled) network->outputScale = 1.0 / std::sqrt(static_cast<double>(width));
    network->m_headSize = static_cast<int>(headSize);
    ModelInfo& info = network->m_info;
    info.layers = static_cast<int>(layers);
    info.heads = info.keyValueHeads = static_cast<int>(heads);
    info.width = width;
    info.vocabulary = vocabulary;
    info.causal = false;
    info.encoderDecoder = !alone;
    info.hasHead = !alone;
    if (length > 0) info.configuredLength = static_cast<int>(length);
    if (!alone)
        network->m_target = {static_cast<int>(targetLayers), static_cast<int>(heads),
                             static_cast<int>(headSize), vocabulary};
    return std::unique_ptr<Network>(std::move(network));
}

}  // namespace

extern const FamilyDescriptor kT5Family{.info = {.modelType = "t5",
                                                 .title = "T5",
                                                 .checkpoints = "t5-small, -base, -large, t5-v1_1, flan-t5",
                                                 .kinds = "encoder, decoder, cross"},
                                        .load = &T5Network::loadT5};

extern const FamilyDescriptor kMt5Family{.info = {.modelType = "mt5",
                                                  .title = "mT5",
                                                  .checkpoints = "mt5-small, mt5-base, mt5-large",
                                                  .kinds = "encoder, decoder, cross"},
                                         .load = &T5Network::loadMt5};

}  // namespace attnviz
