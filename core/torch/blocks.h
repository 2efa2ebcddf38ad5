// The parts that transformers are made of, on (tokens, width) tensors without a batch axis.
#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/model/engine.h"
#include "core/model/model_config.h"
#include "core/torch/weights.h"

namespace attnviz {

// y = x W + b. Checkpoints keep W as (in, out) (GPT-2's Conv1D) or as (out, in) (everybody else).
struct Linear {
    Weight weight, bias;  // bias may be undefined
    bool inputFirst = false;

    at::Tensor operator()(const at::Tensor& x) const;  // (n, in) -> (n, out)
};

// x (n, in) by `matrix` (in, out), and the bias where it is defined. One row on the CPU is a matrix by a
// vector, which takes a third of the time: what writing text is made of.
at::Tensor multiplied(const at::Tensor& x, const at::Tensor& matrix, const at::Tensor& bias = {});

struct LayerNorm {
    Weight weight, bias;  // either may be undefined
    double epsilon = 1e-5;

    at::Tensor operator()(const at::Tensor& x) const;
};

// x / rms(x) * gain over the last axis (Zhang and Sennrich 2019), in float32 whatever x is. The gain is the
// weight, or 1 + weight.
struct RmsNorm {
    Weight weight;
    double epsilon = 1e-6;
    bool onePlus = false;

    at::Tensor operator()(const at::Tensor& x) const;
};

enum class Activation {
    gelu,
    geluTanh,
    geluQuick,
    geluClipped,
    relu,
    reluSquared,
    relu6,
    reluLeaky,
    silu,
    hardswish,
    mish,
    sigmoid,
    tanh,
    laplace,
    rootSoftplus,
    linear
};

// The names that config.json uses ("gelu_new", "gelu", "relu", "silu", …).
Result<Activation> activationNamed(const std::string& name, const ModelConfig& config);
at::Tensor activate(Activation activation, at::Tensor x);  // may write to x

// The keys that the attention mask hides.
std::vector<int> maskedKeys(const ModelInput& input);

// Rows of an embedding table, widened; indices are in range.
at::Tensor embedRows(const Weight& table, const std::vector<std::int64_t>& indices);

}  // namespace attnviz
