#include "ui/widgets/dock_title.h"

#include <QCoreApplication>
#include <QDockWidget>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QPainter>
#include <QToolButton>

#include "ui/theme/appearance.h"
#include "ui/theme/icons.h"
#include "ui/widgets/pane_parts.h"

namespace attnviz::ui {
namespace {

constexpr int kTitleHeight = 29;

}  // namespace

DockTools::DockTools(QDockWidget& dock, QMenu* menu, QWidget* parent) : QWidget(parent), m_dock(dock) {
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(2);
    auto* offers = new QToolButton(this);
    offers->setToolTip(tr("Copy or export what this pane shows"));
    offers->setAccessibleName(tr("Copy or export %1").arg(dock.windowTitle()));
    offers->setMenu(menu);
    offers->setPopupMode(QToolButton::InstantPopup);
    offers->setObjectName("paneMenu");
    auto* floats = new QToolButton(this);
    auto* closes = new QToolButton(this);
    floats->setToolTip(tr("Float or dock"));
    floats->setAccessibleName(tr("Float or dock %1").arg(dock.windowTitle()));
    closes->setToolTip(tr("Close (View menu opens it again)"));
    closes->setAccessibleName(tr("Close %1").arg(dock.windowTitle()));
    for (auto* button : {offers, floats, closes}) {
        button->setFocusPolicy(Qt::TabFocus);
        button->setIconSize({14, 14});
        row->addWidget(button);
    }
    connect(floats, &QToolButton::clicked, &dock, [&dock] { dock.setFloating(!dock.isFloating()); });
    connect(closes, &QToolButton::clicked, &dock, &QDockWidget::close);
    const auto refresh = [offers, floats, closes] {
        offers->setIcon(icon(Icon::copy, IconColor::secondary));
        floats->setIcon(icon(Icon::dock, IconColor::secondary));
        closes->setIcon(icon(Icon::close, IconColor::secondary));
    };
    connect(&Appearance::instance(), &Appearance::changed, this, refresh);
    refresh();
}

DockTitle::DockTitle(QDockWidget& dock, QMenu* menu) : QWidget(&dock), m_menu(menu) {
    setFixedHeight(kTitleHeight);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(12, 1, 4, 0);
    row->addWidget(plainLabel(dock.windowTitle(), "strong", this), 1);
    row->addWidget(new DockTools(dock, menu, this));
}

void DockTitle::setCollapsed(bool collapsed) {
    if (collapsed == m_collapsed) return;
    m_collapsed = collapsed;
    for (auto* child : findChildren<QWidget*>(QString(), Qt::FindDirectChildrenOnly))
        child->setVisible(!collapsed);
    setFixedHeight(collapsed ? 1 : kTitleHeight);
    updateGeometry();
    // The dock shares out its room anew only when it is told.
    if (auto* dock = parentWidget(); dock && dock->layout()) {
        dock->layout()->invalidate();
        QCoreApplication::postEvent(dock, new QEvent(QEvent::LayoutRequest));
        dock->layout()->setGeometry(QRect(QPoint(0, 0), dock->size()));
    }
}

void DockTitle::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    const auto& p = ui::palette();
    painter.fillRect(rect(), p.dockTitle);
    painter.setPen(p.line);
    if (m_collapsed) return painter.drawLine(0, 0, width(), 0);
    painter.drawRect(rect().adjusted(0, 0, -1, 0));
    painter.drawLine(0, height() - 1, width(), height() - 1);
}

}  // namespace attnviz::ui
