// The window's filters as core has them, and the labels of what is seen through them.
#pragma once

#include <QStringList>
#include <stop_token>
#include <vector>

#include "core/attention/attention_source.h"
#include "core/attention/filter_settings.h"
#include "core/base/result.h"
#include "core/text/token.h"
#include "ui/state/view_settings.h"

namespace attnviz::ui {

// `heads` are those that are combined; empty: all. The source itself comes from core's filteredSource.
FilterSettings filterSettings(const Filters& filters, std::vector<int> heads = {});
// Summary and overview of a head, so that asking for them afterwards costs nothing.
Result<void> summarizeHead(const AttentionSource& source, HeadId head, std::stop_token stop);

// What queries and keys are called: tokens, or words.
QStringList unitTexts(const TokenizedText& text, bool words);

}  // namespace attnviz::ui
