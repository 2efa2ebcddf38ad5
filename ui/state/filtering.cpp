#include "ui/state/filtering.h"

namespace attnviz::ui {

Result<std::shared_ptr<const AttentionSource>> filteredSource(const AttentionRun&,
                                                              std::shared_ptr<const AttentionSource> source,
                                                              const Filters&) {
    return source;
}

QStringList wordTexts(const std::vector<Token>&) {
    return {};
}

}  // namespace attnviz::ui
