// A JSON document's top level, read in one pass: each key with its raw text, and the weights among them
// already read.
//
// All of the text is checked on the way (json_scanner.h), so what the raw texts hold can be read again
// without surprise.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/progress.h"
#include "core/base/result.h"
#include "core/session/weight_block.h"

namespace attnviz {

struct JsonMember {
    std::string key;
    std::string_view raw;                // the value's text; of weights that were read, too
    std::optional<WeightBlock> weights;  // numbers in nested lists under one of the known names
};

struct JsonOutline {
    std::string_view text;
    std::string where;
    bool isObject = false;
    std::vector<JsonMember> members;  // of an object
    std::optional<WeightBlock> list;  // of a bare nested list

    JsonMember* find(std::string_view key);
    const JsonMember* find(std::string_view key) const;
    // A scanner at a member's value: errors then tell the place in the whole document.
    JsonScanner scannerAt(std::string_view raw) const;
};

// Names under which other programs keep attention, in the order in which they are looked for.
inline constexpr std::string_view kWeightKeys[] = {"attention_weights", "attention", "attentions", "attn"};

Result<JsonOutline> outlineJson(std::string_view text, std::string where, const ProgressSink& progress,
                                std::stop_token stop);

}  // namespace attnviz
