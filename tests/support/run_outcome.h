// What a run, or the refusal of one, says of itself.
#pragma once

#include <QString>
#include <QStringList>
#include <memory>

#include "core/attention/attention_run.h"
#include "core/base/result.h"

namespace attnviz::test {

using Outcome = Result<std::shared_ptr<const AttentionRun>>;

inline QString notices(const AttentionRun& run) {
    QStringList all;
    for (const auto& notice : run.notices) all << QString::fromStdString(notice);
    return all.join('|');
}

inline QString refusal(const Outcome& outcome) {
    return outcome ? QString() : QString::fromStdString(outcome.error().sentence());
}

}  // namespace attnviz::test
