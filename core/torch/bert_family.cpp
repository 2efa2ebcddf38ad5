// BERT (Devlin et al. 2019): post-norm, learned positions, token types for sentence pairs, masked-language
// head.
//
// As published: with and without "bert.", older norms named gamma and beta, with pooler and sentence-relation
// head (ignored), with or without the masked-language head. As a decoder (is_decoder) it is causal.
#include "core/torch/bert_parts.h"

namespace attnviz {
namespace {

class BertNetwork final : public Network {
 public:
    BertShape shape;
    BertEmbeddings embeddings;
    std::vector<PostNormBlock> blocks;
    MaskedLanguageHead head;

    static Result<std::unique_ptr<Network>> load(const ModelConfig& config, WeightReader& weights);

    Visibility visibility(const ModelInput& input) const override {
        return bertVisibility(input, shape.causal);
    }
    at::Tensor embed(const ModelInput& input) const override { return embeddings(input); }
    at::Tensor layer(int layer, const at::Tensor& hidden, const Attend& attend) const override {
        return blocks[static_cast<std::size_t>(layer)](hidden, headSize(), shape.activation, attend);
    }
    at::Tensor logits(const at::Tensor& hidden) const override { return head(hidden); }
};

Result<std::unique_ptr<Network>> BertNetwork::load(const ModelConfig& json, WeightReader& weights) {
    auto network = std::make_unique<BertNetwork>();
    ConfigReader config(json);
    const auto shape = BertShape::read(config, "BERT");
    if (config.error()) return *config.error();
    weights.choosePrefix({"bert.", ""}, "embeddings.word_embeddings.weight");
    network->embeddings = BertEmbeddings::take(weights, shape);
    for (std::int64_t layer = 0; layer < shape.layers && !weights.error(); ++layer)
        network->blocks.push_back(
            takeBertBlock(weights, "encoder.layer." + std::to_string(layer) + ".", shape));
    if (weights.has("cls.predictions.transform.dense.weight")) {
        MaskedLanguageHead& head = network->head;
        head.transform = takeLinear(weights, "cls.predictions.transform.dense", shape.width, shape.width);
        head.norm = takeNorm(weights, "cls.predictions.transform.LayerNorm", shape.width, shape.epsilon);
        // One bias under two names; where they differ (an untied head), the decoder's own is the one that
        // counts.
        head.bias =
            weights.take({"cls.predictions.decoder.bias", "cls.predictions.bias"}, {shape.vocabulary});
        head.takeDecoder(weights, {"cls.predictions.decoder.weight"}, {shape.vocabulary, shape.width},
                         shape.tied, network->embeddings.words);
        head.activation = shape.activation;
    }
    if (weights.error()) return *weights.error();

    network->shape = shape;
    network->m_headSize = shape.headSize();
    shape.describe(network->m_info);
    network->m_info.hasHead = network->head.defined();
    return std::unique_ptr<Network>(std::move(network));
}

}  // namespace

extern const FamilyDescriptor kBertFamily{
    .info = {.modelType = "bert",
             .title = "BERT",
             .checkpoints = "bert-base, bert-large, multilingual, MiniLM",
             .kinds = "encoder"},
    .load = &BertNetwork::load};

}  // namespace attnviz
