// Which tokens matter: a score for every key, and the ranking.
//
// Incoming share: what a key receives of the queries that can see it, mean over the chosen heads and layers
// (a plain sum would favour early tokens by the mask alone). Rollout: where a token of the top layer draws
// from, through all layers (rollout.h). Both can be asked of one query; without one, the share is over all
// queries, and the rollout is of the last token where attention is causal (it alone sees all), else the mean
// over all tokens.
#pragma once

#include <optional>
#include <stop_token>
#include <string_view>
#include <vector>

#include "core/attention/attention_source.h"
#include "core/base/progress.h"
#include "core/base/result.h"

namespace attnviz {

enum class ImportanceMethod { incoming, rollout };
std::string_view importanceMethodName(ImportanceMethod method);  // "incoming", "rollout"

struct ImportanceOptions {
    std::vector<int> layers = {}, heads = {};  // empty: all; a rollout goes from layer 0 to the last of them
    ImportanceMethod method = ImportanceMethod::incoming;
    std::optional<int> query = {};
};

struct TokenImportance {
    ImportanceMethod method = ImportanceMethod::incoming;
    std::optional<int> query;    // whose it is; absent: of all
    std::vector<double> scores;  // by key; NaN where no query (or not the asked one) sees it
    std::vector<int> ranking;    // keys that have a score, the largest first, of equal ones the first
};

// Of all queries, the incoming share needs no row; of one query, a row of every head. A rollout reads each
// row of the layers once, and is an Error for cross attention.
Result<TokenImportance> tokenImportance(const AttentionSource& source, const ImportanceOptions& options = {},
                                        const ProgressSink& progress = {}, std::stop_token stop = {});

}  // namespace attnviz
