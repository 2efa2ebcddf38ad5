// The docks of a window, made from the table of panes: where they stand at first, how that is kept and
// brought back. A layout of another version of the program, or one that leaves nothing visible, is not taken.
#pragma once

#include <QByteArray>
#include <map>
#include <string_view>

class QAction;
class QDockWidget;
class QMainWindow;
class QMenu;
class QWidget;

namespace attnviz::ui {

class Workspace;

class DockLayout {
 public:
    DockLayout(QMainWindow& window, Workspace& workspace);

    QWidget* centre() const { return m_centre; }
    void addActions(QMenu& menu);  // one entry a dock
    void reset();
    QByteArray save() const;
    bool restore(const QByteArray& layout);
    // With nothing open there is nothing to dock: hidden, and brought back as they were.
    void setShown(bool shown);

 private:
    QMainWindow& m_window;
    QWidget* m_centre = nullptr;
    std::map<std::string_view, QDockWidget*> m_docks;
    QByteArray m_hidden;
    bool m_shown = true;
};

}  // namespace attnviz::ui
