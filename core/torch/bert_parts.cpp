#include "core/torch/bert_parts.h"

#include <cmath>

namespace attnviz {

Linear takeLinear(WeightReader& weights, const std::string& name, std::int64_t in, std::int64_t out) {
    return {weights.take(name + ".weight", {out, in}), weights.take(name + ".bias", {out}), false};
}

LayerNorm takeNorm(WeightReader& weights, const std::string& name, std::int64_t width, double epsilon) {
    return {weights.take({name + ".weight", name + ".gamma"}, {width}),
            weights.take({name + ".bias", name + ".beta"}, {width}), epsilon};
}

at::Tensor PostNormBlock::operator()(const at::Tensor& hidden, int headSize, Activation activation,
                                     const Attend& attend) const {
    const at::Tensor context = attend(query(hidden), key(hidden), value(hidden),
                                      1.0 / std::sqrt(static_cast<double>(headSize)));  // (n, width)
    const at::Tensor attended = attentionNorm(output(context) + hidden);
    return outputNorm(down(activate(activation, up(attended))) + attended);
}

BertShape BertShape::read(ConfigReader& config, const std::string& title, std::int64_t embeddingFallback,
                          std::string activation) {
    BertShape shape;
    shape.layers = config.layers({"num_hidden_layers"});
    shape.heads = config.heads({"num_attention_heads"});
    shape.width = config.size({"hidden_size"});
    config.headSize(shape.width, shape.heads);
    shape.embeddingWidth =
        embeddingFallback ? config.sizeOr({"embedding_size"}, embeddingFallback) : shape.width;
    shape.inner = config.size({"intermediate_size"});
    shape.length = config.size({"max_position_embeddings"});
    shape.vocabulary = config.size({"vocab_size"});
    shape.types = config.sizeOr({"type_vocab_size"}, 2);
    shape.epsilon = config.number("layer_norm_eps", 1e-12);
    shape.activation =
        config.take(activationNamed(config.text("hidden_act", std::move(activation)), config.config()));
    shape.tied = config.flag("tie_word_embeddings", true);
    shape.causal = config.flag("is_decoder", false);
    const auto positions = config.text("position_embedding_type", "absolute");
    config.refuse(positions != "absolute", title + " with position_embedding_type '" + positions + "'",
                  "Only absolute positions are known.");
    config.refuse(config.flag("add_cross_attention", false), title + " with cross attention");
    return shape;
}

void BertShape::describe(ModelInfo& info) const {
    info.layers = static_cast<int>(layers);
    info.heads = info.keyValueHeads = static_cast<int>(heads);
    info.width = width;
    info.vocabulary = vocabulary;
    info.segments = static_cast<int>(types);
    info.usesSegments = types > 1;
    info.causal = causal;
    info.positionLimit = static_cast<int>(length);
}

BertEmbeddings BertEmbeddings::take(WeightReader& weights, const BertShape& shape) {
    const auto width = shape.embeddingWidth;
    return {weights.take("embeddings.word_embeddings.weight", {shape.vocabulary, width}),
            weights.take("embeddings.position_embeddings.weight", {shape.length, width}),
            weights.take("embeddings.token_type_embeddings.weight", {shape.types, width}),
            takeNorm(weights, "embeddings.LayerNorm", width, shape.epsilon)};
}

at::Tensor BertEmbeddings::operator()(const ModelInput& input, const std::vector<std::int64_t>& at) const {
    at::Tensor hidden = embedRows(words, input.ids);
    hidden += input.segmentIds.empty() ? types.get()[0] : embedRows(types, input.segmentIds);
    hidden += at.empty() ? positions.get().narrow(0, 0, hidden.size(0)) : embedRows(positions, at);
    return norm(hidden);
}

PostNormBlock takeBertBlock(WeightReader& weights, const std::string& at, const BertShape& shape) {
    const auto width = shape.width, inner = shape.inner;
    return {takeLinear(weights, at + "attention.self.query", width, width),
            takeLinear(weights, at + "attention.self.key", width, width),
            takeLinear(weights, at + "attention.self.value", width, width),
            takeLinear(weights, at + "attention.output.dense", width, width),
            takeLinear(weights, at + "intermediate.dense", width, inner),
            takeLinear(weights, at + "output.dense", inner, width),
            takeNorm(weights, at + "attention.output.LayerNorm", width, shape.epsilon),
            takeNorm(weights, at + "output.LayerNorm", width, shape.epsilon)};
}

void MaskedLanguageHead::takeDecoder(WeightReader& weights, std::initializer_list<std::string> names,
                                     std::vector<std::int64_t> shape, bool tied, const Weight& words) {
    decoder = tied ? weights.takeIfThere(names, shape) : weights.take(names, shape);
    if (!decoder.defined() && tied) decoder = words;
}

at::Tensor MaskedLanguageHead::operator()(const at::Tensor& hidden) const {
    const at::Tensor transformed = norm(activate(activation, transform(hidden)));
    return at::addmm(bias.get(), transformed, decoder.get().t());
}

Visibility bertVisibility(const ModelInput& input, bool causal) {
    const int count = static_cast<int>(input.ids.size());
    Visibility visibility = causal ? Visibility::causal(count) : Visibility::full(count, count);
    return visibility.setMaskedKeys(maskedKeys(input));
}

}  // namespace attnviz
