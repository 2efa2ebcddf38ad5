// The tensors of a checkpoint as a family asks for them: by name, checked against the shape that config.json
// says.
//
// On the CPU weights stay mapped as stored; float16 and bfloat16 are widened to float32 when used, and kept
// widened from the second use on while memory allows: a single run takes neither the memory nor the time. On
// a GPU they are copied once, in the type that is computed in. A missing or mis-shaped tensor is an Error by
// name, with expected and found shape; nothing is ever initialised in its place.
#pragma once

#include <ATen/ATen.h>

#include <initializer_list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/model/checkpoint.h"

namespace attnviz {

// Where and in what type to compute, and whether widened copies may be kept.
struct WeightPolicy {
    at::Device device = at::kCPU;
    at::ScalarType type = at::kFloat;
    bool keepWidened = true;
};

// One tensor, ready to be computed with.
class Weight {
 public:
    Weight() = default;
    Weight(at::Tensor stored, const WeightPolicy& policy);
    // The tensor in the policy's type and place. Called by one thread.
    at::Tensor get() const;
    bool defined() const { return m_stored.defined(); }

 private:
    at::Tensor m_stored;
    mutable at::Tensor m_ready;
    mutable bool m_used = false;
    WeightPolicy m_policy;
};

// Hands out tensors and remembers the first thing that was wrong.
class WeightReader {
 public:
    WeightReader(std::shared_ptr<const Checkpoint> checkpoint, std::string where, WeightPolicy policy);

    // The first prefix under which `probe` exists, for layouts with and without one ("", "transformer.").
    void choosePrefix(std::initializer_list<std::string_view> prefixes, std::string_view probe);

    // Names are tried in order, with the prefix and then without it.
    Weight take(std::initializer_list<std::string> names, std::vector<std::int64_t> shape);
    Weight take(const std::string& name, std::vector<std::int64_t> shape) {
        return take({name}, std::move(shape));
    }
    // Undefined where absent; still an Error where there with another shape.
    Weight takeIfThere(std::initializer_list<std::string> names, std::vector<std::int64_t> shape);
    bool has(const std::string& name) const { return find(name) != nullptr; }

    const std::optional<Error>& error() const { return m_error; }
    void fail(Error error) {
        if (!m_error) m_error = std::move(error);
    }
    int ignored() const;  // stored tensors that nobody took
    const std::shared_ptr<const Checkpoint>& checkpoint() const { return m_checkpoint; }

 private:
    const TensorView* find(const std::string& name, std::string* fullName = nullptr) const;
    Weight make(const TensorView& view, const std::string& fullName, const std::vector<std::int64_t>& shape);

    std::shared_ptr<const Checkpoint> m_checkpoint;
    std::string m_where, m_prefix;
    WeightPolicy m_policy;
    std::set<std::string> m_taken;
    std::optional<Error> m_error;
};

}  // namespace attnviz
