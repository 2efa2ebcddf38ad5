// BART (Lewis et al. 2020), mBART (Liu et al. 2020), Marian (Junczys-Dowmunt et al. 2018) and Pegasus (Zhang
// et al. 2020): one encoder-decoder, with the norms before or after each part, learned or sinusoidal
// positions.
//
// As published: with and without "model.", copies of the shared embedding, the tied output layer and its bias
// stored or not, sinusoidal positions stored or not. Keys of config.json from before the library read none of
// them (normalize_before, add_final_layer_norm, static_position_embeddings, …) say nothing: the type decides.
#include <algorithm>
#include <cmath>

#include "core/torch/bert_parts.h"
#include "core/torch/encoder_decoder_parts.h"
#include "core/torch/sinusoids.h"

namespace attnviz {
namespace {

constexpr double kEpsilon = 1e-5;  // fixed in the family

// What sets the four apart.
struct Variant {
    const char* title;
    bool normsFirst = false;  // before each part, and once more at the end of each side
    bool embeddingNorm = false;
    bool sinusoidal = false;  // else learned, from row 2 of a table that has two rows more
    bool ownTables = false;   // the sides may have vocabularies of their own
};

struct Attention {
    Linear query, key, value, output;
    LayerNorm norm;
};

struct Block {
    Attention self, cross;
    Linear up, down;
    LayerNorm mlpNorm;
};

// One side.
struct Side {
    Weight tokens, positions;  // positions undefined: computed
    LayerNorm embeddingNorm, finalNorm;
    std::vector<Block> blocks;
    int headSize = 0;
};

class BartNetwork final : public Network {
 public:
    Variant variant;
    Side encoder, decoder;
    Weight head, headBias;  // the bias may be undefined
    Activation activation = Activation::gelu;
    double embeddingScale = 1;
    at::ScalarType positionType = at::kFloat;  // what computed positions are rounded to

    template <const Variant& kVariant>
    static Result<std::unique_ptr<Network>> loadAs(const ModelConfig& config, WeightReader& weights) {
        return load(config, weights, kVariant);
    }
    static Result<std::unique_ptr<Network>> load(const ModelConfig& config, WeightReader& weights,
                                                 const Variant& variant);

    Visibility visibility(const ModelInput& input) const override { return encoderVisibility(input); }
    at::Tensor embed(const ModelInput& input) const override { return embedded(encoder, input.ids); }
    at::Tensor layer(int layer, const at::Tensor& hidden, const Attend& attend) const override {
        const Block& block = encoder.blocks[static_cast<std::size_t>(layer)];
        return mlp(block, attended(encoder, block.self, hidden, {}, attend));
    }
    at::Tensor finish(const at::Tensor& hidden) const override { return finished(encoder, hidden); }

    at::Tensor targetEmbed(const ModelInput& input) const override {
        return embedded(decoder, input.targetIds);
    }
    at::Tensor targetLayer(int layer, const at::Tensor& hidden, const at::Tensor& encoded, const Attend& self,
                           const Attend& cross) const override {
        const Block& block = decoder.blocks[static_cast<std::size_t>(layer)];
        const at::Tensor own = attended(decoder, block.self, hidden, {}, self);
        return mlp(block, attended(decoder, block.cross, own, encoded, cross));
    }
    at::Tensor targetFinish(const at::Tensor& hidden) const override { return finished(decoder, hidden); }
    at::Tensor logits(const at::Tensor& hidden) const override {
        // Stored as (1, vocabulary).
        return multiplied(hidden, head.get().t(),
                          headBias.defined() ? headBias.get().select(0, 0) : at::Tensor());
    }

 private:
    at::Tensor embedded(const Side& side, const std::vector<std::int64_t>& ids) const {
        const auto count = static_cast<std::int64_t>(ids.size());
        at::Tensor hidden = embedRows(side.tokens, ids);
        if (embeddingScale != 1) hidden = hidden * embeddingScale;
        if (!variant.sinusoidal)
            hidden = hidden + side.positions.get().narrow(0, 2, count);
        else if (side.positions.defined())
            hidden = hidden + side.positions.get().narrow(0, 0, count);
        else
            hidden =
                hidden +
                sinusoids(count, info().width, SinusoidOrder::halves).to(positionType).to(hidden.options());
        return variant.embeddingNorm ? side.embeddingNorm(hidden) : hidden;
    }

    at::Tensor attended(const Side& side, const Attention& attention, const at::Tensor& hidden,
                        const at::Tensor& encoded, const Attend& attend) const {
        const at::Tensor input = variant.normsFirst ? attention.norm(hidden) : hidden;
        const at::Tensor& keys = encoded.defined() ? encoded : input;
        const at::Tensor context = attend(attention.query(input), attention.key(keys), attention.value(keys),
                                          1.0 / std::sqrt(static_cast<double>(side.headSize)));
        const at::Tensor sum = hidden + attention.output(context);
        return variant.normsFirst ? sum : attention.norm(sum);
    }

    at::Tensor mlp(const Block& block, const at::Tensor& hidden) const {
        const at::Tensor input = variant.normsFirst ? block.mlpNorm(hidden) : hidden;
        const at::Tensor sum = hidden + block.down(activate(activation, block.up(input)));
        return variant.normsFirst ? sum : block.mlpNorm(sum);
    }

    at::Tensor finished(const Side& side, const at::Tensor& hidden) const {
        return variant.normsFirst ? side.finalNorm(hidden) : hidden;
    }
};

// The numbers of one side as config.json has them.
struct SideShape {
    std::int64_t layers = 0, heads = 0, inner = 0;
    int headSize = 0;
};

SideShape sideShape(ConfigReader& config, const std::string& side, std::int64_t width) {
    SideShape shape;
    const bool encoder = side == "encoder";
    // The general names stand for the encoder's, and win.
    shape.layers =
        encoder ? config.layers({"num_hidden_layers", "encoder_layers"}) : config.layers({"decoder_layers"});
    shape.heads = encoder ? config.heads({"num_attention_heads", "encoder_attention_heads"})
                          : config.heads({"decoder_attention_heads"});
    shape.inner = config.size({side + "_ffn_dim"});
    shape.headSize = static_cast<int>(config.headSize(width, shape.heads));
    return shape;
}

void takeSide(Side& side, const std::string& name, const SideShape& shape, std::int64_t width,
              std::int64_t length, const Variant& variant, WeightReader& weights) {
    const auto norm = [&](const std::string& at) { return takeNorm(weights, at, width, kEpsilon); };
    const auto attention = [&](const std::string& at) {
        return Attention{takeLinear(weights, at + ".q_proj", width, width),
                         takeLinear(weights, at + ".k_proj", width, width),
                         takeLinear(weights, at + ".v_proj", width, width),
                         takeLinear(weights, at + ".out_proj", width, width), norm(at + "_layer_norm")};
    };
    const auto positions = name + ".embed_positions.weight";
    side.positions = variant.sinusoidal ? weights.takeIfThere({positions}, {length, width})
                                        : weights.take(positions, {length + 2, width});
    if (variant.embeddingNorm) side.embeddingNorm = norm(name + ".layernorm_embedding");
    for (std::int64_t layer = 0; layer < shape.layers && !weights.error(); ++layer) {
        const auto at = name + ".layers." + std::to_string(layer) + ".";
        Block block;
        block.self = attention(at + "self_attn");
        if (name == "decoder") block.cross = attention(at + "encoder_attn");
        block.up = takeLinear(weights, at + "fc1", width, shape.inner);
        block.down = takeLinear(weights, at + "fc2", shape.inner, width);
        block.mlpNorm = norm(at + "final_layer_norm");
        side.blocks.push_back(std::move(block));
    }
    if (variant.normsFirst) side.finalNorm = norm(name + ".layer_norm");
    side.headSize = shape.headSize;
}

// Whether the checkpoint's class writes text.
bool promisesText(const ModelConfig& config) {
    const auto& classes = config.json()["architectures"].items();
    return std::any_of(classes.begin(), classes.end(), [](const JsonValue& name) {
        return name.string().ends_with("ForConditionalGeneration") || name.string().ends_with("MTModel");
    });
}

// The type that the weights are stored in: the reference makes a table that is not in the file in that type,
// so a half-precision checkpoint has half-precision positions.
at::ScalarType storedType(const WeightReader& weights) {
    for (const auto* name : {"model.encoder.layers.0.fc1.weight", "encoder.layers.0.fc1.weight"})
        if (const auto* view = weights.checkpoint()->find(name))
            return view->type == TensorType::bf16  ? at::kBFloat16
                   : view->type == TensorType::f16 ? at::kHalf
                                                   : at::kFloat;
    return at::kFloat;
}

Result<std::unique_ptr<Network>> BartNetwork::load(const ModelConfig& json, WeightReader& weights,
                                                   const Variant& variant) {
    auto network = std::make_unique<BartNetwork>();
    ConfigReader config(json);
    const auto width = config.size({"hidden_size", "d_model"});
    const auto length = config.size({"max_position_embeddings"});
    const auto vocabulary = config.size({"vocab_size"});
    const auto encoder = sideShape(config, "encoder", width), decoder = sideShape(config, "decoder", width);
    const auto activation = config.take(activationNamed(config.text("activation_function", "gelu"), json));
    const bool scaled = config.flag("scale_embedding", false);
    const bool tied = config.flag("tie_word_embeddings", true);
    const bool apart = variant.ownTables && !config.flag("share_encoder_decoder_embeddings", true);
    const auto targets = apart ? config.sizeOr({"decoder_vocab_size"}, vocabulary) : vocabulary;
    config.refuse(!config.flag("is_encoder_decoder", true),
                  std::string(variant.title) + " without its encoder");
    if (config.error()) return *config.error();

    weights.choosePrefix({"model.", ""}, "encoder.layers.0.self_attn.q_proj.weight");
    Weight tiedHead;
    if (apart) {
        network->encoder.tokens = weights.take("encoder.embed_tokens.weight", {vocabulary, width});
        network->decoder.tokens = weights.take("decoder.embed_tokens.weight", {targets, width});
        tiedHead = network->decoder.tokens;
    } else {
        const auto tables = SharedEmbeddings::take(weights, vocabulary, width);
        network->encoder.tokens = tables.encoder;
        network->decoder.tokens = tables.decoder;
        tiedHead = tables.shared;
    }
    takeSide(network->encoder, "encoder", encoder, width, length, variant, weights);
    takeSide(network->decoder, "decoder", decoder, width, length, variant, weights);
    // A bare model, untied, has no head; a class with one must have it.
    const bool needed = !tied && promisesText(json);
    network->head = needed ? weights.take("lm_head.weight", {targets, width})
                           : weights.takeIfThere({"lm_head.weight"}, {targets, width});
    if (!network->head.defined() && tied) network->head = tiedHead;
    network->headBias = weights.takeIfThere({"final_logits_bias"}, {1, targets});
    if (weights.error()) return *weights.error();

    network->variant = variant;
    network->positionType = storedType(weights);
    network->activation = activation;
    if (scaled) network->embeddingScale = std::sqrt(static_cast<double>(width));
    network->m_headSize = encoder.headSize;
    ModelInfo& info = network->m_info;
    info.layers = static_cast<int>(encoder.layers);
    info.heads = info.keyValueHeads = static_cast<int>(encoder.heads);
    info.width = width;
    info.vocabulary = vocabulary;
    info.causal = false;
    info.encoderDecoder = true;
    info.hasHead = network->head.defined();
    info.positionLimit = static_cast<int>(length);
    network->m_target = {static_cast<int>(decoder.layers), static_cast<int>(decoder.heads), decoder.headSize,
                         targets};
    return std::unique_ptr<Network>(std::move(network));
}

constexpr Variant kBart{.title = "BART", .embeddingNorm = true};
constexpr Variant kMbart{.title = "mBART", .normsFirst = true, .embeddingNorm = true};
constexpr Variant kMarian{.title = "Marian", .sinusoidal = true, .ownTables = true};
constexpr Variant kPegasus{.title = "Pegasus", .normsFirst = true, .sinusoidal = true};

}  // namespace

extern const FamilyDescriptor kBartFamily{.info = {.modelType = "bart",
                                                   .title = kBart.title,
                                                   .checkpoints = "bart-base, bart-large, bart-large-cnn",
                                                   .kinds = "encoder, decoder, cross"},
                                          .load = &BartNetwork::loadAs<kBart>};

extern const FamilyDescriptor kMbartFamily{.info = {.modelType = "mbart",
                                                    .title = kMbart.title,
                                                    .checkpoints = "mbart-large-cc25, mbart-large-50",
                                                    .kinds = "encoder, decoder, cross"},
                                           .load = &BartNetwork::loadAs<kMbart>};

extern const FamilyDescriptor kMarianFamily{.info = {.modelType = "marian",
                                                     .title = kMarian.title,
                                                     .checkpoints = "Helsinki-NLP/opus-mt-*",
                                                     .kinds = "encoder, decoder, cross"},
                                            .load = &BartNetwork::loadAs<kMarian>};

extern const FamilyDescriptor kPegasusFamily{.info = {.modelType = "pegasus",
                                                      .title = kPegasus.title,
                                                      .checkpoints = "pegasus-xsum, pegasus-large",
                                                      .kinds = "encoder, decoder, cross"},
                                             .load = &BartNetwork::loadAs<kPegasus>};

}  // namespace attnviz
