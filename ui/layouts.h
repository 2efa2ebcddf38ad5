// The layouts that the program brings: which panes are open, where, and how much room they take. One row a
// layout; people's own are kept by DockLayout.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "ui/panes/panes.h"

namespace attnviz::ui {

struct NamedLayout {
    struct Place {
        std::string_view pane;  // of a place's panes the first is on top of the tabs
        PanePlace place;
    };
    std::string_view id;
    const char* title;  // "Default"
    std::vector<Place> open;
    int leftWidth = 316, rightWidth = 360, bottomHeight = 196;
    double rightTopShare = 0.46;
};

std::span<const NamedLayout> layouts();

}  // namespace attnviz::ui
