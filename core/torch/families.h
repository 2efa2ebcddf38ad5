// The table of model families: model_type of config.json to the file that runs it.
#pragma once

#include <span>
#include <string_view>

#include "core/torch/network.h"

namespace attnviz {

std::span<const FamilyDescriptor* const> families();

// The family of a model_type, or an Error that lists the known ones.
Result<const FamilyDescriptor*> findFamily(const ModelConfig& config);

}  // namespace attnviz
