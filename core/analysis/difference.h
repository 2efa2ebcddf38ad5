// Two runs beside one another: left (A) and right (B), their tokens aligned, how alike each layer and head
// is, and the map of B - A.
//
// Cosine and Jensen-Shannon divergence are taken over the aligned rows and keys. For the divergence rows are
// renormalized over the aligned keys; it is the mean in nats over rows of which a side sees two keys or more
// (as everywhere) and in which both give weight to aligned keys. A layer's value is the mean over its heads.
// What is undefined (the cosine of zeros, no row) is NaN. A run compared with itself gives 1 and 0 exactly.
#pragma once

#include <cstdint>
#include <stop_token>
#include <vector>

#include "core/analysis/token_alignment.h"
#include "core/attention/attention_run.h"
#include "core/base/progress.h"
#include "core/base/result.h"

namespace attnviz {

// One side: a run, and which of its sources (filtered, as a rule) is compared.
struct ComparedRun {
    const AttentionRun& run;
    const AttentionSource& source;
};

struct RunAlignment {
    std::vector<TokenPair> queries, keys;  // the same where both are of one text

    bool whole(const AttentionSource& left, const AttentionSource& right) const;  // every token has a partner
};

// By the texts of tokens, or of words where a filter has joined them. Refused where one side is cross
// attention and the other is not.
Result<RunAlignment> alignRuns(const ComparedRun& left, const ComparedRun& right, std::stop_token stop = {});

struct DifferenceOptions {
    std::vector<int> layers = {}, heads = {};  // empty: all; those that either side lacks are left out
};

struct HeadDifference {
    int layer = 0, head = 0;
    double cosine = 0, divergence = 0;
};
struct LayerDifference {
    int layer = 0;
    double cosine = 0, divergence = 0;
    double croppedCosine = 0;  // compatible: of the head means, both cut to the smaller's top left corner
};

struct Difference {
    RunAlignment alignment;
    std::vector<LayerDifference> layers;
    std::vector<HeadDifference> heads;  // in the order layer, head
};

Result<Difference> difference(const ComparedRun& left, const ComparedRun& right,
                              const DifferenceOptions& options = {}, const ProgressSink& progress = {},
                              std::stop_token stop = {});

// B - A of one head of each side over all tokens of both (jointAxis of the alignment).
enum class DifferenceCell : std::uint8_t { both, unseen, alone };  // unseen: neither side's query may see it
struct DifferenceMap {
    std::vector<TokenPair> queries, keys;  // the rows that were asked for; all columns
    std::vector<float> values;             // (queries, keys); NaN where a token has no partner
    std::vector<DifferenceCell> cells;     // (queries, keys)
};

// Rows [begin, end) of the joint axis of queries; the whole map of long texts is asked for in pieces. Heads
// may differ: two layers or heads of one run are compared by giving it on both sides.
Result<DifferenceMap> differenceMap(const AttentionSource& left, HeadId leftHead,
                                    const AttentionSource& right, HeadId rightHead,
                                    const RunAlignment& alignment, int begin, int end,
                                    std::stop_token stop = {});

}  // namespace attnviz
