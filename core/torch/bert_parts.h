// What BERT and its kin share: the keys of config.json, the embeddings of words, positions and token types,
// the post-norm layer, the masked-language head. A family adds its names and what sets it apart.
#pragma once

#include <string>
#include <vector>

#include "core/torch/blocks.h"
#include "core/torch/config_reader.h"
#include "core/torch/network.h"

namespace attnviz {

// Weight and bias under `name`; norms may be called gamma and beta, as TensorFlow had them.
Linear takeLinear(WeightReader& weights, const std::string& name, std::int64_t in, std::int64_t out);
LayerNorm takeNorm(WeightReader& weights, const std::string& name, std::int64_t width, double epsilon);

// Attention, added and normed; two projections, added and normed.
struct PostNormBlock {
    Linear query, key, value, output, up, down;
    LayerNorm attentionNorm, outputNorm;

    at::Tensor operator()(const at::Tensor& hidden, int headSize, Activation activation,
                          const Attend& attend) const;  // (n, width) -> (n, width)
};

// The numbers that BERT, RoBERTa, ALBERT and ELECTRA call by the same names.
struct BertShape {
    std::int64_t layers = 0, heads = 0, width = 0, embeddingWidth = 0, inner = 0, length = 0, vocabulary = 0,
                 types = 0;
    double epsilon = 0;
    Activation activation = Activation::gelu;
    bool tied = true, causal = false;

    int headSize() const { return static_cast<int>(width / heads); }
    // ALBERT and ELECTRA embed tokens in a size of their own: `embedding_size`, else `embeddingFallback`; 0
    // for families whose embeddings are as wide as their layers. Refuses relative positions and cross
    // attention.
    static BertShape read(ConfigReader& config, const std::string& title, std::int64_t embeddingFallback = 0,
                          std::string activation = "gelu");
    // What the shape says of the model; the head and a shorter table are the family's to add.
    void describe(ModelInfo& info) const;
};

struct BertEmbeddings {
    Weight words, positions, types;
    LayerNorm norm;

    static BertEmbeddings take(WeightReader& weights, const BertShape& shape);
    // Positions 0, 1, …, or the rows of the table that `at` names. Without segments type 0 is added all the
    // same.
    at::Tensor operator()(const ModelInput& input, const std::vector<std::int64_t>& at = {}) const;
};

// Layer `at` ("encoder.layer.0.") under BERT's names, which RoBERTa and ELECTRA kept.
PostNormBlock takeBertBlock(WeightReader& weights, const std::string& at, const BertShape& shape);

// A transformation, and the words themselves as output layer where it is tied. A stored one counts all the
// same. Undefined where the checkpoint has none.
struct MaskedLanguageHead {
    Linear transform;
    LayerNorm norm;
    Weight decoder, bias;
    Activation activation = Activation::gelu;

    bool defined() const { return decoder.defined(); }
    // The output layer under one of `names`, or `words` if it is tied; else an Error.
    void takeDecoder(WeightReader& weights, std::initializer_list<std::string> names,
                     std::vector<std::int64_t> shape, bool tied, const Weight& words);
    at::Tensor operator()(const at::Tensor& hidden) const;  // (n, width) -> (n, vocabulary)
};

// All tokens see each other, or those before them; padding is seen by none.
Visibility bertVisibility(const ModelInput& input, bool causal);

}  // namespace attnviz
