// What a head does, judged by where its weight goes: eight scores in [0, 1] and the role of the best.
//
// A score is the mean over the rows that can earn it (a row that cannot see its target is not counted against
// the head); no such row gives NaN. Scores that need one text (previous, next, self, duplicate, induction)
// are NaN for cross attention, and those that need tokens (special, duplicate, induction) are NaN where a
// filter made words of them.
#pragma once

#include <array>
#include <stop_token>
#include <string_view>
#include <vector>

#include "core/attention/attention_run.h"
#include "core/base/progress.h"
#include "core/base/result.h"

namespace attnviz {

enum class HeadScore {
    previousToken,   // A[i][i-1], rows i >= 1
    nextToken,       // A[i][i+1]
    self,            // A[i][i], rows i >= 1
    firstToken,      // A[i][0], rows i >= 1: a sink
    specialToken,    // sum over special tokens, rows that are not special
    duplicateToken,  // sum over earlier occurrences of the same token
    induction,       // sum over the tokens after an earlier occurrence of the current one
    uniform          // max(0, (h - .8) / .2), h = normalized row entropy, rows that see two keys
};
inline constexpr std::size_t kHeadScores = 8;
std::string_view headScoreName(HeadScore score);  // the keys of documents: "previous_token"

struct HeadRole {
    int layer = 0, head = 0;
    std::array<double, kHeadScores> scores{};
    std::string_view role;  // the name of the best score if it is above the threshold, else "mixed"

    double score(HeadScore which) const { return scores[static_cast<std::size_t>(which)]; }
};

// The name of the best score if it is above `above`, else "mixed".
std::string_view headRole(const std::array<double, kHeadScores>& scores, double above);

struct HeadRoleOptions {
    std::vector<int> layers = {}, heads = {};  // empty: all
    double above = 0.5;
};

// In the order layer, head. Reads every row of the chosen heads once.
Result<std::vector<HeadRole>> headRoles(const AttentionRun& run, const AttentionSource& source,
                                        const HeadRoleOptions& options = {},
                                        const ProgressSink& progress = {}, std::stop_token stop = {});

}  // namespace attnviz
