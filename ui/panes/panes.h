// A pane: one view of the workspace. One file a pane, without a header, and one row in panes.cpp; menus,
// docks and tests are derived from the table. Panes know the workspace and never each other.
#pragma once

#include <span>
#include <string_view>

class QWidget;

namespace attnviz::ui {

class Pane;
class Workspace;

enum class PanePlace { centre, left, rightTop, rightBottom, bottom };

struct PaneDescriptor {
    std::string_view id;     // stable: the dock's name in saved layouts
    const char* title;       // "Heads"
    const char* accessible;  // what it shows, for a screen reader
    PanePlace place = PanePlace::rightBottom;
    Pane* (*create)(Workspace& workspace, QWidget* parent) = nullptr;
};

std::span<const PaneDescriptor* const> panes();

}  // namespace attnviz::ui
