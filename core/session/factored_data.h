// Queries and keys in a session: the encodings factored-float16 and factored-float32.
//
// One object a layer: base64 of `q`, `k` and `lse`, the `scale`, and `adjust` where logits are adjusted. A
// layer that does not fit into float16 stays float32 in a factored-float16 file, and says so ("precision").
#pragma once

#include <memory>
#include <stop_token>

#include "core/attention/factored_attention.h"
#include "core/base/result.h"
#include "core/session/json_scanner.h"
#include "core/session/json_writer.h"
#include "core/session/session_members.h"

namespace attnviz {

// All layers in float16, as far as they fit.
Result<std::shared_ptr<const AttentionSource>> roundedFactors(const FactoredAttention& source,
                                                              std::stop_token stop);

// Writes the list of layers. Not finite values are refused: they could not be opened again.
Result<void> writeFactors(JsonWriter& out, const FactoredAttention& source, bool half, std::stop_token stop);

// `info` is complete but for storage. Refuses what `info` disagrees with, with both numbers, and what is not
// finite.
Result<std::shared_ptr<const FactoredAttention>> readFactors(JsonScanner scanner, const AttentionEntry& entry,
                                                             AttentionInfo info, std::stop_token stop);

}  // namespace attnviz
