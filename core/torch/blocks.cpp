#include "core/torch/blocks.h"

#include <array>
#include <cmath>
#include <string_view>
#include <utility>

namespace attnviz {

at::Tensor Linear::operator()(const at::Tensor& x) const {
    const at::Tensor matrix = inputFirst ? weight.get() : weight.get().t();
    return multiplied(x, matrix, bias.defined() ? bias.get() : at::Tensor());
}

at::Tensor multiplied(const at::Tensor& x, const at::Tensor& matrix, const at::Tensor& bias) {
    if (x.size(0) == 1 && x.device().is_cpu()) {
        const at::Tensor columns = matrix.t(), row = x.select(0, 0);
        return (bias.defined() ? at::addmv(bias, columns, row) : at::mv(columns, row)).unsqueeze(0);
    }
    return bias.defined() ? at::addmm(bias, x, matrix) : at::mm(x, matrix);
}

at::Tensor LayerNorm::operator()(const at::Tensor& x) const {
    const auto ready = [](const Weight& part) { return part.defined() ? part.get() : at::Tensor(); };
    return at::layer_norm(x, {x.size(-1)}, ready(weight), ready(bias), epsilon);
}

at::Tensor RmsNorm::operator()(const at::Tensor& x) const {
    const at::Tensor wide = x.to(at::kFloat);
    const at::Tensor scaled = wide * at::rsqrt(wide.square().mean(-1, true) + epsilon);
    const at::Tensor gain = weight.get().to(at::kFloat);
    return (onePlus ? at::addcmul(scaled, scaled, gain) : scaled * gain).to(x.scalar_type());
}

namespace {

// The names that config.json uses; those of one function stand together.
constexpr std::array<std::pair<std::string_view, Activation>, 22> kActivations{{
    {"gelu", Activation::gelu},
    {"gelu_python", Activation::gelu},
    {"gelu_new", Activation::geluTanh},
    {"gelu_fast", Activation::geluTanh},
    {"gelu_pytorch_tanh", Activation::geluTanh},
    {"gelu_python_tanh", Activation::geluTanh},
    {"gelu_accurate", Activation::geluTanh},
    {"gelu_10", Activation::geluClipped},
    {"quick_gelu", Activation::geluQuick},
    {"relu", Activation::relu},
    {"relu2", Activation::reluSquared},
    {"relu6", Activation::relu6},
    {"leaky_relu", Activation::reluLeaky},
    {"silu", Activation::silu},
    {"swish", Activation::silu},
    {"hardswish", Activation::hardswish},
    {"mish", Activation::mish},
    {"sigmoid", Activation::sigmoid},
    {"tanh", Activation::tanh},
    {"laplace", Activation::laplace},
    {"sqrtsoftplus", Activation::rootSoftplus},
    {"linear", Activation::linear},
}};

}  // namespace

Result<Activation> activationNamed(const std::string& name, const ModelConfig& config) {
    std::string known;
    for (const auto& [candidate, activation] : kActivations) {
        if (candidate == name) return activation;
        known.append(known.empty() ? "" : ", ").append(candidate);
    }
    return unsupported("the activation '" + name + "' is not known", config.path().string(),
                       "Known are " + known + ".");
}

at::Tensor activate(Activation activation, at::Tensor x) {
    switch (activation) {
        case Activation::gelu:
            return at::gelu(x);
        case Activation::geluTanh:
            return at::gelu(x, "tanh");
        case Activation::geluQuick:
            return x * at::sigmoid(x * 1.702);
        case Activation::geluClipped:
            return at::gelu(x).clamp_(-10, 10);
        case Activation::relu:
            return x.relu_();
        case Activation::reluSquared:
            return x.relu_().square_();
        case Activation::relu6:
            return x.clamp_(0, 6);
        case Activation::reluLeaky:
            return at::leaky_relu_(x, 0.01);
        case Activation::silu:
            return at::silu(x);
        case Activation::hardswish:
            return at::hardswish(x);
        case Activation::mish:
            return at::mish(x);
        case Activation::sigmoid:
            return x.sigmoid_();
        case Activation::tanh:
            return x.tanh_();
        case Activation::laplace:
            return (at::erf((x - 0.707107) / (0.282095 * std::sqrt(2.0))) + 1) * 0.5;
        case Activation::rootSoftplus:
            return at::sqrt(at::softplus(x));
        case Activation::linear:
            break;
    }
    return x;
}

std::vector<int> maskedKeys(const ModelInput& input) {
    std::vector<int> keys;
    for (std::size_t key = 0; key < input.attentionMask.size(); ++key)
        if (input.attentionMask[key] == 0) keys.push_back(static_cast<int>(key));
    return keys;
}

at::Tensor embedRows(const Weight& table, const std::vector<std::int64_t>& indices) {
    const at::Tensor rows = table.get();
    const at::Tensor index = at::tensor(indices, at::kLong).to(rows.device());
    return rows.index_select(0, index);
}

}  // namespace attnviz
