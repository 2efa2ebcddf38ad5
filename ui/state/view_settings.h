// How the current run is looked at: filters and colours. Set in one place (the view bar), applied to every
// pane and export.
#pragma once

#include <QString>

#include "core/attention/attention_source.h"

namespace attnviz::ui {

enum class Combine { single, mean, max, min, sum };
enum class RangeChoice { unit, head, custom };  // 0 to 1; 0 to the head's largest weight; as given

struct Filters {
    Combine combine = Combine::single;
    bool hideSpecial = false, hideSinks = false, renormalize = false, words = false;
    double threshold = 0;
    bool operator==(const Filters&) const = default;
    bool any() const { return *this != Filters{}; }
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
