// What the reference implementation computed from a tiny checkpoint, read from its expected.safetensors, and
// the comparison that names the first tensor that differs.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/model/checkpoint.h"
#include "core/model/engine.h"

namespace attnviz::test {

inline constexpr double kAttentionTolerance = 1e-5;
inline constexpr double kValueTolerance = 1e-4;  // logits and hidden states

struct ExpectedRun {
    ModelInput input;
    std::string prefix;  // "0."
};

// The runs of one expected.safetensors, in order.
std::vector<ExpectedRun> expectedRuns(const Checkpoint& expected);

// The first tensor that differs from what is expected, and by how much; empty if all agree.
std::string firstDifference(const Checkpoint& expected, const ExpectedRun& run, const ModelOutput& output);

std::vector<float> floatsOf(const TensorView& tensor);

}  // namespace attnviz::test
