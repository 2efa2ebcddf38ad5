// Older sessions are brought up to date one step at a time: step n makes version n + 1 out of version n.
//
// Version 0 is what the Python library `attention_viz` wrote: the same top-level keys, without a format, a
// version, sequences and kinds of attention.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/session/session.h"
#include "core/session/session_members.h"
#include "core/session/weight_block.h"

namespace attnviz {

// A session as the file has it, before its parts are put together.
struct SessionDocument {
    std::int64_t version = 0;
    std::string where;
    std::string text, modelName;
    std::vector<std::string> labels;  // "tokens"
    std::optional<std::int64_t> layers, heads, length;
    std::optional<WeightBlock> weights;
    std::map<std::string, SequenceEntry, std::less<>> sequences;
    std::vector<AttentionEntry> attentions;
    RunModel model;
    std::vector<Prediction> predictions;
    std::vector<std::string> notices;
    Session session;  // view, notes, created, generator, unknown keys
};

// Brings `document` to kSessionVersion.
Result<void> upgradeSession(SessionDocument& document);

}  // namespace attnviz
