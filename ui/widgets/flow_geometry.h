// Measures of the flow's picture, in pixels of the 1x design, and the curve of its ribbons.
#pragma once

namespace attnviz::ui {

inline constexpr double kFlowNodeWidth = 6, kFlowMargin = 8, kFlowNames = 22, kFlowLine = 14,
                        kFlowShareWidth = 30;
inline constexpr int kFlowFont = 11;

// The height of a ribbon's middle a part `x` (0 to 1) of the way across: the cubic curve whose handles are
// level and end half way.
inline double flowCurve(double from, double to, double x) {
    double low = 0, high = 1;
    for (int step = 0; step < 24; ++step) {
        const double t = (low + high) / 2;
        (1.5 * t * (1 - t) + t * t * t < x ? low : high) = t;
    }
    return from + (to - from) * low * low * (3 - 2 * low);
}

}  // namespace attnviz::ui
