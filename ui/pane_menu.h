// What can be done with what any pane shows: copy it as a figure or as values, or write the figure to a file.
#pragma once

class QMenu;
class QWidget;

namespace attnviz::ui {

class Pane;
class Workspace;

QMenu* makePaneMenu(Pane& pane, Workspace& workspace, QWidget* parent);

}  // namespace attnviz::ui
