// What a filter's words mean in one run: which keys are special, which are sinks, where words begin.
#pragma once

#include <memory>
#include <stop_token>

#include "core/attention/attention_run.h"
#include "core/attention/filter_settings.h"
#include "core/base/result.h"

namespace attnviz {

// Fills in only what `settings` asks for. `source` is one of the run's, unfiltered.
Result<FilterTokens> filterTokens(const AttentionRun& run, const AttentionSource& source,
                                  const FilterSettings& settings, std::stop_token stop = {});

// The source seen through the settings: itself where they change nothing.
Result<std::shared_ptr<const AttentionSource>> filteredSource(const AttentionRun& run,
                                                              std::shared_ptr<const AttentionSource> source,
                                                              const FilterSettings& settings,
                                                              std::stop_token stop = {});

}  // namespace attnviz
