// ELECTRA (Clark et al. 2020): BERT's layers behind embeddings of a size of their own. The discriminator says
// of each token whether it was replaced (one value a token); the generator is a masked-language model.
//
// As published: with "electra.", with one of the two heads or none, position_ids (ignored).
#include "core/torch/bert_parts.h"

namespace attnviz {
namespace {

class ElectraNetwork final : public Network {
 public:
    BertShape shape;
    BertEmbeddings embeddings;
    Linear projection;  // undefined where both sizes are the same
    std::vector<PostNormBlock> blocks;
    MaskedLanguageHead generator;
    Linear judge, verdict;  // the discriminator's

    static Result<std::unique_ptr<Network>> load(const ModelConfig& config, WeightReader& weights);

    Visibility visibility(const ModelInput& input) const override {
        return bertVisibility(input, shape.causal);
    }
    at::Tensor embed(const ModelInput& input) const override {
        const at::Tensor embedded = embeddings(input);
        return projection.weight.defined() ? projection(embedded) : embedded;
    }
    at::Tensor layer(int layer, const at::Tensor& hidden, const Attend& attend) const override {
        return blocks[static_cast<std::size_t>(layer)](hidden, headSize(), shape.activation, attend);
    }
    at::Tensor logits(const at::Tensor& hidden) const override {
        if (generator.defined()) return generator(hidden);
        return verdict(activate(shape.activation, judge(hidden)));  // (n, 1)
    }
};

Result<std::unique_ptr<Network>> ElectraNetwork::load(const ModelConfig& json, WeightReader& weights) {
    auto network = std::make_unique<ElectraNetwork>();
    ConfigReader config(json);
    const auto shape = BertShape::read(config, "ELECTRA", 128);
    if (config.error()) return *config.error();
    weights.choosePrefix({"electra.", ""}, "embeddings.word_embeddings.weight");
    network->embeddings = BertEmbeddings::take(weights, shape);
    if (shape.embeddingWidth != shape.width)
        network->projection = takeLinear(weights, "embeddings_project", shape.embeddingWidth, shape.width);
    for (std::int64_t layer = 0; layer < shape.layers && !weights.error(); ++layer)
        network->blocks.push_back(
            takeBertBlock(weights, "encoder.layer." + std::to_string(layer) + ".", shape));
    if (weights.has("generator_predictions.dense.weight")) {
        MaskedLanguageHead& head = network->generator;
        head.transform =
            takeLinear(weights, "generator_predictions.dense", shape.width, shape.embeddingWidth);
        head.norm = takeNorm(weights, "generator_predictions.LayerNorm", shape.embeddingWidth, shape.epsilon);
        head.bias = weights.take("generator_lm_head.bias", {shape.vocabulary});
        head.takeDecoder(weights, {"generator_lm_head.weight"}, {shape.vocabulary, shape.embeddingWidth},
                         shape.tied, network->embeddings.words);
        head.activation = Activation::gelu;  // whatever hidden_act says
    } else if (weights.has("discriminator_predictions.dense.weight")) {
        network->judge = takeLinear(weights, "discriminator_predictions.dense", shape.width, shape.width);
        network->verdict = takeLinear(weights, "discriminator_predictions.dense_prediction", shape.width, 1);
    }
    if (weights.error()) return *weights.error();

    network->shape = shape;
    network->m_headSize = shape.headSize();
    shape.describe(network->m_info);
    network->m_info.hasHead = network->generator.defined() || network->judge.weight.defined();
    return std::unique_ptr<Network>(std::move(network));
}

}  // namespace

extern const FamilyDescriptor kElectraFamily{
    .info = {.modelType = "electra",
             .title = "ELECTRA",
             .checkpoints = "electra-small, electra-base, electra-large discriminators and generators",
             .kinds = "encoder"},
    .load = &ElectraNetwork::load};

}  // namespace attnviz
