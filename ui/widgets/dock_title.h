// The title of a dock: its name, a menu of what can be done with the pane, float and close, in the program's
// look. Moves with QDockWidget's own dragging.
#pragma once

#include <QWidget>

class QDockWidget;
class QMenu;

namespace attnviz::ui {

class DockTitle final : public QWidget {
    Q_OBJECT
 public:
    DockTitle(QDockWidget& dock, QMenu* menu);
    QSize sizeHint() const override { return {120, 28}; }
    QSize minimumSizeHint() const override { return {60, 28}; }

 protected:
    void paintEvent(QPaintEvent* event) override;
};

}  // namespace attnviz::ui
