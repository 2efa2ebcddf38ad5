#include "ui/widgets/map_panels.h"

#include <QApplication>
#include <QKeyEvent>
#include <algorithm>
#include <cmath>

#include "ui/theme/appearance.h"
#include "ui/widgets/accessible_value.h"
#include "ui/widgets/painted_layer.h"

namespace attnviz::ui {
namespace {

constexpr double kOuter = 12, kGap = 14, kTitle = 17, kCaption = 16, kLeastSide = 28, kMostSide = 320;
constexpr double kLeastPlace = 44, kEdge = 4, kMostAspect = 2, kSmallestSpan = 2;
constexpr int kSynchronousTokens = 256;

}  // namespace

MapPanels::MapPanels(QWidget* parent) : QCustomPlot(parent) {
    setAccessibleRole(*this, QAccessible::Graphic);
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setMinimumSize(120, 60);
    plotLayout()->clear();
    plotLayout()->simplify();
    auto* inset = new QCPLayoutInset;
    plotLayout()->addElement(0, 0, inset);
    plotLayout()->setAutoMargins(QCP::msNone);
    plotLayout()->setMargins(QMargins());
    m_furniture = std::make_unique<PaintedLayer>(*this, "overlay",
                                                 [this](QCPPainter& painter) { paintFurniture(painter); });
    setBackground(ui::palette().panel);
    QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
}

MapPanels::~MapPanels() = default;

void MapPanels::setPanels(std::vector<MapPanel> panels) {
    const auto shape = [](const std::vector<MapPanel>& some) {
        return some.empty() || !some.front().source
                   ? std::pair(0, 0)
                   : std::pair(some.front().source->info().queries, some.front().source->info().keys);
    };
    const bool same = shape(panels) == shape(m_panels);
    m_panels = std::move(panels);
    m_focused = std::clamp(m_focused, 0, std::max(0, static_cast<int>(m_panels.size()) - 1));
    describe();
    auto* inset = static_cast<QCPLayoutInset*>(plotLayout()->element(0, 0));
    while (m_rects.size() > m_panels.size()) {
        removePlottable(m_maps.back());
        inset->remove(m_rects.back());
        m_maps.pop_back();
        m_rects.pop_back();
    }
    while (m_rects.size() < m_panels.size()) {
        auto* rect = new QCPAxisRect(this, false);
        rect->setAutoMargins(QCP::msNone);
        rect->setMargins(QMargins());
        rect->setMinimumSize(1, 1);  // else no map would be smaller than 50 pixels
        auto* keys = rect->addAxis(QCPAxis::atBottom);
        auto* queries = rect->addAxis(QCPAxis::atLeft);
        for (auto* axis : {keys, queries}) {
            axis->setVisible(false);
            axis->grid()->setVisible(false);
        }
        queries->setRangeReversed(true);
        inset->addElement(rect, QRectF(0, 0, 0.1, 0.1));
        auto* map = new AttentionPlottable(keys, queries);
        map->setValuesShown(false);
        const int panel = static_cast<int>(m_rects.size());
        map->setTileRequest([this, panel](const TileKey& key) { emit tileWanted(panel, key); });
        m_rects.push_back(rect);
        m_maps.push_back(map);
    }
    for (std::size_t panel = 0; panel < m_panels.size(); ++panel) {
        auto& map = *m_maps[panel];
        const auto& shown = m_panels[panel];
        map.setMap(shown.source, shown.head);
        map.setPooling(m_pooling);
        const auto& info = shown.source->info();
        map.setSynchronous(info.queries <= kSynchronousTokens && info.keys <= kSynchronousTokens);
    }
    const MapContent content = m_panels.empty() ? MapContent() : contentOf(m_panels.front().source->info());
    if (!same || m_fitted || content != m_content) {
        m_keys = QCPRange(content.keys.begin, std::max(1, content.keys.end));
        m_queries = QCPRange(content.queries.begin, std::max(1, content.queries.end));
        m_fitted = true;
    }
    m_content = content;
    if (!same) m_hovered.reset();
    m_focused = std::clamp(m_focused, 0, std::max(0, static_cast<int>(m_panels.size()) - 1));
    setScales(m_scale, m_differences);
    place();
    updateGeometry();
}

void MapPanels::setCaptions(const QStringList& captions) {
    for (std::size_t panel = 0; panel < m_panels.size(); ++panel)
        m_panels[panel].caption = captions.value(static_cast<qsizetype>(panel));
    replot(rpQueuedReplot);
}

void MapPanels::setScales(const ColorScale& scale, const ColorScale& differences) {
    m_scale = scale;
    m_differences = differences;
    const auto& p = ui::palette();
    setBackground(p.panel);
    for (std::size_t panel = 0; panel < m_panels.size(); ++panel) {
        const bool difference = m_panels[panel].difference;
        m_maps[panel]->setScale(difference ? differences : scale);
        m_maps[panel]->setMaskedGround(difference ? p.maskedDiverging : p.masked);
    }
    replot(rpQueuedReplot);
}

void MapPanels::setPooling(Pooling pooling) {
    m_pooling = pooling;
    for (auto* map : m_maps) map->setPooling(pooling);
    replot(rpQueuedReplot);
}

void MapPanels::setHovered(std::optional<Cell> cell) {
    if (cell == m_hovered) return;
    m_hovered = cell;
    replot(rpQueuedReplot);
}

void MapPanels::setChosen(const std::vector<bool>& chosen) {
    for (std::size_t panel = 0; panel < m_panels.size(); ++panel)
        m_panels[panel].chosen = panel < chosen.size() && chosen[panel];
    replot(rpQueuedReplot);
}

void MapPanels::tileReady(int panel, const TileKey& key, TileValues values) {
    if (panel < 0 || panel >= static_cast<int>(m_maps.size())) return;
    m_maps[static_cast<std::size_t>(panel)]->tileReady(key, std::move(values));
    replot(rpQueuedReplot);
}

// Of the room that a map takes: its own, as long as that makes neither a thread nor a sliver.
double MapPanels::aspect() const {
    return std::clamp(m_queries.size() / std::max(1e-9, m_keys.size()), 1 / kMostAspect, kMostAspect);
}

// The columns at which the maps are largest.
MapPanels::Grid MapPanels::fittingGrid(QSizeF room) const {
    Grid best;
    const int count = static_cast<int>(m_panels.size());
    for (int columns = 1; columns <= count; ++columns) {
        const int rows = (count + columns - 1) / columns;
        const double wide = (room.width() - 2 * kOuter + kGap) / columns - kGap;
        const double high = (room.height() - kEdge) / rows - kTitle - kCaption;
        const double side = std::min({wide, high / aspect(), kMostSide});
        if (side > best.side) best = {columns, rows, side, 0, 0};
    }
    best.side = std::floor(std::max(8.0, best.side));
    best.high = best.side * aspect() + kTitle + kCaption;
    spread(best, room.width());
    return best;
}

// Where they would be too small they are scrolled: by whole rows, so that none is cut.
MapPanels::Grid MapPanels::scrolledGrid(int width, int seen) const {
    Grid grid;
    const double words = kEdge + kTitle + kCaption, least = leastSide() * aspect() + words;
    const int shown = std::max(1, static_cast<int>(seen / least));
    grid.high = std::max(std::ceil(least), std::floor(1.0 * seen / shown));
    grid.side = std::floor(std::min((grid.high - words) / aspect(), kMostSide));
    const double wide = std::max(grid.side + kGap, kLeastPlace);
    grid.columns = std::max(1, static_cast<int>((width - 2 * kOuter + kGap) / wide));
    grid.rows = (static_cast<int>(m_panels.size()) + grid.columns - 1) / grid.columns;
    spread(grid, width);
    return grid;
}

// Narrow maps stand far enough apart for the words above and below them, if there is room.
void MapPanels::spread(Grid& grid, double width) const {
    grid.wide = std::max(grid.side + kGap, std::min(kLeastPlace, (width - 2 * kOuter + kGap) / grid.columns));
}

double MapPanels::leastSide() const {
    return kLeastSide / std::max(1.0, aspect());
}

int MapPanels::seenHeight() const {
    return parentWidget() ? parentWidget()->height() : height();
}

int MapPanels::heightForWidth(int width) const {
    if (m_panels.empty()) return 60;
    const int seen = seenHeight();
    const Grid fitting = fittingGrid(QSizeF(width, seen));
    if (fitting.side >= leastSide())
        return std::min(seen, static_cast<int>(fitting.rows * fitting.high + kEdge));
    const Grid grid = scrolledGrid(width, seen);
    return static_cast<int>(grid.rows * grid.high);
}

void MapPanels::place() {
    if (m_panels.empty() || width() <= 0 || height() <= 0) return replot(rpQueuedReplot);
    const bool scrolled = height() > seenHeight();
    const Grid grid = scrolled ? scrolledGrid(width(), seenHeight()) : fittingGrid(QSizeF(size()));
    m_columns = grid.columns;
    m_wordsWide = grid.wide - 4;
    const double high = grid.side * aspect();
    auto* inset = static_cast<QCPLayoutInset*>(plotLayout()->element(0, 0));
    for (std::size_t panel = 0; panel < m_rects.size(); ++panel) {
        const int column = static_cast<int>(panel) % grid.columns,
                  row = static_cast<int>(panel) / grid.columns;
        const double left = kOuter + column * grid.wide, top = 2 + row * grid.high + kTitle;
        const int element = static_cast<int>(panel);
        inset->setInsetPlacement(element, QCPLayoutInset::ipFree);
        inset->setInsetRect(element, QRectF(std::floor(left) / width(), std::floor(top) / height(),
                                            grid.side / width(), high / height()));
        m_rects[panel]->axis(QCPAxis::atBottom)->setRange(m_keys);
        m_rects[panel]->axis(QCPAxis::atLeft)->setRange(m_queries);
    }
    plotLayout()->setOuterRect(QRect(0, 0, width(), height()));
    for (const auto phase :
         {QCPLayoutElement::upPreparation, QCPLayoutElement::upMargins, QCPLayoutElement::upLayout})
        plotLayout()->update(phase);
    replot(rpQueuedReplot);
}

QRect MapPanels::panelRect(int panel) const {
    return m_rects[static_cast<std::size_t>(panel)]->rect();
}

std::optional<std::pair<int, Cell>> MapPanels::cellAt(const QPointF& position) const {
    for (std::size_t panel = 0; panel < m_rects.size(); ++panel) {
        if (!QRectF(m_rects[panel]->rect()).contains(position)) continue;
        const auto& info = m_panels[panel].source->info();
        const Cell cell{
            static_cast<int>(std::floor(m_rects[panel]->axis(QCPAxis::atLeft)->pixelToCoord(position.y()))),
            static_cast<int>(
                std::floor(m_rects[panel]->axis(QCPAxis::atBottom)->pixelToCoord(position.x())))};
        if (cell.query < 0 || cell.key < 0 || cell.query >= info.queries || cell.key >= info.keys)
            return std::nullopt;
        return std::pair(static_cast<int>(panel), cell);
    }
    return std::nullopt;
}

// Titles, captions, frames and the linked cell, over the maps.
void MapPanels::paintFurniture(QCPPainter& painter) {
    const auto& p = ui::palette();
    painter.setFont(interfaceFont(11));
    const QFontMetricsF metrics(painter.font());
    for (std::size_t panel = 0; panel < m_panels.size(); ++panel) {
        const auto& shown = m_panels[panel];
        const QRectF map(m_rects[panel]->rect());
        const double room = m_wordsWide;
        painter.setPen(shown.chosen ? p.accent : p.text);
        painter.drawText(QRectF(map.left(), map.top() - kTitle, room, kTitle - 2),
                         Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine,
                         metrics.elidedText(shown.title, Qt::ElideRight, room));
        painter.setPen(p.secondaryText);
        painter.drawText(QRectF(map.left(), map.bottom() + 3, room, kCaption - 3),
                         Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine,
                         metrics.elidedText(shown.caption, Qt::ElideRight, room));
        painter.setBrush(Qt::NoBrush);
        if (shown.chosen) {
            painter.setPen(QPen(p.accent, 2, Qt::SolidLine, Qt::SquareCap, Qt::MiterJoin));
            painter.drawRect(map.adjusted(-2, -2, 2, 2));
        } else {
            painter.setPen(p.line);
            painter.drawRect(map.adjusted(-1, -1, 0, 0));
        }
        if (m_keyboardFocus && static_cast<int>(panel) == m_focused) {
            painter.setPen(QPen(p.accent, 2, Qt::DotLine));
            painter.drawRect(map.adjusted(-4, -4, 4, 4));
        }
        if (!m_hovered) continue;
        const auto* keys = m_rects[panel]->axis(QCPAxis::atBottom);
        const auto* queries = m_rects[panel]->axis(QCPAxis::atLeft);
        if (!keys->range().contains(m_hovered->key + 0.5) ||
            !queries->range().contains(m_hovered->query + 0.5))
            continue;
        QRectF cell(
            QPointF(keys->coordToPixel(m_hovered->key), queries->coordToPixel(m_hovered->query)),
            QPointF(keys->coordToPixel(m_hovered->key + 1), queries->coordToPixel(m_hovered->query + 1)));
        cell = cell.normalized();
        // Cells below a few pixels are framed as a mark of a size that can be seen.
        if (cell.width() < 5) cell.adjust(-(5 - cell.width()) / 2, 0, (5 - cell.width()) / 2, 0);
        if (cell.height() < 5) cell.adjust(0, -(5 - cell.height()) / 2, 0, (5 - cell.height()) / 2);
        painter.setPen(QPen(p.dark ? Qt::black : Qt::white, 3));
        painter.drawRect(cell);
        painter.setPen(QPen(p.dark ? Qt::white : Qt::black, 1));
        painter.drawRect(cell);
    }
}

void MapPanels::setRanges(QCPRange keys, QCPRange queries) {
    if (m_panels.empty()) return;
    const auto& [rows, columns] = m_content;
    const double aspect = static_cast<double>(rows.size()) / columns.size();
    const double span = std::clamp(keys.size(), std::min<double>(kSmallestSpan, columns.size()),
                                   static_cast<double>(columns.size()));
    const double querySpan = std::min<double>(span * aspect, rows.size());
    const double key = std::clamp(keys.lower, static_cast<double>(columns.begin), columns.end - span);
    const double query = std::clamp(queries.lower, static_cast<double>(rows.begin), rows.end - querySpan);
    m_keys = QCPRange(key, key + span);
    m_queries = QCPRange(query, query + querySpan);
    m_fitted = span >= columns.size();
    place();
}

void MapPanels::fit() {
    setRanges(QCPRange(m_content.keys.begin, m_content.keys.end),
              QCPRange(m_content.queries.begin, m_content.queries.end));
}

void MapPanels::resizeEvent(QResizeEvent* event) {
    QCustomPlot::resizeEvent(event);
    place();
}

void MapPanels::mouseMoveEvent(QMouseEvent* event) {
    const QPointF at = event->position();
    if (m_pressed &&
        (m_dragged || (at - *m_pressed).manhattanLength() >= QApplication::startDragDistance())) {
        if (m_rects.empty()) return;
        m_dragged = true;
        const auto* rect = m_rects.front();
        const QPointF moved((at.x() - m_pressed->x()) * m_keys.size() / std::max(1, rect->width()),
                            (at.y() - m_pressed->y()) * m_queries.size() / std::max(1, rect->height()));
        setRanges(QCPRange(m_pressedKeys.lower - moved.x(), m_pressedKeys.upper - moved.x()),
                  QCPRange(m_pressedQueries.lower - moved.y(), m_pressedQueries.upper - moved.y()));
        return;
    }
    const auto found = cellAt(at);
    setHovered(found ? std::optional(found->second) : std::nullopt);
    emit hoverChanged(found ? std::optional(found->first) : std::nullopt, m_hovered);
}

void MapPanels::mousePressEvent(QMouseEvent* event) {
    setFocus(Qt::MouseFocusReason);
    if (event->button() != Qt::LeftButton) return;
    m_pressed = event->position();
    m_dragged = false;
    m_pressedKeys = m_keys;
    m_pressedQueries = m_queries;
}

void MapPanels::mouseReleaseEvent(QMouseEvent* event) {
    const bool click = m_pressed && !m_dragged && event->button() == Qt::LeftButton;
    m_pressed.reset();
    if (!click) return;
    for (std::size_t panel = 0; panel < m_rects.size(); ++panel)
        if (QRectF(m_rects[panel]->rect()).adjusted(-2, -kTitle, 2, kCaption).contains(event->position())) {
            m_focused = static_cast<int>(panel);
            emit panelClicked(m_focused, event->modifiers());
            return;
        }
}

void MapPanels::mouseDoubleClickEvent(QMouseEvent* event) {
    if (event->button() == Qt::LeftButton) fit();
}

void MapPanels::wheelEvent(QWheelEvent* event) {
    const auto found = cellAt(event->position());
    const double steps = event->angleDelta().y() / 120.0;
    // Without Ctrl over a place that cannot be zoomed the wheel is the scroll area's.
    if (!found || steps == 0) return event->ignore();
    const auto* rect = m_rects[static_cast<std::size_t>(found->first)];
    const double key = rect->axis(QCPAxis::atBottom)->pixelToCoord(event->position().x());
    const double query = rect->axis(QCPAxis::atLeft)->pixelToCoord(event->position().y());
    const double factor = std::pow(0.8, steps);
    setRanges(
        QCPRange(key - (key - m_keys.lower) * factor, key + (m_keys.upper - key) * factor),
        QCPRange(query - (query - m_queries.lower) * factor, query + (m_queries.upper - query) * factor));
    event->accept();
}

void MapPanels::describe() {
    if (m_panels.empty()) return;
    const auto& panel = m_panels[static_cast<std::size_t>(m_focused)];
    setAccessibleValue(*this, panel.title + (panel.caption.isEmpty() ? QString() : ", " + panel.caption));
}

void MapPanels::keyPressEvent(QKeyEvent* event) {
    if (m_panels.empty()) return QCustomPlot::keyPressEvent(event);
    const int last = static_cast<int>(m_panels.size()) - 1;
    int to = m_focused;
    switch (event->key()) {
        case Qt::Key_Left:
            --to;
            break;
        case Qt::Key_Right:
            ++to;
            break;
        case Qt::Key_Up:
            to -= m_columns;
            break;
        case Qt::Key_Down:
            to += m_columns;
            break;
        case Qt::Key_Home:
            to = 0;
            break;
        case Qt::Key_End:
            to = last;
            break;
        case Qt::Key_0:
        case Qt::Key_F:
            return fit();
        case Qt::Key_Return:
        case Qt::Key_Enter:
        case Qt::Key_Space:
            emit panelClicked(m_focused, event->modifiers());
            return;
        default:
            return QCustomPlot::keyPressEvent(event);
    }
    m_focused = std::clamp(to, 0, last);
    m_keyboardFocus = true;
    describe();
    replot(rpQueuedReplot);
}

void MapPanels::leaveEvent(QEvent*) {
    if (!m_hovered) return;
    setHovered(std::nullopt);
    emit hoverChanged(std::nullopt, std::nullopt);
}

void MapPanels::focusInEvent(QFocusEvent* event) {
    QCustomPlot::focusInEvent(event);
    m_keyboardFocus = event->reason() == Qt::TabFocusReason || event->reason() == Qt::BacktabFocusReason;
    replot(rpQueuedReplot);
}

void MapPanels::focusOutEvent(QFocusEvent* event) {
    QCustomPlot::focusOutEvent(event);
    m_keyboardFocus = false;
    replot(rpQueuedReplot);
}

}  // namespace attnviz::ui
