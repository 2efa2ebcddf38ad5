// How a session keeps weights: names, and which one a source gets.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/attention/attention_run.h"
#include "core/session/session.h"

namespace attnviz {

std::string_view sessionEncodingName(SessionEncoding encoding);  // "nested", "float16", …
std::optional<SessionEncoding> sessionEncodingFromName(std::string_view name);

std::int64_t weightCount(const AttentionRun& run);  // of all its sources

// `wish` where the source can be kept so, else the nearest form. Automatic: nested up to 4 million weights in
// the run, above that as the source is kept in memory.
SessionEncoding chooseEncoding(const AttentionSource& source, SessionEncoding wish,
                               std::int64_t weightsOfRun);

}  // namespace attnviz
