// The title of a dock: its name, a menu of what can be done with the pane, float and close, in the program's
// look. Moves with QDockWidget's own dragging. Where the dock is one of several tabs, the tab is its title.
#pragma once

#include <QWidget>

class QDockWidget;
class QMenu;

namespace attnviz::ui {

// The menu, float and close of a dock.
class DockTools final : public QWidget {
    Q_OBJECT
 public:
    DockTools(QDockWidget& dock, QMenu* menu, QWidget* parent);
    QDockWidget* dock() const { return &m_dock; }

 private:
    QDockWidget& m_dock;
};

class DockTitle final : public QWidget {
    Q_OBJECT
 public:
    DockTitle(QDockWidget& dock, QMenu* menu);
    QMenu* menu() const { return m_menu; }
    void setCollapsed(bool collapsed);
    QSize sizeHint() const override { return {120, m_collapsed ? 1 : 28}; }
    QSize minimumSizeHint() const override { return {60, m_collapsed ? 1 : 28}; }

 protected:
    void paintEvent(QPaintEvent* event) override;

 private:
    QMenu* m_menu;
    bool m_collapsed = false;
};

}  // namespace attnviz::ui
