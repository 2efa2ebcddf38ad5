// DistilBERT (Sanh et al. 2019): BERT's layers under names of its own, without token types.
//
// As published: with and without "distilbert.", with or without the masked-language head. Sinusoidal
// positions (sinusoidal_pos_embds) are computed where the file does not hold them.
#include "core/torch/bert_parts.h"
#include "core/torch/sinusoids.h"

namespace attnviz {
namespace {

constexpr double kEpsilon = 1e-12;  // fixed in the family

class DistilBertNetwork final : public Network {
 public:
    Weight words, positions;  // positions may be undefined: sinusoids
    LayerNorm embeddingNorm;
    std::vector<PostNormBlock> blocks;
    MaskedLanguageHead head;
    Activation activation = Activation::gelu;

    static Result<std::unique_ptr<Network>> load(const ModelConfig& config, WeightReader& weights);

    Visibility visibility(const ModelInput& input) const override { return bertVisibility(input, false); }
    at::Tensor embed(const ModelInput& input) const override {
        const auto count = static_cast<std::int64_t>(input.ids.size());
        const at::Tensor hidden = embedRows(words, input.ids);
        return embeddingNorm(
            hidden + (positions.defined()
                          ? positions.get().narrow(0, 0, count)
                          : sinusoids(count, info().width, SinusoidOrder::interleaved).to(hidden.options())));
    }
    at::Tensor layer(int layer, const at::Tensor& hidden, const Attend& attend) const override {
        return blocks[static_cast<std::size_t>(layer)](hidden, headSize(), activation, attend);
    }
    at::Tensor logits(const at::Tensor& hidden) const override { return head(hidden); }
};

Result<std::unique_ptr<Network>> DistilBertNetwork::load(const ModelConfig& json, WeightReader& weights) {
    auto network = std::make_unique<DistilBertNetwork>();
    ConfigReader config(json);
    const auto layers = config.layers({"num_hidden_layers", "n_layers"});
    const auto heads = config.heads({"num_attention_heads", "n_heads"});
    const auto width = config.size({"hidden_size", "dim"});
    const auto headSize = config.headSize(width, heads);
    const auto inner = config.size({"hidden_dim"});
    const auto length = config.size({"max_position_embeddings"});
    const auto vocabulary = config.size({"vocab_size"});
    const auto activation = config.take(activationNamed(config.text("activation", "gelu"), json));
    const bool tied = config.flag("tie_word_embeddings", true);
    const bool sinusoidal = config.flag("sinusoidal_pos_embds", false);
    if (config.error()) return *config.error();

    weights.choosePrefix({"distilbert.", ""}, "embeddings.word_embeddings.weight");
    network->words = weights.take("embeddings.word_embeddings.weight", {vocabulary, width});
    if (!sinusoidal || weights.has("embeddings.position_embeddings.weight"))
        network->positions = weights.take("embeddings.position_embeddings.weight", {length, width});
    network->embeddingNorm = takeNorm(weights, "embeddings.LayerNorm", width, kEpsilon);
    for (std::int64_t layer = 0; layer < layers && !weights.error(); ++layer) {
        const auto at = "transformer.layer." + std::to_string(layer) + ".";
        network->blocks.push_back({takeLinear(weights, at + "attention.q_lin", width, width),
                                   takeLinear(weights, at + "attention.k_lin", width, width),
                                   takeLinear(weights, at + "attention.v_lin", width, width),
                                   takeLinear(weights, at + "attention.out_lin", width, width),
                                   takeLinear(weights, at + "ffn.lin1", width, inner),
                                   takeLinear(weights, at + "ffn.lin2", inner, width),
                                   takeNorm(weights, at + "sa_layer_norm", width, kEpsilon),
                                   takeNorm(weights, at + "output_layer_norm", width, kEpsilon)});
    }
    if (weights.has("vocab_transform.weight")) {
        MaskedLanguageHead& head = network->head;
        head.transform = takeLinear(weights, "vocab_transform", width, width);
        head.norm = takeNorm(weights, "vocab_layer_norm", width, kEpsilon);
        head.bias = weights.take("vocab_projector.bias", {vocabulary});
        head.takeDecoder(weights, {"vocab_projector.weight"}, {vocabulary, width}, tied, network->words);
        head.activation = activation;
    }
    if (weights.error()) return *weights.error();

    network->activation = activation;
    network->m_headSize = static_cast<int>(headSize);
    ModelInfo& info = network->m_info;
    info.layers = static_cast<int>(layers);
    info.heads = info.keyValueHeads = static_cast<int>(heads);
    info.width = width;
    info.vocabulary = vocabulary;
    info.causal = false;
    info.hasHead = network->head.defined();
    info.positionLimit = static_cast<int>(length);
    return std::unique_ptr<Network>(std::move(network));
}

}  // namespace

extern const FamilyDescriptor kDistilBertFamily{
    .info = {.modelType = "distilbert",
             .title = "DistilBERT",
             .checkpoints = "distilbert-base-uncased, -cased, -multilingual-cased",
             .kinds = "encoder"},
    .load = &DistilBertNetwork::load};

}  // namespace attnviz
