#include "ui/widgets/minimap.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <algorithm>
#include <cmath>

#include "ui/theme/appearance.h"
#include "ui/widgets/accessible_value.h"

namespace attnviz::ui {

Minimap::Minimap(QWidget* parent) : QWidget(parent) {
    setAccessibleRole(*this, QAccessible::Graphic);
    setFocusPolicy(Qt::StrongFocus);
    setMinimumSize(60, 60);
    setAccessibleName(tr("Overview of the map"));
}

void Minimap::setMap(QImage image, int queries, int keys) {
    m_image = std::move(image);
    m_queries = queries;
    m_keys = keys;
    update();
}

void Minimap::setSeen(KeyRange queries, KeyRange keys) {
    m_seenQueries = queries;
    m_seenKeys = keys;
    setAccessibleValue(*this, tr("Shown: queries %1 to %2, keys %3 to %4")
                                  .arg(queries.begin)
                                  .arg(queries.end - 1)
                                  .arg(keys.begin)
                                  .arg(keys.end - 1));
    update();
}

void Minimap::setMarked(std::optional<Cell> cell) {
    m_marked = cell;
    update();
}

QRectF Minimap::mapRect() const {
    if (m_queries == 0 || m_keys == 0) return {};
    const QRectF room = QRectF(rect()).adjusted(12, 8, -12, -8);
    const double cell = std::min(room.width() / m_keys, room.height() / m_queries);
    const QSizeF size(cell * m_keys, cell * m_queries);
    return {QPointF(room.left(), room.top()), size};
}

QRectF Minimap::frame() const {
    const QRectF map = mapRect();
    if (map.isEmpty()) return {};
    const double wide = map.width() / m_keys, high = map.height() / m_queries;
    return {map.left() + m_seenKeys.begin * wide, map.top() + m_seenQueries.begin * high,
            m_seenKeys.size() * wide, m_seenQueries.size() * high};
}

void Minimap::paintEvent(QPaintEvent*) {
    const QRectF map = mapRect();
    if (map.isEmpty()) return;
    const auto& p = ui::palette();
    QPainter painter(this);
    painter.drawImage(map, m_image);
    painter.setPen(p.line);
    painter.drawRect(map.adjusted(-0.5, -0.5, 0.5, 0.5));
    if (m_marked) {
        const QPointF at(map.left() + (m_marked->key + 0.5) * map.width() / m_keys,
                         map.top() + (m_marked->query + 0.5) * map.height() / m_queries);
        painter.setPen(QPen(p.dark ? Qt::black : Qt::white, 3));
        painter.drawRect(QRectF(at.x() - 3, at.y() - 3, 6, 6));
        painter.setPen(QPen(p.dark ? Qt::white : Qt::black, 1));
        painter.drawRect(QRectF(at.x() - 3, at.y() - 3, 6, 6));
    }
    const QRectF shown = frame();
    if (shown.width() < map.width() - 0.5 || shown.height() < map.height() - 0.5) {
        painter.setPen(QPen(Qt::white, 4));
        painter.drawRect(shown);
        painter.setPen(QPen(p.accent, 2));
        painter.drawRect(shown);
    }
    if (m_keyboardFocus) {
        painter.setPen(QPen(p.accent, 2));
        painter.drawRect(QRectF(rect()).adjusted(1, 1, -1, -1));
    }
}

void Minimap::moveTo(const QPointF& position) {
    const QRectF map = mapRect();
    if (map.isEmpty()) return;
    const auto cell = [](double share, int count) {
        return std::clamp(static_cast<int>(std::floor(share * count)), 0, count - 1);
    };
    emit moveAsked(Cell{cell((position.y() - map.top()) / map.height(), m_queries),
                        cell((position.x() - map.left()) / map.width(), m_keys)});
}

void Minimap::mousePressEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton) return;
    const QRectF shown = frame();
    m_grip = shown.contains(event->position()) ? event->position() - shown.center() : QPointF();
    moveTo(event->position() - m_grip);
}

void Minimap::mouseMoveEvent(QMouseEvent* event) {
    if (event->buttons().testFlag(Qt::LeftButton)) moveTo(event->position() - m_grip);
}

void Minimap::keyPressEvent(QKeyEvent* event) {
    Cell cell{(m_seenQueries.begin + m_seenQueries.end) / 2, (m_seenKeys.begin + m_seenKeys.end) / 2};
    const int down = std::max(1, m_seenQueries.size() / 4), across = std::max(1, m_seenKeys.size() / 4);
    switch (event->key()) {
        case Qt::Key_Left:
            cell.key -= across;
            break;
        case Qt::Key_Right:
            cell.key += across;
            break;
        case Qt::Key_Up:
            cell.query -= down;
            break;
        case Qt::Key_Down:
            cell.query += down;
            break;
        default:
            return QWidget::keyPressEvent(event);
    }
    if (m_queries > 0)
        emit moveAsked(Cell{std::clamp(cell.query, 0, m_queries - 1), std::clamp(cell.key, 0, m_keys - 1)});
}

void Minimap::focusInEvent(QFocusEvent* event) {
    m_keyboardFocus = event->reason() == Qt::TabFocusReason || event->reason() == Qt::BacktabFocusReason;
    update();
}

void Minimap::focusOutEvent(QFocusEvent*) {
    m_keyboardFocus = false;
    update();
}

}  // namespace attnviz::ui
