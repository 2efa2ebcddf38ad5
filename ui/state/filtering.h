// From the window's filters to a filtered source of core, and the labels of its queries and keys.
#pragma once

#include <QStringList>
#include <memory>
#include <stop_token>

#include "core/attention/attention_run.h"
#include "core/base/result.h"
#include "ui/state/view_settings.h"

namespace attnviz::ui {

// The source itself where nothing is filtered. Looks for sinks where those are hidden: not on the UI thread.
Result<std::shared_ptr<const AttentionSource>> filteredSource(const AttentionRun& run,
                                                              std::shared_ptr<const AttentionSource> source,
                                                              const Filters& filters, std::stop_token stop);
// Summary and overview of a head, so that asking for them afterwards costs nothing.
Result<void> summarizeHead(const AttentionSource& source, HeadId head, std::stop_token stop);

// What queries and keys are called: tokens, or words.
QStringList unitTexts(const TokenizedText& text, bool words);

}  // namespace attnviz::ui
