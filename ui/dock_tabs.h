// Tabbed docks without a second title: the tab names the pane, and its menu, float and close stand at the end
// of the row of tabs.
#pragma once

#include <QObject>

class QDockWidget;
class QMainWindow;
class QTabBar;

namespace attnviz::ui {

class DockTabs final : public QObject {
 public:
    explicit DockTabs(QMainWindow& window);
    void watch(QDockWidget& dock);
    // Soon: Qt makes and fills its tab bars after it has told of a change.
    void refreshSoon();

 protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

 private:
    void refresh();
    void placeTools(QTabBar& bar);

    QMainWindow& m_window;
    bool m_posted = false;
};

}  // namespace attnviz::ui
