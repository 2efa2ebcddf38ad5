// The docks of a window, made from the table of panes: where they stand, how that is kept and brought back,
// and people's own layouts by name. A layout of another version of the program, or one that leaves nothing
// visible, is not taken.
#pragma once

#include <QByteArray>
#include <QObject>
#include <QRect>
#include <QString>
#include <map>
#include <string_view>

class QDockWidget;
class QMainWindow;
class QMenu;

namespace attnviz::ui {

class DockTabs;
class Pane;
class Workspace;
struct NamedLayout;

class DockLayout final : public QObject {
    Q_OBJECT
 public:
    DockLayout(QMainWindow& window, Workspace& workspace);

    Pane* centre() const { return m_centre; }
    QDockWidget* dock(std::string_view pane) const;  // null for the centre's, and where there is none
    void addActions(QMenu& menu);                    // one entry a dock
    // The program's layouts and the person's own; to keep the present one, and to forget one.
    void fillMenu(QMenu& menu);
    QString currentName() const { return m_name; }
    void apply(std::string_view id);       // one of the program's
    void applyKept(const QString& name);   // one of the person's
    bool applyNamed(const QString& name);  // either, the program's by id; false: there is none
    bool raise(std::string_view pane);     // opened and in front; false: there is no such dock
    void keep(const QString& name);
    void forget(const QString& name);
    QStringList kept() const;
    void reset();  // the default
    QByteArray save() const;
    bool restore(const QByteArray& layout);
    // With nothing open there is nothing to dock: hidden, and brought back as they were.
    void setShown(bool shown);

 signals:
    void layoutChosen(const QString& name);

 protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

 private:
    void place(const NamedLayout& layout);
    void share();  // the room among the docks
    void shareSoon();
    void takeOver();
    QRect room() const;
    void setName(const QString& name);
    bool restoreState(const QByteArray& layout);
    void askName();

    QMainWindow& m_window;
    DockTabs* m_tabs;
    Pane* m_centre = nullptr;
    std::map<std::string_view, QDockWidget*> m_docks;
    QString m_name;
    QByteArray m_hidden;
    const NamedLayout* m_followed = nullptr;  // whose shares hold, until a person moves something
    QRect m_room;                             // when it was shared last
    bool m_shown = true, m_restored = false, m_placing = false, m_posted = false;
};

}  // namespace attnviz::ui
