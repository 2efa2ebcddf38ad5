// A TorchScript module in a file: a model of any kind, whose forward pass is code that came with it.
//
// Told from a checkpoint by what the archive holds (code/ and constants.pkl), not by its name; nothing of it
// is run or unpickled to find out. To run it is to trust it, so that has to be allowed each time.
#pragma once

#include <filesystem>
#include <vector>

#include "core/base/result.h"

namespace attnviz {

// ".pt", ".pth", ".torchscript": what such files are called; others are not looked into.
bool hasScriptSuffix(const std::filesystem::path& path);
// The archive of a TorchScript module; false for anything else, a file that cannot be read too.
bool isScriptFile(const std::filesystem::path& path);
// Those of a folder, sorted.
std::vector<std::filesystem::path> scriptFilesIn(const std::filesystem::path& folder);

// The refusal of a module that nobody has allowed.
Error codeNotAllowed(const std::filesystem::path& script);

}  // namespace attnviz
