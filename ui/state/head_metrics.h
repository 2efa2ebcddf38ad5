// The scores of a head that are there at once, without a pass: what the Heads map can be coloured by.
#pragma once

#include <QString>
#include <span>

#include "core/attention/attention_source.h"

namespace attnviz::ui {

struct HeadMetric {
    const char* id;
    const char* title;    // translated where it is shown
    const char* heading;  // short, of a table
    const char* help;
    double HeadSummary::*value;
    bool share = true;  // lies in 0 to 1; else coloured from 0 to the largest
    int decimals = 3;
};

std::span<const HeadMetric> headMetrics();
const HeadMetric& headMetric(const QString& id);  // the first where there is none of that id

// By layer and head, NaN where a layer is not there yet.
std::vector<double> headScores(const AttentionSource& source, const HeadMetric& metric);
// The end of the colour scale for these scores.
double scoreScaleEnd(const std::vector<double>& scores, const HeadMetric& metric);

}  // namespace attnviz::ui
