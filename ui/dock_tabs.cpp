#include "ui/dock_tabs.h"

#include <QCoreApplication>
#include <QDockWidget>
#include <QEvent>
#include <QMainWindow>
#include <QStyle>
#include <QTabBar>

#include "ui/widgets/dock_title.h"

namespace attnviz::ui {
namespace {

constexpr const char* kTools = "dockTabTools";
constexpr const char* kTight = "tight";  // the style sheet's word for tabs with less room around their names
constexpr int kTightSaves = 10;          // pixels a tab

// Qt keeps the address of its dock with each tab.
QDockWidget* currentDock(const QMainWindow& window, const QTabBar& bar) {
    const auto address = bar.tabData(bar.currentIndex()).value<quintptr>();
    for (auto* dock : window.findChildren<QDockWidget*>())
        if (reinterpret_cast<quintptr>(dock) == address) return dock;
    return nullptr;
}

// Many tabs in a narrow row stand closer, so that none lies below the tools. Whether none does.
bool fitTabs(QTabBar& bar, int room) {
    const bool tight = bar.property(kTight).toBool();
    int wide = bar.count() > 0 ? bar.tabRect(bar.count() - 1).right() + 1 : 0;
    if (tight) wide += kTightSaves * bar.count();
    const bool fits = wide - kTightSaves * bar.count() <= room;
    if (tight == (wide > room)) return fits;
    bar.setProperty(kTight, wide > room);
    bar.style()->unpolish(&bar);
    bar.style()->polish(&bar);
    QEvent changed(QEvent::StyleChange);  // tabs keep their sizes until told
    QCoreApplication::sendEvent(&bar, &changed);
    return fits;
}

}  // namespace

DockTabs::DockTabs(QMainWindow& window) : QObject(&window), m_window(window) {}

void DockTabs::watch(QDockWidget& dock) {
    connect(&dock, &QDockWidget::visibilityChanged, this, &DockTabs::refreshSoon);
    connect(&dock, &QDockWidget::topLevelChanged, this, &DockTabs::refreshSoon);
    connect(&dock, &QDockWidget::dockLocationChanged, this, &DockTabs::refreshSoon);
}

void DockTabs::refreshSoon() {
    if (m_posted) return;
    m_posted = true;
    QMetaObject::invokeMethod(
        this,
        [this] {
            m_posted = false;
            refresh();
        },
        Qt::QueuedConnection);
}

void DockTabs::refresh() {
    for (auto* dock : m_window.findChildren<QDockWidget*>()) {
        bool tabbed = false;
        for (const auto* other : m_window.tabifiedDockWidgets(dock)) tabbed |= !other->isHidden();
        if (auto* title = dynamic_cast<DockTitle*>(dock->titleBarWidget()))
            title->setCollapsed(tabbed && !dock->isFloating());
    }
    for (auto* bar : m_window.findChildren<QTabBar*>(QString(), Qt::FindDirectChildrenOnly)) {
        bar->installEventFilter(this);
        placeTools(*bar);
    }
}

void DockTabs::placeTools(QTabBar& bar) {
    auto* dock = currentDock(m_window, bar);
    auto* title = dock ? dynamic_cast<DockTitle*>(dock->titleBarWidget()) : nullptr;
    auto* tools = bar.findChild<DockTools*>(kTools);
    // A bar without a choice is not seen, and its tools are those of the dock's own title.
    const bool seen = title && bar.count() > 1;
    if (tools && (!seen || tools->dock() != dock)) {
        tools->hide();
        tools->setObjectName({});
        tools->deleteLater();
        tools = nullptr;
    }
    if (!seen) return;
    if (!tools) {
        tools = new DockTools(*dock, title->menu(), &bar);
        tools->setObjectName(kTools);
    }
    const QSize size = tools->sizeHint();
    tools->setGeometry(bar.width() - size.width() - 4, (bar.height() - size.height()) / 2, size.width(),
                       size.height());
    tools->raise();
    // Where the names themselves have too little room the tools would lie on them.
    tools->setVisible(fitTabs(bar, tools->x()));
}

bool DockTabs::eventFilter(QObject* watched, QEvent* event) {
    const auto type = event->type();
    if (type == QEvent::Resize || type == QEvent::Show || type == QEvent::LayoutRequest ||
        type == QEvent::MouseButtonRelease || type == QEvent::Wheel || type == QEvent::KeyRelease)
        refreshSoon();
    return QObject::eventFilter(watched, event);
}

}  // namespace attnviz::ui
