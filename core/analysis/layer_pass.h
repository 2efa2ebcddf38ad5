// Reading every row of a source once: heads of a layer in order, layers in parallel threads.
//
// Rows come in blocks of about a quarter of a megabyte, so that recomputed attention is asked for in pieces
// worth its while and nothing of a whole map is held.
#pragma once

#include <functional>
#include <span>
#include <stop_token>
#include <vector>

#include "core/attention/attention_source.h"
#include "core/base/progress.h"

namespace attnviz {

// Calls `visit(query, row)` for every query of a head, in order; `row` has info().keys weights.
Result<void> eachRow(const AttentionSource& source, HeadId head, std::stop_token stop,
                     const std::function<void(int query, std::span<const float> row)>& visit);

// Calls `work(index, stop)` for the indices [0, count) on at most `threads` threads (and at most one a core),
// each index once. The first error stops the others and is returned; exceptions too become one. `progress` is
// told
// "`what` i of count", one call at a time.
Result<void> inParallel(int count, int threads, std::string_view what, const ProgressSink& progress,
                        std::stop_token stop,
                        const std::function<Result<void>(int index, std::stop_token)>& work);

// All layers or heads where none are chosen.
std::vector<int> chosenOrAll(const std::vector<int>& chosen, int count);
std::vector<int> chosenLayers(const AttentionSource& source, const std::vector<int>& chosen);
std::vector<int> chosenHeads(const AttentionSource& source, const std::vector<int>& chosen);

}  // namespace attnviz
