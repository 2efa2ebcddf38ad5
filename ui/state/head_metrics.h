// The scores of a head that the Heads map can be coloured by: those that are there at once, and those of the
// roles, which take a pass.
#pragma once

#include <QString>
#include <span>
#include <string_view>
#include <vector>

#include "core/analysis/head_roles.h"
#include "core/attention/attention_source.h"

namespace attnviz::ui {

struct HeadMetric {
    const char* id;
    const char* title;    // translated where it is shown
    const char* heading;  // short, of a table
    const char* help;
    double HeadSummary::*value;  // null: one of the roles' scores
    HeadScore role = HeadScore::previousToken;
    bool share = true;  // lies in 0 to 1; else coloured from 0 to the largest
    int decimals = 3;
};

std::span<const HeadMetric> headMetrics();
const HeadMetric& headMetric(const QString& id);  // the first where there is none of that id

// By layer and head, NaN where a layer is not there yet, or (of a role's score) its roles are not.
std::vector<double> headScores(const AttentionSource& source, const HeadMetric& metric,
                               const std::vector<HeadRole>& roles = {});
// "previous_token" in words.
QString roleText(std::string_view role);
// The end of the colour scale for these scores.
double scoreScaleEnd(const std::vector<double>& scores, const HeadMetric& metric);

}  // namespace attnviz::ui
