// Weights between one token and all others, and their means over a range of tokens; NaN where nothing is
// seen.
#pragma once

#include <stop_token>
#include <vector>

#include "core/attention/attention_source.h"
#include "core/base/result.h"

namespace attnviz::ui {

// By key: the mean of the queries' rows. What one of them cannot see counts as 0, so that a mean of rows that
// sum to 1 does too.
Result<std::vector<float>> meanRow(const AttentionSource& source, HeadId head, KeyRange queries,
                                   std::stop_token stop);
// By query: the mean of its weights on the keys, likewise.
Result<std::vector<float>> meanColumn(const AttentionSource& source, HeadId head, KeyRange keys,
                                      std::stop_token stop);

}  // namespace attnviz::ui
