// Which tokens of two texts belong together: the longest common subsequence of their texts.
//
// Of several longest ones the earliest: the left text's tokens as early as can be, then the right's.
#pragma once

#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace attnviz {

// Indices into the two texts; -1 where one has no partner (in a joint axis only).
struct TokenPair {
    int left = 0, right = 0;
    bool operator==(const TokenPair&) const = default;
};

// Pairs of equal texts, ascending on both sides. Time and bits of memory grow with the product of the lengths
// behind a common beginning; refused where memory does not hold them.
Result<std::vector<TokenPair>> alignTokens(std::span<const std::string> left,
                                           std::span<const std::string> right, std::stop_token stop = {});

// All tokens of both in one order: between two pairs first what only the left has, then what only the right
// has.
std::vector<TokenPair> jointAxis(const std::vector<TokenPair>& pairs, int leftCount, int rightCount);

}  // namespace attnviz
