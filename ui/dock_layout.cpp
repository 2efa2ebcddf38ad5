#include "ui/dock_layout.h"

#include <QAction>
#include <QCoreApplication>
#include <QDockWidget>
#include <QInputDialog>
#include <QLayout>
#include <QMainWindow>
#include <QMenu>
#include <QSettings>
#include <QVBoxLayout>
#include <algorithm>

#include "ui/dock_tabs.h"
#include "ui/layouts.h"
#include "ui/pane_menu.h"
#include "ui/panes/pane.h"
#include "ui/panes/panes.h"
#include "ui/state/file_controller.h"
#include "ui/widgets/dock_title.h"

namespace attnviz::ui {
namespace {

// Raised whenever docks come or go, so that a state of other docks is not taken for one of these.
constexpr int kLayoutVersion = 2;
constexpr const char* kKeptGroup = "layouts";

Qt::DockWidgetArea areaOf(PanePlace place) {
    switch (place) {
        case PanePlace::left:
            return Qt::LeftDockWidgetArea;
        case PanePlace::bottom:
            return Qt::BottomDockWidgetArea;
        default:
            return Qt::RightDockWidgetArea;
    }
}

QString text(std::string_view view) {
    return QString::fromUtf8(view.data(), static_cast<qsizetype>(view.size()));
}

}  // namespace

DockLayout::DockLayout(QMainWindow& window, Workspace& workspace)
    : QObject(&window), m_window(window), m_tabs(new DockTabs(window)) {
    window.setDockNestingEnabled(true);
    window.setTabPosition(Qt::AllDockWidgetAreas, QTabWidget::North);
    window.setCorner(Qt::BottomLeftCorner, Qt::LeftDockWidgetArea);
    window.setCorner(Qt::BottomRightCorner, Qt::RightDockWidgetArea);
    window.setCorner(Qt::TopLeftCorner, Qt::LeftDockWidgetArea);
    window.setCorner(Qt::TopRightCorner, Qt::RightDockWidgetArea);
    for (const auto* pane : panes()) {
        auto* widget = pane->create(workspace, &window);
        widget->setAccessibleName(QCoreApplication::translate("Pane", pane->title));
        widget->setAccessibleDescription(QCoreApplication::translate("Pane", pane->accessible));
        if (pane->place == PanePlace::centre) {
            m_centre = widget;
            continue;
        }
        auto* dock = new QDockWidget(QCoreApplication::translate("Pane", pane->title), &window);
        dock->setObjectName(text(pane->id));
        dock->setTitleBarWidget(new DockTitle(*dock, makePaneMenu(*widget, workspace, dock)));
        auto* body = new QWidget(dock);
        body->setObjectName("dockBody");
        body->setAttribute(Qt::WA_StyledBackground);
        auto* column = new QVBoxLayout(body);
        column->setContentsMargins(1, 0, 1, 1);
        widget->setParent(body);
        column->addWidget(widget);
        dock->setWidget(body);
        // Qt moves docks behind a tab out of sight and calls them visible: the pane would work, and Tab would
        // lead into it. It keeps its room, so that the dock's size does not depend on the tab.
        QSizePolicy policy = widget->sizePolicy();
        policy.setRetainSizeWhenHidden(true);
        widget->setSizePolicy(policy);
        connect(dock, &QDockWidget::visibilityChanged, widget,
                [dock, widget](bool seen) { widget->setVisible(seen || dock->isFloating()); });
        connect(dock, &QDockWidget::topLevelChanged, widget, [widget](bool floats) {
            if (floats) widget->show();
        });
        connect(dock, &QDockWidget::topLevelChanged, this, &DockLayout::takeOver);
        connect(dock, &QDockWidget::dockLocationChanged, this, &DockLayout::takeOver);
        m_docks[pane->id] = dock;
        m_tabs->watch(*dock);
    }
    window.installEventFilter(this);
    reset();
}

QDockWidget* DockLayout::dock(std::string_view pane) const {
    const auto found = m_docks.find(pane);
    return found == m_docks.end() ? nullptr : found->second;
}

void DockLayout::place(const NamedLayout& layout) {
    // Docks that the layout does not open stay closed at the pane's own place, and open there.
    std::vector<NamedLayout::Place> places = layout.open;
    for (const auto* pane : panes())
        if (std::ranges::find(places, pane->id, &NamedLayout::Place::pane) == places.end())
            places.push_back({pane->id, pane->place});
    m_placing = true;
    for (const auto& [id, dock] : m_docks) {
        dock->setFloating(false);
        m_window.removeDockWidget(dock);
    }
    std::map<PanePlace, QDockWidget*> first;  // of each place: the others are tabs behind it
    for (const auto& [id, place] : places) {
        auto* dock = this->dock(id);
        if (!dock) continue;
        m_window.addDockWidget(areaOf(place), dock);
        if (auto& top = first[place]; top)
            m_window.tabifyDockWidget(top, dock);
        else
            top = dock;
    }
    for (const auto& [id, dock] : m_docks) {
        const bool open = std::ranges::find(layout.open, id, &NamedLayout::Place::pane) != layout.open.end();
        dock->setVisible(open && m_shown);
    }
    for (const auto& [place, dock] : first) dock->raise();
    m_placing = false;
    m_followed = &layout;
    m_room = {};
    if (auto* centre = m_window.centralWidget()) centre->installEventFilter(this);
    share();
    // The window has its real size only once it has been laid out with these docks.
    shareSoon();
}

// A person who moves or floats a dock, or drags what parts two, has sizes of their own from then on.
void DockLayout::takeOver() {
    if (!m_placing) m_followed = nullptr;
}

// What docks and the centre stand in.
QRect DockLayout::room() const {
    QRect all = m_window.centralWidget() ? m_window.centralWidget()->geometry() : QRect();
    for (const auto& [id, dock] : m_docks)
        if (!dock->isHidden() && !dock->isFloating() && !dock->visibleRegion().isEmpty())
            all = all.united(dock->geometry());
    return all;
}

void DockLayout::shareSoon() {
    if (m_posted || !m_followed) return;
    m_posted = true;
    QMetaObject::invokeMethod(
        this,
        [this] {
            m_posted = false;
            if (m_followed && m_shown && room() != m_room) share();
        },
        Qt::QueuedConnection);
}

bool DockLayout::eventFilter(QObject* watched, QEvent* event) {
    const auto type = event->type();
    if (type == QEvent::Resize || (type == QEvent::Move && watched != &m_window)) shareSoon();
    // Presses on docks and bars are theirs: the window's own are on what parts them.
    if (type == QEvent::MouseButtonPress && watched == &m_window) takeOver();
    return QObject::eventFilter(watched, event);
}

void DockLayout::share() {
    const NamedLayout& layout = *m_followed;
    std::map<PanePlace, QDockWidget*> first;
    for (const auto& [id, place] : layout.open)
        if (auto* dock = this->dock(id); dock && !dock->isHidden() && !first.contains(place))
            first[place] = dock;
    if (m_window.layout()) m_window.layout()->activate();
    // One call for a direction: a second one would share out again what the first gave.
    QList<QDockWidget*> docks;
    QList<int> sizes;
    const auto wish = [&](PanePlace place, int size) {
        auto* dock = first[place];
        if (!dock) return;
        docks << dock;
        sizes << size;
    };
    // Of a small window docks take no more than leaves the centre most of it.
    const int wide = std::min(layout.rightWidth, m_window.width() * 43 / 160);
    wish(PanePlace::left, std::min(layout.leftWidth, m_window.width() * 9 / 40));
    wish(PanePlace::rightTop, wide);
    wish(PanePlace::rightBottom, wide);
    m_window.resizeDocks(docks, sizes, Qt::Horizontal);
    docks.clear();
    sizes.clear();
    const int high = static_cast<int>(layout.bottomHeight * std::min(1.0, 0.3 + 0.0007 * m_window.height()));
    wish(PanePlace::bottom, std::min(high, m_window.height() * 3 / 7));
    m_window.resizeDocks(docks, sizes, Qt::Vertical);
    docks.clear();
    sizes.clear();
    wish(PanePlace::rightTop, static_cast<int>(1000 * layout.rightTopShare));
    wish(PanePlace::rightBottom, static_cast<int>(1000 * (1 - layout.rightTopShare)));
    if (docks.size() == 2) m_window.resizeDocks(docks, sizes, Qt::Vertical);
    m_room = room();
}

void DockLayout::setName(const QString& name) {
    m_name = name;
    emit layoutChosen(name);
}

void DockLayout::apply(std::string_view id) {
    for (const auto& layout : layouts())
        if (layout.id == id) {
            place(layout);
            setName(QCoreApplication::translate("Layout", layout.title));
        }
}

bool DockLayout::applyNamed(const QString& name) {
    for (const auto& layout : layouts())
        if (name == text(layout.id)) {
            apply(layout.id);
            return true;
        }
    if (!kept().contains(name)) return false;
    applyKept(name);
    return true;
}

bool DockLayout::raise(std::string_view pane) {
    auto* dock = this->dock(pane);
    if (!dock) return false;
    dock->show();
    dock->raise();
    return true;
}

void DockLayout::reset() {
    apply(layouts().front().id);
}

void DockLayout::addActions(QMenu& menu) {
    for (const auto* pane : panes())
        if (auto* dock = this->dock(pane->id)) menu.addAction(dock->toggleViewAction());
}

QStringList DockLayout::kept() const {
    QSettings settings(stateFile(), QSettings::IniFormat);
    settings.beginGroup(kKeptGroup);
    return settings.childKeys();
}

void DockLayout::keep(const QString& name) {
    // A settings key knows no slash; a person's name may have one.
    const QString key = QString(name.simplified()).replace('/', '-').replace('\\', '-');
    if (key.isEmpty()) return;
    QSettings settings(stateFile(), QSettings::IniFormat);
    settings.beginGroup(kKeptGroup);
    settings.setValue(key, save());
    setName(key);
}

void DockLayout::applyKept(const QString& name) {
    QSettings settings(stateFile(), QSettings::IniFormat);
    settings.beginGroup(kKeptGroup);
    if (restore(settings.value(name).toByteArray())) setName(name);
}

void DockLayout::forget(const QString& name) {
    QSettings settings(stateFile(), QSettings::IniFormat);
    settings.beginGroup(kKeptGroup);
    settings.remove(name);
}

void DockLayout::askName() {
    bool given = false;
    const QString name = QInputDialog::getText(&m_window, tr("Keep this layout"), tr("Name of the layout"),
                                               QLineEdit::Normal, {}, &given);
    if (given) keep(name);
}

void DockLayout::fillMenu(QMenu& menu) {
    menu.clear();
    const auto add = [&](const QString& title, auto&& chosen) {
        QString shown = title;
        auto* action = menu.addAction(shown.replace('&', "&&"));
        action->setCheckable(true);
        action->setChecked(title == m_name);
        connect(action, &QAction::triggered, this, chosen);
    };
    for (const auto& layout : layouts())
        add(QCoreApplication::translate("Layout", layout.title), [this, id = layout.id] { apply(id); });
    const QStringList own = kept();
    if (!own.isEmpty()) menu.addSeparator();
    for (const auto& name : own) add(name, [this, name] { applyKept(name); });
    menu.addSeparator();
    connect(menu.addAction(tr("Keep this layout…")), &QAction::triggered, this, &DockLayout::askName);
    auto* forgets = menu.addMenu(tr("Forget a layout"));
    forgets->setEnabled(!own.isEmpty());
    for (const auto& name : own) {
        QString shown = name;
        connect(forgets->addAction(shown.replace('&', "&&")), &QAction::triggered, this,
                [this, name] { forget(name); });
    }
    connect(menu.addAction(tr("Reset layout")), &QAction::triggered, this, &DockLayout::reset);
}

QByteArray DockLayout::save() const {
    return m_shown ? m_window.saveState(kLayoutVersion) : m_hidden;
}

bool DockLayout::restoreState(const QByteArray& layout) {
    m_placing = true;
    const bool taken = m_window.restoreState(layout, kLayoutVersion);
    m_placing = false;
    if (!taken) return false;
    m_followed = nullptr;
    const bool any = std::ranges::any_of(m_docks, [](const auto& dock) { return !dock.second->isHidden(); });
    if (any) return true;
    reset();
    return false;
}

bool DockLayout::restore(const QByteArray& layout) {
    if (layout.isEmpty()) return false;
    if (!m_shown) {
        m_hidden = layout;
        return true;
    }
    m_restored = restoreState(layout);
    if (!m_restored) reset();
    return m_restored;
}

void DockLayout::setShown(bool shown) {
    if (shown == m_shown) return;
    if (!shown) {
        // Sizes mean something only after the window was seen, or where they come from such a time.
        if (m_window.isVisible() || m_restored) m_hidden = save();
        m_shown = false;
        for (const auto& [id, dock] : m_docks) dock->hide();
        return;
    }
    m_shown = true;
    if (!m_hidden.isEmpty() && restoreState(m_hidden)) return;
    reset();
}

}  // namespace attnviz::ui
