// What decoder-only families share beside blocks: what a query sees, how weights are asked for, the head.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "core/attention/visibility.h"
#include "core/torch/blocks.h"
#include "core/torch/config_reader.h"

namespace attnviz {

struct DecoderSizes {
    std::int64_t layers = 0, heads = 0, keyValueHeads = 0, headSize = 0;
    std::int64_t width = 0, inner = 0, vocabulary = 0, length = 0;

    void describe(ModelInfo& info) const;  // all but the head and what the length means
};

// Causal, with padding; `windows` say by layer how many keys a query sees, itself included, 0 all. Empty: no
// window on any layer.
Visibility causalVisibility(const ModelInput& input, const std::vector<std::int64_t>& windows = {});

// `name`.weight (out, in), and `name`.bias where there is to be one.
Linear takeLinear(WeightReader& weights, const std::string& name, std::int64_t in, std::int64_t out,
                  bool biased);
// `name`.weight and `name`.bias.
LayerNorm takeLayerNorm(WeightReader& weights, const std::string& name, std::int64_t width, double epsilon);

// The output layer: a stored one counts even where config.json ties it. Undefined where the checkpoint is a
// model without one; an error where its class has one and it is neither stored nor tied.
Weight takeHead(WeightReader& weights, const ModelConfig& config, std::initializer_list<std::string> names,
                std::vector<std::int64_t> shape, bool tied, const Weight& tokens);

// lm_head.weight as above, with lm_head.bias.
Linear takeBiasedHead(WeightReader& weights, const ModelConfig& config, std::vector<std::int64_t> shape,
                      bool tied, const Weight& tokens);

// Slopes of ALiBi (Press et al. 2022): powers of 2^(-8 / heads); where the heads are no power of two, those
// of the next lower one, then every second of the next finer row.
std::vector<float> alibiSlopes(std::int64_t heads);

// Families here are causal: config.json may ask for something else.
void refuseOtherDirections(ConfigReader& config);

}  // namespace attnviz
