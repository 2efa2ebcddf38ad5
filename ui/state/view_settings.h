// How the current run is looked at: filters and colours. Set in one place (the view bar), applied to every
// pane and export.
#pragma once

#include <QString>

#include "core/attention/attention_source.h"

namespace attnviz::ui {

enum class Combine { single, mean, max, min, sum };
// 0 to 1; 0 to the head's largest weight; 0 to the largest of all heads that are there; as given.
enum class RangeChoice { unit, head, shared, custom };
// Weights below a value are dropped; or all but the largest k of a row; or all but the least prefix of a row,
// largest first, that reaches a share of it.
enum class ThresholdKind { weight, topK, mass };

struct Filters {
    Combine combine = Combine::single;
    bool hideSpecial = false, hideSinks = false, renormalize = false, words = false;
    ThresholdKind thresholdKind = ThresholdKind::weight;
    double threshold = 0;  // 0: off; of topK a whole number
    bool operator==(const Filters&) const = default;
    // Renormalizing alone changes nothing, and neither does a kind of threshold without one.
    bool any() const {
        return combine != Combine::single || hideSpecial || hideSinks || words || threshold > 0;
    }
};

struct ViewSettings {
    Filters filters;
    QString colormap = "viridis";
    bool logarithmic = false;
    RangeChoice range = RangeChoice::unit;
    double low = 0, high = 1;  // of a custom range
    Pooling pooling = Pooling::max;
    bool operator==(const ViewSettings&) const = default;
};

}  // namespace attnviz::ui
