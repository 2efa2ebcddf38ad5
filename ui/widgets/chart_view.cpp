#include "ui/widgets/chart_view.h"

#include <QKeyEvent>
#include <QMouseEvent>

#include "ui/theme/appearance.h"
#include "ui/widgets/accessible_value.h"

namespace attnviz::ui {

ChartView::ChartView(const QString& name, QWidget* parent) : QChartView(new QChart, parent) {
    setAccessibleRole(*this, QAccessible::Chart);
    setAccessibleName(name);
    setRenderHint(QPainter::Antialiasing);
    setFrameShape(QFrame::NoFrame);
    setBackgroundBrush(Qt::NoBrush);
    setStyleSheet("background: transparent");
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    viewport()->setMouseTracking(true);
    // A chart would ask for the room of all its labels, and a pane would scroll.
    chart()->setMinimumHeight(10);
    setMinimumHeight(96);
}

void ChartView::setDescription(const QString& description) {
    setAccessibleValue(*this, description);
}

void ChartView::mousePressEvent(QMouseEvent* event) {
    setFocus(Qt::MouseFocusReason);
    if (event->button() == Qt::LeftButton) emit clicked(event->position(), event->modifiers());
    event->accept();
}

void ChartView::mouseMoveEvent(QMouseEvent* event) {
    emit hovered(event->position());
    event->accept();
}

void ChartView::leaveEvent(QEvent* event) {
    emit hovered(std::nullopt);
    QChartView::leaveEvent(event);
}

void ChartView::keyPressEvent(QKeyEvent* event) {
    switch (event->key()) {
        case Qt::Key_Left:
            return emit stepped(-1, 0);
        case Qt::Key_Right:
            return emit stepped(1, 0);
        case Qt::Key_Up:
            return emit stepped(0, 1);
        case Qt::Key_Down:
            return emit stepped(0, -1);
        default:
            event->ignore();
    }
}

void ChartView::focusInEvent(QFocusEvent* event) {
    m_keyboardFocus = event->reason() == Qt::TabFocusReason || event->reason() == Qt::BacktabFocusReason;
    viewport()->update();
}

void ChartView::focusOutEvent(QFocusEvent*) {
    m_keyboardFocus = false;
    viewport()->update();
}

void ChartView::drawForeground(QPainter* painter, const QRectF& rect) {
    QChartView::drawForeground(painter, rect);
    if (!m_keyboardFocus) return;
    painter->setPen(QPen(ui::palette().accent, 2));
    painter->setBrush(Qt::NoBrush);
    painter->drawRoundedRect(QRectF(sceneRect()).adjusted(1, 1, -1, -1), 3, 3);
}

}  // namespace attnviz::ui
