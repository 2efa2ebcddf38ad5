// Token labels as foreign files write them, in the document or in a file beside it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/session/foreign_run.h"
#include "core/session/json_scanner.h"

namespace attnviz {

// A list of strings, of ids, or of objects with "text" or "token" (and "id"); in a batch of one, too. False
// on an error.
bool readForeignTokens(JsonScanner& scanner, ForeignTokens& tokens);

// STEM.tokens.txt (one label a line) or STEM.tokens.json beside STEM.json, STEM.npy and so on; empty if
// neither is there.
Result<ForeignTokens> tokensBeside(const std::filesystem::path& path);

}  // namespace attnviz
