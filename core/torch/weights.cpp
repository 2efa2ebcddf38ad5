#include "core/torch/weights.h"

namespace attnviz {
namespace {

std::optional<at::ScalarType> scalarType(TensorType type) {
    switch (type) {
        case TensorType::f32:
            return at::kFloat;
        case TensorType::f16:
            return at::kHalf;
        case TensorType::bf16:
            return at::kBFloat16;
        case TensorType::f64:
            return at::kDouble;
        default:
            return std::nullopt;
    }
}

}  // namespace

Weight::Weight(at::Tensor stored, const WeightPolicy& policy)
    : m_stored(std::move(stored)), m_policy(policy) {}

at::Tensor Weight::get() const {
    if (m_ready.defined()) return m_ready;
    at::Tensor ready = m_stored.to(m_policy.device, m_policy.type);
    if ((m_policy.keepWidened && m_used) || m_policy.device != at::kCPU) m_ready = ready;
    m_used = true;
    return ready;
}

WeightReader::WeightReader(std::shared_ptr<const Checkpoint> checkpoint, std::string where,
                           WeightPolicy policy)
    : m_checkpoint(std::move(checkpoint)), m_where(std::move(where)), m_policy(policy) {}

void WeightReader::choosePrefix(std::initializer_list<std::string_view> prefixes, std::string_view probe) {
    for (const auto prefix : prefixes) {
        if (!m_checkpoint->find(std::string(prefix) + std::string(probe))) continue;
        m_prefix = prefix;
        return;
    }
}

const TensorView* WeightReader::find(const std::string& name, std::string* fullName) const {
    for (const auto& full : {m_prefix + name, name}) {
        if (const auto* view = m_checkpoint->find(full)) {
            if (fullName) *fullName = full;
            return view;
        }
    }
    return nullptr;
}

Weight WeightReader::make(const TensorView& view, const std::string& fullName,
                          const std::vector<std::int64_t>& shape) {
    m_taken.insert(fullName);
    if (view.shape != shape) {
        if (!m_error)
            m_error =
                badInput("tensor '" + fullName + "' has shape " + shapeText(view.shape) + ", expected " +
                             shapeText(shape),
                         m_where + "/" + view.file, "Are config.json and the weights from the same model?");
        return {};
    }
    const auto type = scalarType(view.type);
    if (!type) {
        if (!m_error)
            m_error = unsupported(
                "tensor '" + fullName + "' is stored as " + std::string(tensorTypeName(view.type)),
                m_where + "/" + view.file,
                "Weights may be float32, float16, bfloat16 or float64; quantized ones cannot be run.");
        return {};
    }
    // The tensor keeps the checkpoint alive: its bytes are the mapped file.
    auto owner = m_checkpoint;
    const auto options = at::TensorOptions().dtype(*type);
    auto* data = const_cast<std::byte*>(view.bytes.data());
    const bool aligned =
        reinterpret_cast<std::uintptr_t>(data) % static_cast<std::uintptr_t>(tensorTypeBytes(view.type)) == 0;
    if (view.bytes.empty()) return Weight(at::empty(shape, options), m_policy);
    if (!aligned) {
        at::Tensor copy = at::empty(shape, options);
        std::copy(view.bytes.begin(), view.bytes.end(), static_cast<std::byte*>(copy.data_ptr()));
        return Weight(copy, m_policy);
    }
    return Weight(at::from_blob(
                      data, shape, [owner](void*) {}, options),
                  m_policy);
}

Weight WeightReader::take(std::initializer_list<std::string> names, std::vector<std::int64_t> shape) {
    Weight weight = takeIfThere(names, shape);
    if (!weight.defined() && !m_error)
        m_error = badInput(
            "tensor '" + m_prefix + *names.begin() + "' is missing, expected with shape " + shapeText(shape),
            m_where, "Are config.json and the weights from the same model?");
    return weight;
}

Weight WeightReader::takeIfThere(std::initializer_list<std::string> names, std::vector<std::int64_t> shape) {
    for (const auto& name : names) {
        std::string fullName;
        if (const auto* view = find(name, &fullName)) return make(*view, fullName, shape);
    }
    return {};
}

int WeightReader::ignored() const {
    return static_cast<int>(m_checkpoint->tensors().size() - m_taken.size());
}

}  // namespace attnviz
