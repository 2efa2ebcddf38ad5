// The top-level keys of a session, in the order in which they are written. Whatever else stands in a file is
// kept as it is, after these.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace attnviz {

inline constexpr std::string_view kSessionFormat = "attention-viz session";
inline constexpr int kSessionVersion = 1;

inline constexpr std::array<std::string_view, 18> kSessionKeys{
    "format",     "version",           "text",      "tokens",
    "model_name", "num_layers",        "num_heads", "sequence_length",
    "statistics", "attention_weights", "sequences", "attentions",
    "model",      "predictions",       "view",      "notes",
    "created",    "generator"};

inline bool isSessionKey(std::string_view key) {
    return std::find(kSessionKeys.begin(), kSessionKeys.end(), key) != kSessionKeys.end();
}

// The keys that the Python library wrote, too.
inline bool isCompatibleKey(std::string_view key) {
    return std::find(kSessionKeys.begin() + 2, kSessionKeys.begin() + 10, key) != kSessionKeys.begin() + 10;
}

}  // namespace attnviz
