// What a foreign map lets its queries see, where nobody has said: causal, and padding.
//
// A square map is causal if every cell above the diagonal is exactly 0 in every head, and there is more than
// one token. Keys that are exactly 0 in every row of every head are padding.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "core/attention/visibility.h"
#include "core/base/result.h"
#include "core/session/weight_block.h"

namespace attnviz {

struct VisibilityGuess {
    Visibility visibility;
    std::vector<std::string> notices;  // what was taken for what, and why
};

Result<VisibilityGuess> guessVisibility(const WeightBlock& block, bool mayBeCausal, std::stop_token stop);

}  // namespace attnviz
