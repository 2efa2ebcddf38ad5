// Weights in base64, one string a layer: the encodings float16 and float32.
#pragma once

#include <cstddef>
#include <span>
#include <stop_token>
#include <string>

#include "core/base/result.h"
#include "core/session/json_scanner.h"
#include "core/session/session_members.h"
#include "core/session/weight_block.h"

namespace attnviz {

// Reads one base64 string of exactly out.size() bytes; `what` names it in errors. False on an error.
bool readPacked(JsonScanner& scanner, std::span<std::byte> out, const std::string& what);

// The layers of an entry's `data`. Refuses a shape that the strings disagree with, with both numbers, before
// memory is taken for it.
Result<WeightBlock> readPackedWeights(JsonScanner scanner, const AttentionEntry& entry, int queries, int keys,
                                      std::stop_token stop);

}  // namespace attnviz
