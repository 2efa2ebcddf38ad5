// RoBERTa (Liu et al. 2019), XLM-RoBERTa (Conneau et al. 2020) and CamemBERT (Martin et al. 2020): BERT's
// layers, but positions are counted over the tokens that are no padding, and start after the padding id.
//
// As published: with and without "roberta.", the tied output layer stored or not, position_ids (ignored).
#include <string_view>

#include "core/torch/bert_parts.h"

namespace attnviz {
namespace {

class RobertaNetwork final : public Network {
 public:
    BertShape shape;
    std::int64_t padding = 1;
    BertEmbeddings embeddings;
    std::vector<PostNormBlock> blocks;
    MaskedLanguageHead head;

    static Result<std::unique_ptr<Network>> load(const ModelConfig& config, WeightReader& weights);

    Visibility visibility(const ModelInput& input) const override {
        return bertVisibility(input, shape.causal);
    }

    // Position = padding id + tokens so far that are no padding; padding itself has the padding id. It is the
    // ids that count, not the mask.
    at::Tensor embed(const ModelInput& input) const override {
        std::vector<std::int64_t> rows;
        std::int64_t counted = 0;
        for (const auto id : input.ids) rows.push_back(id == padding ? padding : padding + ++counted);
        return embeddings(input, rows);
    }

    at::Tensor layer(int layer, const at::Tensor& hidden, const Attend& attend) const override {
        return blocks[static_cast<std::size_t>(layer)](hidden, headSize(), shape.activation, attend);
    }
    at::Tensor logits(const at::Tensor& hidden) const override { return head(hidden); }
};

Result<std::unique_ptr<Network>> RobertaNetwork::load(const ModelConfig& json, WeightReader& weights) {
    auto network = std::make_unique<RobertaNetwork>();
    ConfigReader config(json);
    const auto shape = BertShape::read(config, "RoBERTa");
    if (config.error()) return *config.error();
    const JsonValue& padding = json.json()["pad_token_id"];
    network->padding = padding.integerOr(1);
    // The table's first rows belong to the padding and to what comes before it.
    const auto limit = shape.length - network->padding - 1;
    if ((!padding.isNull() && !padding.isInteger()) || network->padding < 0 ||
        network->padding >= shape.length || limit < 1)
        config.fail(badInput("'pad_token_id' leaves none of " + std::to_string(shape.length) + " positions",
                             json.path().string(),
                             "It must be a whole number: positions start after the padding id."));
    if (config.error()) return *config.error();

    weights.choosePrefix({"roberta.", ""}, "embeddings.word_embeddings.weight");
    network->embeddings = BertEmbeddings::take(weights, shape);
    for (std::int64_t layer = 0; layer < shape.layers && !weights.error(); ++layer)
        network->blocks.push_back(
            takeBertBlock(weights, "encoder.layer." + std::to_string(layer) + ".", shape));
    if (weights.has("lm_head.dense.weight")) {
        MaskedLanguageHead& head = network->head;
        head.transform = takeLinear(weights, "lm_head.dense", shape.width, shape.width);
        head.norm = takeNorm(weights, "lm_head.layer_norm", shape.width, shape.epsilon);
        head.bias = weights.take({"lm_head.decoder.bias", "lm_head.bias"}, {shape.vocabulary});
        head.takeDecoder(weights, {"lm_head.decoder.weight"}, {shape.vocabulary, shape.width}, shape.tied,
                         network->embeddings.words);
        head.activation = Activation::gelu;  // whatever hidden_act says
    }
    if (weights.error()) return *weights.error();

    network->shape = shape;
    network->m_headSize = shape.headSize();
    ModelInfo& info = network->m_info;
    shape.describe(info);
    info.hasHead = network->head.defined();
    info.positionLimit = static_cast<int>(limit);
    return std::unique_ptr<Network>(std::move(network));
}

}  // namespace

extern const FamilyDescriptor kRobertaFamily{
    .info = {.modelType = "roberta",
             .title = "RoBERTa",
             .checkpoints = "roberta-base, roberta-large, distilroberta",
             .kinds = "encoder"},
    .load = &RobertaNetwork::load};

extern const FamilyDescriptor kXlmRobertaFamily{.info = {.modelType = "xlm-roberta",
                                                         .title = "XLM-RoBERTa",
                                                         .checkpoints = "xlm-roberta-base, xlm-roberta-large",
                                                         .kinds = "encoder"},
                                                .load = &RobertaNetwork::load};

extern const FamilyDescriptor kCamembertFamily{.info = {.modelType = "camembert",
                                                        .title = "CamemBERT",
                                                        .checkpoints = "camembert-base, camembert-large",
                                                        .kinds = "encoder"},
                                               .load = &RobertaNetwork::load};

}  // namespace attnviz
