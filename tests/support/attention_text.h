// Attention written as text, so that tests read like drawings.
//
//   attentionFromText("1 . .\n .5 .5 .\n .1 .1 .8")      one layer, one head, causal because of the dots
//   above the diagonal
//
// Rows are lines, keys are numbers; "." is 0. Heads are separated by a line "-", layers by a line "=". A map
// is causal if it is square and every cell above the diagonal is "." in every head.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/attention/attention_run.h"

namespace attnviz::test {

std::shared_ptr<const AttentionSource> attentionFromText(std::string_view text);
// The same as a run, with the given tokens (default: t0, t1, …).
std::shared_ptr<const AttentionRun> runFromText(std::string_view text, std::vector<std::string> tokens = {});

// A run of the given shape with seeded random rows that sum to one. `maskedKeys` are padding.
std::shared_ptr<const AttentionRun> randomRun(int layers, int heads, int tokens, bool causal = true,
                                              unsigned seed = 1, std::vector<int> maskedKeys = {});

// A matrix back to text: up to two significant decimals, ".25", "." for zero, "1".
std::string toText(const std::vector<float>& matrix, int columns);

}  // namespace attnviz::test
