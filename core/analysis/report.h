// The Markdown report: the Python library's sections in their order with the same figures, then what it
// lacked.
//
// Text from strangers is made harmless for Markdown: it can neither begin a heading nor break a table.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "core/attention/attention_run.h"
#include "core/base/progress.h"
#include "core/base/result.h"

namespace attnviz {

struct ReportOptions {
    std::string generated;    // a timestamp, written as it stands
    std::vector<int> layers;  // empty: all
};

Result<std::string> markdownReport(const AttentionRun& run, const AttentionSource& source,
                                   const ReportOptions& options, const ProgressSink& progress = {},
                                   std::stop_token stop = {});

// One line of Markdown text: markup escaped, line ends and control characters shown.
std::string markdownText(std::string_view text);

}  // namespace attnviz
