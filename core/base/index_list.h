// Lists of layers and heads as people type them, and back.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace attnviz {

// "0,3,6-8" (also with an en dash), spaces or commas; negative counts from the end. In the order given, each
// once. An empty list is an Error, and so is an index out of range, named with the range allowed. `what` is
// "layer" or "head"; `given` is the option that an Error names, "--layers" or "--heads" unless it is said.
Result<std::vector<int>> parseIndices(std::string_view list, int count, std::string_view what,
                                      const std::string& given = {});
// The shortest such list: "0–2,5". Of ascending indices.
std::string indicesText(std::span<const int> indices);

}  // namespace attnviz
