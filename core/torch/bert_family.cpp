// BERT (Devlin et al. 2019): post-norm, learned positions, token types for sentence pairs, masked-language
// head.
//
// As published: with and without "bert.", older norms named gamma and beta, with pooler and sentence-relation
// head (ignored), with or without the masked-language head.
#include <cmath>

#include "core/torch/blocks.h"
#include "core/torch/network.h"

namespace attnviz {
namespace {

struct Block {
    Linear query, key, value, output, up, down;
    LayerNorm attentionNorm, outputNorm;
};

class BertNetwork final : public Network {
 public:
    Weight words, positions, types, decoder, decoderBias;
    LayerNorm embeddingNorm, headNorm;
    Linear headTransform;
    std::vector<Block> blocks;
    Activation activation = Activation::gelu;

    static Result<std::unique_ptr<Network>> load(const ModelConfig& config, WeightReader& weights);

    Visibility visibility(const ModelInput& input) const override {
        const int count = static_cast<int>(input.ids.size());
        return Visibility::full(count, count).setMaskedKeys(maskedKeys(input));
    }

    at::Tensor embed(const ModelInput& input) const override {
        const auto count = static_cast<std::int64_t>(input.ids.size());
        at::Tensor hidden = embedRows(words, input.ids) + positions.get().narrow(0, 0, count);
        // Without segments type 0 is added all the same.
        hidden += input.segmentIds.empty() ? types.get()[0] : embedRows(types, input.segmentIds);
        return embeddingNorm(hidden);
    }

    at::Tensor layer(int layer, const at::Tensor& hidden, const Attend& attend) const override {
        const Block& block = blocks[static_cast<std::size_t>(layer)];
        const at::Tensor context = attend(block.query(hidden), block.key(hidden), block.value(hidden),
                                          1.0 / std::sqrt(static_cast<double>(headSize())));  // (n, width)
        const at::Tensor attended = block.attentionNorm(block.output(context) + hidden);
        return block.outputNorm(block.down(activate(activation, block.up(attended))) + attended);
    }

    at::Tensor logits(const at::Tensor& hidden) const override {
        const at::Tensor transformed = headNorm(activate(activation, headTransform(hidden)));
        return at::addmm(decoderBias.get(), transformed, decoder.get().t());
    }
};

Result<std::unique_ptr<Network>> BertNetwork::load(const ModelConfig& config, WeightReader& weights) {
    auto network = std::make_unique<BertNetwork>();
    const auto layers = config.size({"num_hidden_layers"}, 4096);
    const auto heads = config.size({"num_attention_heads"}, 65536);
    const auto width = config.size({"hidden_size"});
    const auto inner = config.size({"intermediate_size"});
    const auto length = config.size({"max_position_embeddings"});
    const auto vocabulary = config.size({"vocab_size"});
    const auto typeCount = config.sizeOr({"type_vocab_size"}, 2);
    const auto epsilon = config.numberOr("layer_norm_eps", 1e-12);
    const auto name = config.textOr("hidden_act", "gelu");
    const auto positionKind = config.textOr("position_embedding_type", "absolute");
    const auto tied = config.boolOr("tie_word_embeddings", true);
    const auto isDecoder = config.boolOr("is_decoder", false);
    for (const auto* size : {&layers, &heads, &width, &inner, &length, &vocabulary, &typeCount})
        if (!size->ok()) return size->error();
    if (!epsilon) return epsilon.error();
    for (const auto* text : {&name, &positionKind})
        if (!text->ok()) return text->error();
    for (const auto* flag : {&tied, &isDecoder})
        if (!flag->ok()) return flag->error();
    if (*width % *heads != 0)
        return badInput("'hidden_size' is " + std::to_string(*width) +
                            ", which 'num_attention_heads' = " + std::to_string(*heads) + " does not divide",
                        config.path().string());
    if (*positionKind != "absolute")
        return unsupported("BERT with position_embedding_type '" + *positionKind + "' cannot be run",
                           config.path().string(), "Only absolute positions are known.");
    if (*isDecoder)
        return unsupported("BERT as a decoder (is_decoder) cannot be run", config.path().string());
    const auto activation = activationNamed(*name, config);
    if (!activation) return activation.error();

    weights.choosePrefix({"bert.", ""}, "embeddings.word_embeddings.weight");
    const auto norm = [&](const std::string& at) {
        return LayerNorm{weights.take({at + ".weight", at + ".gamma"}, {*width}),
                         weights.take({at + ".bias", at + ".beta"}, {*width}), *epsilon};
    };
    const auto linear = [&](const std::string& at, std::int64_t in, std::int64_t out) {
        return Linear{weights.take(at + ".weight", {out, in}), weights.take(at + ".bias", {out}), false};
    };
    network->words = weights.take("embeddings.word_embeddings.weight", {*vocabulary, *width});
    network->positions = weights.take("embeddings.position_embeddings.weight", {*length, *width});
    network->types = weights.take("embeddings.token_type_embeddings.weight", {*typeCount, *width});
    network->embeddingNorm = norm("embeddings.LayerNorm");
    for (std::int64_t layer = 0; layer < *layers && !weights.error(); ++layer) {
        const auto at = "encoder.layer." + std::to_string(layer) + ".";
        network->blocks.push_back({linear(at + "attention.self.query", *width, *width),
                                   linear(at + "attention.self.key", *width, *width),
                                   linear(at + "attention.self.value", *width, *width),
                                   linear(at + "attention.output.dense", *width, *width),
                                   linear(at + "intermediate.dense", *width, *inner),
                                   linear(at + "output.dense", *inner, *width),
                                   norm(at + "attention.output.LayerNorm"), norm(at + "output.LayerNorm")});
    }
    if (weights.has("cls.predictions.transform.dense.weight")) {
        network->headTransform = linear("cls.predictions.transform.dense", *width, *width);
        network->headNorm = norm("cls.predictions.transform.LayerNorm");
        // One bias under two names; where they differ (an untied head), the decoder's own is the one that
        // counts.
        network->decoderBias =
            weights.take({"cls.predictions.decoder.bias", "cls.predictions.bias"}, {*vocabulary});
        network->decoder = weights.takeIfThere({"cls.predictions.decoder.weight"}, {*vocabulary, *width});
        if (!network->decoder.defined() && *tied) network->decoder = network->words;
    }
    if (weights.error()) return *weights.error();

    network->activation = *activation;
    network->m_headSize = static_cast<int>(*width / *heads);
    ModelInfo& info = network->m_info;
    info.layers = static_cast<int>(*layers);
    info.heads = info.keyValueHeads = static_cast<int>(*heads);
    info.width = *width;
    info.vocabulary = *vocabulary;
    info.segments = static_cast<int>(*typeCount);
    info.causal = false;
    info.usesSegments = true;
    info.hasHead = network->decoder.defined();
    info.positionLimit = static_cast<int>(*length);
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
