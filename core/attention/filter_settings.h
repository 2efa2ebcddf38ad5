// What is taken out of attention, or joined, before it is looked at: a value, set in one place.
//
// Order, always: hide keys, renormalize, combine heads, words, threshold; pooling last.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/attention/attention_source.h"

namespace attnviz {

enum class HeadCombine { mean, max, min, sum };
std::string_view headCombineName(HeadCombine combine);  // "mean", "max", "min", "sum"

struct FilterSettings {
    bool hideSpecial = false, hideSinks = false;
    std::vector<int> hiddenKeys;  // chosen by hand, ascending
    bool renormalize = false;     // rows sum to one again; without hidden keys nothing changes
    std::optional<HeadCombine> combine;
    std::vector<int> heads;  // that are combined, ascending; empty: all
    bool words = false;      // units given by FilterTokens instead of tokens
    double threshold = 0;    // weights below it are dropped
    int topK = 0;            // only so many of a row, the largest; 0: all
    double mass = 0;  // only the least prefix of a row, largest first, that reaches this share of it; 0: all

    bool any() const;
    // "specials hidden, renormalized, mean of 12 heads"; empty without a filter. `sourceHeads` of the source
    // below.
    std::string describe(int sourceHeads) const;
    bool operator==(const FilterSettings&) const = default;
};

// What the settings' words mean in one run: indices of the source's keys, and units of tokens.
struct FilterTokens {
    std::vector<int> specialKeys, sinkKeys;
    std::vector<KeyRange> queryUnits,
        keyUnits;  // token ranges, ascending, not empty; read where words is set
};

// Keeps of a row only what the threshold, the largest `topK` and the mass let through; the rest becomes 0. Of
// equal weights the earlier key is kept.
void thresholdRow(const FilterSettings& settings, std::span<float> row);

}  // namespace attnviz
