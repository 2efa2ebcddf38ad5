// Puts together a run from a file that is no session of ours: maps, whatever labels came with them, and what
// has to be guessed and said.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/session/session.h"
#include "core/session/weight_block.h"

namespace attnviz {

// What stands for one side's tokens in a foreign file; all of it optional.
struct ForeignTokens {
    std::vector<std::string> labels;
    std::vector<std::int64_t> ids;
    std::optional<std::string> text;

    bool empty() const { return labels.empty() && ids.empty(); }
};

struct ForeignMap {
    std::optional<AttentionKind> kind;  // unknown: follows from the shape and the guess
    WeightBlock weights;
};

struct ForeignRun {
    std::string where;
    std::vector<ForeignMap> maps;  // one, or one a kind
    ForeignTokens keys;            // of the only map, or the encoder's
    ForeignTokens queries;         // where they differ: the decoder's
    std::string modelName;
    std::vector<Prediction> predictions;
    std::vector<std::string> notices;
    std::vector<std::pair<std::string, std::string>> unknownKeys;
};

// Refuses labels that are not as many as the tokens, with both numbers. Missing labels are numbers, and that
// is said.
Result<Session> foreignSession(ForeignRun foreign, std::stop_token stop);

}  // namespace attnviz
