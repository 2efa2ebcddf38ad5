// A model that is a TorchScript module: code out of a file, run as it is, once somebody has allowed it.
//
// Its forward takes `input_ids` (1, N), and where it asks for them `attention_mask` and `token_type_ids`; it
// returns its attentions: a tuple or list of (1, heads, N, N), or a tuple, named tuple or dict that holds
// one ("attentions" by name). What it returns is a stranger's: count, shape and numbers are checked. The maps
// are kept as they are. It computes all layers in one call, which nothing can stop.
#pragma once

#include <memory>

#include "core/model/engine.h"

namespace attnviz {

Result<std::shared_ptr<Model>> loadScript(const LoadRequest& request, const std::string& device);
extern const FamilyInfo kScriptFamily;

}  // namespace attnviz
