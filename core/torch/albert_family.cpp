// ALBERT (Lan et al. 2020): the layers of a group share one set of weights, so that L maps come from far
// fewer; token embeddings are small and mapped to the width of the layers.
//
// As published: with and without "albert.", pooler and sentence-order head (ignored). A group may hold
// several inner layers, each with a map of its own.
#include <algorithm>

#include "core/torch/bert_parts.h"

namespace attnviz {
namespace {

class AlbertNetwork final : public Network {
 public:
    BertShape shape;
    std::int64_t groups = 1, inner = 1;
    BertEmbeddings embeddings;
    Linear mapping;
    std::vector<PostNormBlock> blocks;  // [group][inner]
    MaskedLanguageHead head;

    static Result<std::unique_ptr<Network>> load(const ModelConfig& config, WeightReader& weights);

    // The weights of a map, one of layers * inner.
    const PostNormBlock& blockOf(int map) const {
        const auto layer = map / inner;
        // In floating point, as the reference: layers need not be a multiple of groups.
        const auto group = static_cast<std::int64_t>(
            static_cast<double>(layer) / (static_cast<double>(shape.layers) / static_cast<double>(groups)));
        return blocks[static_cast<std::size_t>(std::min(group, groups - 1) * inner + map % inner)];
    }

    Visibility visibility(const ModelInput& input) const override { return bertVisibility(input, false); }
    at::Tensor embed(const ModelInput& input) const override { return mapping(embeddings(input)); }
    at::Tensor layer(int layer, const at::Tensor& hidden, const Attend& attend) const override {
        return blockOf(layer)(hidden, headSize(), shape.activation, attend);
    }
    at::Tensor logits(const at::Tensor& hidden) const override { return head(hidden); }
};

Result<std::unique_ptr<Network>> AlbertNetwork::load(const ModelConfig& json, WeightReader& weights) {
    auto network = std::make_unique<AlbertNetwork>();
    ConfigReader config(json);
    const auto shape = BertShape::read(config, "ALBERT", 128, "gelu_new");
    const auto groups = config.sizeOr({"num_hidden_groups"}, 1, 4096);
    const auto inner = config.sizeOr({"inner_group_num"}, 1, 4096);
    if (shape.layers * inner > 4096)
        config.failAt("inner_group_num", "times 'num_hidden_layers' is over 4096");
    if (config.error()) return *config.error();
    const auto width = shape.width;

    weights.choosePrefix({"albert.", ""}, "embeddings.word_embeddings.weight");
    network->embeddings = BertEmbeddings::take(weights, shape);
    network->mapping =
        takeLinear(weights, "encoder.embedding_hidden_mapping_in", shape.embeddingWidth, width);
    for (std::int64_t group = 0; group < groups; ++group)
        for (std::int64_t layer = 0; layer < inner && !weights.error(); ++layer) {
            const auto at = "encoder.albert_layer_groups." + std::to_string(group) + ".albert_layers." +
                            std::to_string(layer) + ".";
            network->blocks.push_back(
                {takeLinear(weights, at + "attention.query", width, width),
                 takeLinear(weights, at + "attention.key", width, width),
                 takeLinear(weights, at + "attention.value", width, width),
                 takeLinear(weights, at + "attention.dense", width, width),
                 takeLinear(weights, at + "ffn", width, shape.inner),
                 takeLinear(weights, at + "ffn_output", shape.inner, width),
                 takeNorm(weights, at + "attention.LayerNorm", width, shape.epsilon),
                 takeNorm(weights, at + "full_layer_layer_norm", width, shape.epsilon)});
        }
    if (weights.has("predictions.dense.weight")) {
        MaskedLanguageHead& head = network->head;
        head.transform = takeLinear(weights, "predictions.dense", width, shape.embeddingWidth);
        head.norm = takeNorm(weights, "predictions.LayerNorm", shape.embeddingWidth, shape.epsilon);
        head.bias = weights.take({"predictions.decoder.bias", "predictions.bias"}, {shape.vocabulary});
        head.takeDecoder(weights, {"predictions.decoder.weight"}, {shape.vocabulary, shape.embeddingWidth},
                         shape.tied, network->embeddings.words);
        head.activation = shape.activation;
    }
    if (weights.error()) return *weights.error();

    network->shape = shape;
    network->groups = groups;
    network->inner = inner;
    network->m_headSize = shape.headSize();
    ModelInfo& info = network->m_info;
    shape.describe(info);
    info.layers = static_cast<int>(shape.layers * inner);
    info.causal = false;
    info.hasHead = network->head.defined();
    return std::unique_ptr<Network>(std::move(network));
}

}  // namespace

extern const FamilyDescriptor kAlbertFamily{
    .info = {.modelType = "albert",
             .title = "ALBERT",
             .checkpoints = "albert-base-v2, albert-large-v2, albert-xlarge-v2, albert-xxlarge-v2",
             .kinds = "encoder"},
    .load = &AlbertNetwork::load};

}  // namespace attnviz
