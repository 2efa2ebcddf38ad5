// From the window's filters to a filtered source of core.
#pragma once

#include <QStringList>
#include <memory>

#include "core/attention/attention_run.h"
#include "core/base/result.h"
#include "ui/state/view_settings.h"

namespace attnviz::ui {

// The source itself where no filter is set.
Result<std::shared_ptr<const AttentionSource>> filteredSource(const AttentionRun& run,
                                                              std::shared_ptr<const AttentionSource> source,
                                                              const Filters& filters);
// Labels of words, as the filter joins pieces.
QStringList wordTexts(const std::vector<Token>& tokens);

}  // namespace attnviz::ui
