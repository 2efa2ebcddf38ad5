// Where a command's document goes: a file that appears whole or not at all, or standard output.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/base/byte_sink.h"
#include "core/base/result.h"

namespace attnviz {

// `path` empty or "-": standard output.
Result<void> writeOutput(const std::string& path, const std::function<Result<void>(ByteSink&)>& write);
Result<void> writeOutput(const std::string& path, std::string_view document);

}  // namespace attnviz
