#include "ui/widgets/compare_view.h"

#include <QApplication>
#include <QKeyEvent>
#include <QMouseEvent>
#include <algorithm>
#include <cmath>

#include "ui/theme/appearance.h"
#include "ui/widgets/accessible_value.h"
#include "ui/widgets/linked_axis.h"
#include "ui/widgets/painted_layer.h"

namespace attnviz::ui {
namespace {

constexpr int kSomeTilesMs = 80;  // a painting takes as long as some tiles do: not one for each

std::size_t index(int value) {
    return static_cast<std::size_t>(value);
}

}  // namespace

CompareView::CompareView(QWidget* parent) : QCustomPlot(parent) {
    setAccessibleRole(*this, QAccessible::Graphic);
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    plotLayout()->clear();
    plotLayout()->simplify();
    plotLayout()->addElement(0, 0, new QCPLayoutInset);
    plotLayout()->setAutoMargins(QCP::msNone);
    plotLayout()->setMargins(QMargins());
    addLayer("furniture");
    addLayer("hover");
    layer("hover")->setMode(QCPLayer::lmBuffered);
    m_furniture = std::make_unique<PaintedLayer>(*this, "furniture",
                                                 [this](QCPPainter& painter) { paintFurniture(painter); });
    m_overlay = std::make_unique<PaintedLayer>(*this, "hover",
                                               [this](QCPPainter& painter) { paintOverlay(painter); });
    m_someTiles.setSingleShot(true);
    m_someTiles.setInterval(kSomeTilesMs);
    connect(&m_someTiles, &QTimer::timeout, this, [this] { replot(rpQueuedReplot); });
    connect(this, &QCustomPlot::beforeReplot, this, [this] { m_wanted.clear(); });
    connect(&Appearance::instance(), &Appearance::changed, this, [this] { place(Room::fresh); });
    dress();
}

CompareView::~CompareView() = default;

void CompareView::setMaps(std::vector<CompareMap> maps) {
    const bool same = std::ranges::equal(maps, m_maps, [](const CompareMap& one, const CompareMap& other) {
        return one.jointQueries == other.jointQueries && one.jointKeys == other.jointKeys &&
               one.queries == other.queries && one.keys == other.keys;
    });
    m_maps = std::move(maps);
    makePanels();
    if (!same) m_zoom = 1;
    const Cell shape = jointShape();
    if (m_hovered && (m_hovered->query >= shape.query || m_hovered->key >= shape.key)) m_hovered.reset();
    moved(Room::fresh);
}

void CompareView::setShown(std::vector<int> maps) {
    if (maps == m_shown) return;
    m_shown = std::move(maps);
    moved(Room::fresh);
}

void CompareView::setScales(const ColorScale& weights, const ColorScale& differences) {
    m_weights = weights;
    m_differences = differences;
    dress();
}

void CompareView::setHovered(std::optional<Cell> joint) {
    if (joint == m_hovered) return;
    m_hovered = joint;
    replot(rpQueuedReplot);
}

bool CompareView::pooled() const {
    return pooledCells() > 1;
}

int CompareView::pooledCells() const {
    int level = 0;
    for (const auto& placed : m_placed) level = std::max(level, m_panels[index(placed.map)].cells->level());
    return 1 << level;
}

bool CompareView::complete() const {
    return std::ranges::all_of(
        m_placed, [this](const Placed& placed) { return m_panels[index(placed.map)].cells->complete(); });
}

void CompareView::tileReady(int map, const TileKey& key, TileValues values) {
    if (map < 0 || index(map) >= m_panels.size()) return;
    m_panels[index(map)].cells->tileReady(key, std::move(values));
    m_wanted.erase({map, key});
    if (m_wanted.empty()) {
        m_someTiles.stop();
        replot(rpQueuedReplot);
    } else if (!m_someTiles.isActive()) {
        m_someTiles.start();
    }
}

// Of the joint axes: one beyond the last place.
Cell CompareView::jointShape() const {
    Cell shape{0, 0};
    for (const auto& map : m_maps) {
        if (!map.jointQueries.empty()) shape.query = std::max(shape.query, map.jointQueries.back() + 1);
        if (!map.jointKeys.empty()) shape.key = std::max(shape.key, map.jointKeys.back() + 1);
    }
    return shape;
}

QRectF CompareView::mapRect(int map) const {
    const auto found = std::ranges::find(m_placed, map, &Placed::map);
    return found == m_placed.end() ? QRectF() : found->rect;
}

std::optional<Cell> CompareView::ownCell(const CompareMap& map, Cell joint) const {
    const auto query = ownToken(map.jointQueries, joint.query), key = ownToken(map.jointKeys, joint.key);
    return query && key ? std::optional(Cell{*query, *key}) : std::nullopt;
}

QRectF CompareView::cellRect(int map, Cell joint) const {
    const QRectF rect = mapRect(map);
    const auto own = rect.isEmpty() ? std::nullopt : ownCell(m_maps[index(map)], joint);
    if (!own) return {};
    const auto& panel = m_panels[index(map)];
    const QRectF cell(
        QPointF(panel.keys->coordToPixel(own->key), panel.queries->coordToPixel(own->query)),
        QPointF(panel.keys->coordToPixel(own->key + 1), panel.queries->coordToPixel(own->query + 1)));
    return rect.contains(cell.center()) ? cell : QRectF();
}

const CompareView::Placed* CompareView::placedAt(const QPointF& position) const {
    for (const auto& placed : m_placed)
        if (position.x() >= placed.rect.left() && position.x() < placed.rect.right() &&
            position.y() >= placed.rect.top() && position.y() < placed.rect.bottom())
            return &placed;
    return nullptr;
}

std::optional<Cell> CompareView::cellAt(const QPointF& position) const {
    const auto* placed = placedAt(position);
    if (!placed) return std::nullopt;
    const auto& map = m_maps[index(placed->map)];
    const auto& panel = m_panels[index(placed->map)];
    const int row = static_cast<int>(std::floor(panel.queries->pixelToCoord(position.y()))),
              column = static_cast<int>(std::floor(panel.keys->pixelToCoord(position.x())));
    if (row < 0 || column < 0 || index(row) >= map.jointQueries.size() ||
        index(column) >= map.jointKeys.size())
        return std::nullopt;
    return Cell{map.jointQueries[index(row)], map.jointKeys[index(column)]};
}

KeyRange CompareView::seenQueries(int map) const {
    const auto range = m_panels[index(map)].queries->range();
    return {std::max(0, static_cast<int>(std::floor(range.lower))),
            std::min(static_cast<int>(m_maps[index(map)].jointQueries.size()),
                     static_cast<int>(std::ceil(range.upper)))};
}

KeyRange CompareView::seenKeys(int map) const {
    const auto range = m_panels[index(map)].keys->range();
    return {std::max(0, static_cast<int>(std::floor(range.lower))),
            std::min(static_cast<int>(m_maps[index(map)].jointKeys.size()),
                     static_cast<int>(std::ceil(range.upper)))};
}

void CompareView::moved(Room room) {
    place(room);
    emit viewChanged();
}

void CompareView::fit() {
    m_zoom = 1;
    moved(Room::fresh);
}

void CompareView::anchor(const Placed& placed, const QPointF& position) {
    const auto& map = m_maps[index(placed.map)];
    const auto& panel = m_panels[index(placed.map)];
    m_anchor = {jointPlace(map.jointKeys, panel.keys->pixelToCoord(position.x())),
                jointPlace(map.jointQueries, panel.queries->pixelToCoord(position.y()))};
    anchorAt(placed.map, position);
}

void CompareView::anchorAt(int map, const QPointF& position) {
    const QRectF rect = mapRect(map);
    m_anchoredAt = {(position.x() - rect.left()) / std::max(1.0, rect.width()),
                    (position.y() - rect.top()) / std::max(1.0, rect.height())};
}

// Around the pointer, else the marked cell, else the middle of the first map.
void CompareView::zoom(double factor, std::optional<QPointF> around) {
    if (m_placed.empty() || factor <= 0) return;
    const Placed* at = around ? placedAt(*around) : nullptr;
    if (around && !at) return;
    for (const auto& placed : m_placed) {
        const QRectF cell = !at && m_hovered ? cellRect(placed.map, *m_hovered) : QRectF();
        if (cell.isEmpty()) continue;
        at = &placed;
        around = cell.center();
    }
    if (!at) {
        at = &m_placed.front();
        around = at->rect.center();
    }
    anchor(*at, *around);
    const int map = at->map;
    m_zoom = std::clamp(m_zoom * factor, 1.0, mostZoom());
    place(Room::fresh);
    // Other labels may have moved the map: what was at the pointer stays there all the same.
    anchorAt(map, *around);
    moved(Room::kept);
}

// The view follows the keyboard: in the first map that has the cell, and so in all.
void CompareView::follow(Cell joint) {
    for (const auto& placed : m_placed) {
        const auto& map = m_maps[index(placed.map)];
        const auto own = ownCell(map, joint);
        if (!own) continue;
        // Where the cell's middle stands, 0 to 1; of one out of view, half a cell within the edge.
        const auto toward = [](const QCPRange& range, int at) {
            return std::clamp(at + 0.5 - range.lower, 0.5, range.size() - 0.5) / range.size();
        };
        const Range range = rangeOf(map);
        m_anchor = {joint.key + 0.5, joint.query + 0.5};
        m_anchoredAt = {toward(range.keys, own->key), toward(range.queries, own->query)};
        return moved(Room::kept);
    }
}

bool CompareView::event(QEvent* event) {
    // The heatmap's shortcuts mean this view where it has the focus.
    if (event->type() == QEvent::ShortcutOverride) {
        const auto* key = static_cast<QKeyEvent*>(event);
        const bool ours = key->key() == Qt::Key_0 || key->key() == Qt::Key_Plus ||
                          key->key() == Qt::Key_Equal || key->key() == Qt::Key_Minus;
        if (ours && key->modifiers().testFlag(Qt::ControlModifier)) {
            event->accept();
            return true;
        }
    }
    return QCustomPlot::event(event);
}

void CompareView::resizeEvent(QResizeEvent* event) {
    QCustomPlot::resizeEvent(event);
    moved(Room::fresh);
}

void CompareView::hoverBy(const QPointF& position) {
    const auto found = cellAt(position);
    if (found == m_hovered) return;
    setHovered(found);
    emit hoverChanged(found);
}

void CompareView::mouseMoveEvent(QMouseEvent* event) {
    const QPointF at = event->position();
    m_dragged = at;
    if (m_drag == Drag::maybeClick && (at - m_pressed).manhattanLength() >= QApplication::startDragDistance())
        m_drag = Drag::pan;
    if (m_drag == Drag::pan) {
        anchorAt(m_pressedMap, at);
        moved(Room::kept);
    } else if (m_drag == Drag::box) {
        layer("hover")->replot();
    } else {
        hoverBy(at);
    }
}

void CompareView::mousePressEvent(QMouseEvent* event) {
    setFocus(Qt::MouseFocusReason);
    const auto* placed = placedAt(event->position());
    if (event->button() != Qt::LeftButton || !placed) return;
    m_drag = event->modifiers().testFlag(Qt::ShiftModifier) ? Drag::box : Drag::maybeClick;
    m_pressed = m_dragged = event->position();
    m_pressedMap = placed->map;
    if (m_drag == Drag::maybeClick) anchor(*placed, m_pressed);
}

void CompareView::mouseReleaseEvent(QMouseEvent* event) {
    const Drag drag = std::exchange(m_drag, Drag::none);
    if (event->button() != Qt::LeftButton) return;
    if (drag == Drag::maybeClick) {
        if (const auto found = cellAt(event->position())) emit cellClicked(*found, event->modifiers());
    } else if (drag == Drag::box) {
        const QRectF rect = mapRect(m_pressedMap);
        const QRectF box = QRectF(m_pressed, event->position()).normalized() & rect;
        const auto* placed = placedAt(box.center());
        if (box.width() <= 4 || box.height() <= 4 || !placed) return layer("hover")->replot();
        anchor(*placed, box.center());
        m_anchoredAt = {0.5, 0.5};
        m_zoom *= std::min(rect.width() / box.width(), rect.height() / box.height());
        moved(Room::fresh);
    }
}

void CompareView::mouseDoubleClickEvent(QMouseEvent* event) {
    if (event->button() == Qt::LeftButton) fit();
}

void CompareView::wheelEvent(QWheelEvent* event) {
    const double steps = event->angleDelta().y() / 120.0;
    if (steps != 0) zoom(std::pow(1.25, steps), event->position());
    hoverBy(event->position());
    event->accept();
}

void CompareView::leaveEvent(QEvent*) {
    if (!m_hovered) return;
    setHovered(std::nullopt);
    emit hoverChanged(std::nullopt);
}

void CompareView::keyPressEvent(QKeyEvent* event) {
    const Cell shape = jointShape();
    if (shape.query == 0 || shape.key == 0) return QCustomPlot::keyPressEvent(event);
    Cell to = m_hovered.value_or(Cell{shape.query - 1, 0});
    const int step = pooledCells() * (event->modifiers().testFlag(Qt::ShiftModifier) ? 10 : 1);
    switch (event->key()) {
        case Qt::Key_Left:
            to.key -= step;
            break;
        case Qt::Key_Right:
            to.key += step;
            break;
        case Qt::Key_Up:
            to.query -= step;
            break;
        case Qt::Key_Down:
            to.query += step;
            break;
        case Qt::Key_Home:
            to.key = 0;
            break;
        case Qt::Key_End:
            to.key = shape.key - 1;
            break;
        case Qt::Key_Plus:
        case Qt::Key_Equal:
            return zoom(1.25);
        case Qt::Key_Minus:
            return zoom(0.8);
        case Qt::Key_0:
        case Qt::Key_F:
            return fit();
        case Qt::Key_Return:
        case Qt::Key_Enter:
        case Qt::Key_Space:
            if (m_hovered) emit cellClicked(*m_hovered, event->modifiers());
            return;
        default:
            return QCustomPlot::keyPressEvent(event);
    }
    if (!m_hovered) to = {shape.query - 1, 0};
    setHovered(Cell{std::clamp(to.query, 0, shape.query - 1), std::clamp(to.key, 0, shape.key - 1)});
    if (m_zoom > 1) follow(*m_hovered);
    emit hoverChanged(m_hovered);
}

void CompareView::focusInEvent(QFocusEvent* event) {
    QCustomPlot::focusInEvent(event);
    m_keyboardFocus = event->reason() == Qt::TabFocusReason || event->reason() == Qt::BacktabFocusReason;
    layer("hover")->replot();
}

void CompareView::focusOutEvent(QFocusEvent* event) {
    QCustomPlot::focusOutEvent(event);
    m_keyboardFocus = false;
    layer("hover")->replot();
}

}  // namespace attnviz::ui
