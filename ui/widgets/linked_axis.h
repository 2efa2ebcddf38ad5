// Tokens of one text on the joint axis of two: where a place between tokens of one is on the other, so that
// maps of different lengths show the same part. Token i covers [i, i + 1) of either axis; places of the other
// text's tokens are all at the end of the own token before them.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

namespace attnviz::ui {

// `joint`: of each own token its place on the joint axis, ascending.
inline double ownPlace(const std::vector<int>& joint, double place) {
    const double whole = std::floor(place);
    const auto at = std::ranges::lower_bound(joint, static_cast<int>(whole));
    const auto before = static_cast<double>(at - joint.begin());
    return at != joint.end() && *at == static_cast<int>(whole) ? before + (place - whole) : before;
}

inline double jointPlace(const std::vector<int>& joint, double own) {
    if (joint.empty()) return 0;
    const double token = std::clamp(std::floor(own), 0.0, static_cast<double>(joint.size() - 1));
    return joint[static_cast<std::size_t>(token)] + std::clamp(own - token, 0.0, 1.0);
}

inline std::optional<int> ownToken(const std::vector<int>& joint, int place) {
    const auto at = std::ranges::lower_bound(joint, place);
    return at != joint.end() && *at == place ? std::optional(static_cast<int>(at - joint.begin()))
                                             : std::nullopt;
}

}  // namespace attnviz::ui
