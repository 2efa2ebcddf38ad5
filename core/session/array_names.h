// Names under which NumPy and safetensors files keep attention, ids and tokens, and how they make up a run.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/session/foreign_run.h"

namespace attnviz {

// A file with named arrays. Each function is asked only for names that `names` holds.
struct NamedArrays {
    std::vector<std::string> names;
    std::function<Result<WeightBlock>(const std::string& name)> weights;
    std::function<std::vector<std::int64_t>(const std::string& name)> ids;   // empty if it holds none
    std::function<std::vector<std::string>(const std::string& name)> texts;  // empty if it holds none
    std::function<bool(const std::string& name)> looksLikeWeights;           // numbers with at least two axes
};

// Finds attention_weights, attention, attentions or attn; or encoder_, decoder_ and cross_attention_weights;
// or else the only array that looks like weights. Takes tokens, input_ids, target_tokens and target_ids where
// they are.
Result<ForeignRun> foreignRunFrom(const NamedArrays& arrays, const std::filesystem::path& path);

}  // namespace attnviz
