#include "ui/dock_layout.h"

#include <QAction>
#include <QCoreApplication>
#include <QDockWidget>
#include <QMainWindow>
#include <QMenu>
#include <QVBoxLayout>

#include "ui/panes/panes.h"
#include "ui/widgets/dock_title.h"

namespace attnviz::ui {
namespace {

constexpr int kLayoutVersion = 1;
constexpr int kLeftWidth = 316, kRightWidth = 360;

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

}  // namespace

DockLayout::DockLayout(QMainWindow& window, Workspace& workspace) : m_window(window) {
    window.setDockNestingEnabled(true);
    window.setTabPosition(Qt::AllDockWidgetAreas, QTabWidget::North);
    window.setCorner(Qt::BottomLeftCorner, Qt::LeftDockWidgetArea);
    window.setCorner(Qt::BottomRightCorner, Qt::RightDockWidgetArea);
    window.setCorner(Qt::TopLeftCorner, Qt::LeftDockWidgetArea);
    window.setCorner(Qt::TopRightCorner, Qt::RightDockWidgetArea);
    for (const auto* pane : panes()) {
        auto* widget = pane->create(workspace, &window);
        widget->setAccessibleName(QCoreApplication::translate("Pane", pane->accessible));
        if (pane->place == PanePlace::centre) {
            m_centre = widget;
            continue;
        }
        auto* dock = new QDockWidget(QCoreApplication::translate("Pane", pane->title), &window);
        dock->setObjectName(QString::fromUtf8(pane->id.data(), static_cast<qsizetype>(pane->id.size())));
        dock->setTitleBarWidget(new DockTitle(*dock));
        auto* body = new QWidget(dock);
        body->setObjectName("dockBody");
        body->setAttribute(Qt::WA_StyledBackground);
        auto* column = new QVBoxLayout(body);
        column->setContentsMargins(1, 0, 1, 1);
        widget->setParent(body);
        column->addWidget(widget);
        dock->setWidget(body);
        m_docks[pane->id] = dock;
    }
    reset();
}

void DockLayout::reset() {
    QDockWidget *rightTop = nullptr, *rightBottom = nullptr;
    for (const auto* pane : panes()) {
        const auto found = m_docks.find(pane->id);
        if (found == m_docks.end()) continue;
        auto* dock = found->second;
        dock->setFloating(false);
        m_window.removeDockWidget(dock);
        m_window.addDockWidget(areaOf(pane->place), dock);
        if (pane->place == PanePlace::rightTop) rightTop = rightTop ? rightTop : dock;
        if (pane->place == PanePlace::rightBottom) {
            if (rightBottom)
                m_window.tabifyDockWidget(rightBottom, dock);
            else
                rightBottom = dock;
        }
        dock->setVisible(pane->openAtFirst && m_shown);
    }
    if (rightBottom) rightBottom->raise();
    QList<QDockWidget*> columns;
    QList<int> widths;
    for (const auto* pane : panes())
        if (const auto found = m_docks.find(pane->id); found != m_docks.end()) {
            columns.append(found->second);
            widths.append(pane->place == PanePlace::left ? kLeftWidth : kRightWidth);
        }
    m_window.resizeDocks(columns, widths, Qt::Horizontal);
    if (rightTop && rightBottom) m_window.resizeDocks({rightTop, rightBottom}, {460, 540}, Qt::Vertical);
}

void DockLayout::addActions(QMenu& menu) {
    for (const auto* pane : panes())
        if (const auto found = m_docks.find(pane->id); found != m_docks.end())
            menu.addAction(found->second->toggleViewAction());
}

QByteArray DockLayout::save() const {
    return m_shown ? m_window.saveState(kLayoutVersion) : m_hidden;
}

bool DockLayout::restore(const QByteArray& layout) {
    if (layout.isEmpty()) return false;
    if (!m_shown) {
        m_hidden = layout;
        return true;
    }
    if (m_window.restoreState(layout, kLayoutVersion)) return true;
    reset();
    return false;
}

void DockLayout::setShown(bool shown) {
    if (shown == m_shown) return;
    if (!shown) {
        m_hidden = save();
        m_shown = false;
        for (const auto& [id, dock] : m_docks) dock->hide();
        return;
    }
    m_shown = true;
    if (!m_hidden.isEmpty() && m_window.restoreState(m_hidden, kLayoutVersion)) return;
    reset();
}

}  // namespace attnviz::ui
