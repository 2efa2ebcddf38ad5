#include "core/torch/blocks.h"

namespace attnviz {

at::Tensor Linear::operator()(const at::Tensor& x) const {
    const at::Tensor matrix = inputFirst ? weight.get() : weight.get().t();
    return bias.defined() ? at::addmm(bias.get(), x, matrix) : at::mm(x, matrix);
}

at::Tensor LayerNorm::operator()(const at::Tensor& x) const {
    return at::layer_norm(x, {x.size(-1)}, weight.get(), bias.defined() ? bias.get() : at::Tensor(), epsilon);
}

at::Tensor RmsNorm::operator()(const at::Tensor& x) const {
    const at::Tensor wide = x.to(at::kFloat);
    const at::Tensor scaled = wide * at::rsqrt(wide.square().mean(-1, true) + epsilon);
    const at::Tensor gain = weight.get().to(at::kFloat);
    return (onePlus ? at::addcmul(scaled, scaled, gain) : scaled * gain).to(x.scalar_type());
}

Result<Activation> activationNamed(const std::string& name, const ModelConfig& config) {
    if (name == "gelu" || name == "gelu_python") return Activation::gelu;
    if (name == "gelu_new" || name == "gelu_fast" || name == "gelu_pytorch_tanh" || name == "gelu_accurate")
        return Activation::geluTanh;
    if (name == "quick_gelu") return Activation::geluQuick;
    if (name == "relu") return Activation::relu;
    if (name == "silu" || name == "swish") return Activation::silu;
    if (name == "tanh") return Activation::tanh;
    return unsupported(
        "the activation '" + name + "' is not known", config.path().string(),
        "Known are gelu, gelu_new, gelu_fast, gelu_pytorch_tanh, quick_gelu, relu, silu, swish and tanh.");
}

at::Tensor activate(Activation activation, at::Tensor x) {
    switch (activation) {
        case Activation::gelu:
            return at::gelu(x);
        case Activation::geluTanh:
            return at::gelu(x, "tanh");
        case Activation::geluQuick:
            return x * at::sigmoid(x * 1.702);
        case Activation::relu:
            return x.relu_();
        case Activation::silu:
            return at::silu(x);
        case Activation::tanh:
            break;
    }
    return x.tanh_();
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
