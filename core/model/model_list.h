// The models of the Hugging Face cache, and which of them can be run: what `attention-viz models` and the
// dialog that opens models list.
//
// Looks at every snapshot's files, which takes a moment where there are many; the network is not used.
#pragma once

#include <filesystem>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/model/hub/hub_cache.h"

namespace attnviz {

// What stands for a model type where the model is a TorchScript module.
inline constexpr const char* kCustomFamily = "custom";

struct ListedModel {
    CachedModel cached;
    std::string family;  // config.json's model_type, or "custom"; empty where there is none
    std::string fault;   // why its files make no model: not all there, or damaged; empty: they do
};

Result<std::vector<ListedModel>> listModels(const std::filesystem::path& cache, std::stop_token stop);

// The model types that an engine runs, or why there is no engine.
using RunnableFamilies = Result<std::set<std::string>>;

// Why a model cannot be run, in the words that follow "no: "; empty: it can.
std::string hurdleOf(const std::string& fault, const std::string& family, const RunnableFamilies& families);

}  // namespace attnviz
