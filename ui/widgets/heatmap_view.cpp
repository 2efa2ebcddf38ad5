#include "ui/widgets/heatmap_view.h"

#include <QApplication>
#include <algorithm>
#include <cmath>

#include "ui/theme/appearance.h"
#include "ui/widgets/accessible_value.h"
#include "ui/widgets/attention_plottable.h"
#include "ui/widgets/painted_layer.h"

namespace attnviz::ui {
namespace {

constexpr int kMostRounds = 8;
constexpr double kLargestCell = 128, kSmallestSpan = 2;
constexpr int kOuter = 12, kBarZone = 88, kEntropyZone = 88, kAxisTitle = 20;
constexpr int kAbove = 6, kBelow = 4, kIncomingZone = 26;  // a map is limited by its height: little is lost
constexpr double kMostQueryBreadth = 132, kMostKeyBreadth = 108;
constexpr int kSomeTilesMs = 80;         // a painting takes as long as some tiles do: not one for each
constexpr int kSynchronousTokens = 256;  // one tile: painting waits for less than a millisecond

}  // namespace

HeatmapView::HeatmapView(QWidget* parent) : QCustomPlot(parent) {
    setAccessibleRole(*this, QAccessible::Graphic);
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Heatmap of the chosen head"));
    setMinimumSize(220, 160);
    plotLayout()->setAutoMargins(QCP::msNone);
    axisRect()->setAutoMargins(QCP::msNone);
    axisRect()->setupFullAxesBox(false);
    for (auto* axis : axisRect()->axes()) axis->setVisible(false);
    yAxis->setRangeReversed(true);
    for (auto* axis : {xAxis, yAxis}) axis->grid()->setVisible(false);
    addLayer("furniture");
    addLayer("hover");
    layer("hover")->setMode(QCPLayer::lmBuffered);
    m_map = new AttentionPlottable(xAxis, yAxis);
    m_map->setTileRequest([this](const TileKey& key) {
        m_wanted.insert(key);
        emit tileWanted(key);
    });
    connect(this, &QCustomPlot::beforeReplot, this, [this] { m_wanted.clear(); });
    m_someTiles.setSingleShot(true);
    m_someTiles.setInterval(kSomeTilesMs);
    connect(&m_someTiles, &QTimer::timeout, this, [this] { replot(rpQueuedReplot); });
    m_furniture = std::make_unique<PaintedLayer>(*this, "furniture",
                                                 [this](QCPPainter& painter) { paintFurniture(painter); });
    m_overlay = std::make_unique<PaintedLayer>(*this, "hover",
                                               [this](QCPPainter& painter) { paintOverlay(painter); });
    connect(&Appearance::instance(), &Appearance::changed, this, &HeatmapView::refresh);
    refresh();
}

HeatmapView::~HeatmapView() = default;

int HeatmapView::queries() const {
    return m_map->source() ? m_map->source()->info().queries : 0;
}

int HeatmapView::keys() const {
    return m_map->source() ? m_map->source()->info().keys : 0;
}

void HeatmapView::setMap(std::shared_ptr<const AttentionSource> source, HeadId head,
                         const QStringList& queryTokens, const QStringList& keyTokens) {
    const bool sameShape =
        source && m_map->source() && source->info().queries == queries() && source->info().keys == keys();
    const bool sameTokens = sameShape && queryTokens == m_queryLabels && keyTokens == m_keyLabels;
    m_map->setMap(std::move(source), head);
    const MapContent content = m_map->source() ? contentOf(m_map->source()->info()) : MapContent();
    if (content != m_content) m_fitted = true;
    m_content = content;
    m_map->setSynchronous(queries() <= kSynchronousTokens && keys() <= kSynchronousTokens);
    m_queryLabels = queryTokens;
    m_keyLabels = keyTokens;
    if (!sameTokens) {
        m_hovered.reset();
        m_pins.clear();
        m_queryTokens.reset();
        m_keyTokens.reset();
        m_fitted = true;
    }
    placeMap();
    replot(rpQueuedReplot);
}

void HeatmapView::tileReady(const TileKey& key, std::shared_ptr<const std::vector<float>> values) {
    m_map->tileReady(key, std::move(values));
    m_wanted.erase(key);
    if (m_wanted.empty()) {
        m_someTiles.stop();
        replot(rpQueuedReplot);
    } else if (!m_someTiles.isActive()) {
        m_someTiles.start();
    }
}

void HeatmapView::setScale(const ColorScale& scale) {
    m_map->setScale(scale);
    m_map->setMaskedGround(scale.diverging() ? ui::palette().maskedDiverging : ui::palette().masked);
    replot(rpQueuedReplot);
}

void HeatmapView::setTitles(const QString& queries, const QString& keys, const QString& values) {
    m_queryTitle = queries;
    m_keyTitle = keys;
    m_valueTitle = values;
    refresh();
}

void HeatmapView::setPooling(Pooling pooling) {
    m_map->setPooling(pooling);
    replot(rpQueuedReplot);
}

void HeatmapView::setValuesShown(bool shown) {
    m_map->setValuesShown(shown);
    replot(rpQueuedReplot);
}

void HeatmapView::setMarginsShown(bool shown) {
    m_marginsShown = shown;
    placeMap();
    replot(rpQueuedReplot);
}

void HeatmapView::setHovered(std::optional<Cell> cell) {
    if (cell && (cell->query >= queries() || cell->key >= keys())) cell.reset();
    if (cell == m_hovered) return;
    m_hovered = cell;
    layer("hover")->replot();
}

void HeatmapView::setPins(const std::vector<Cell>& pins) {
    std::vector<Cell> inside = pins;
    std::erase_if(inside, [this](const Cell& cell) { return cell.query >= queries() || cell.key >= keys(); });
    if (inside == m_pins) return;
    m_pins = std::move(inside);
    replot(rpQueuedReplot);
}

void HeatmapView::setTokens(std::optional<KeyRange> queryTokens, std::optional<KeyRange> keyTokens) {
    if (queryTokens == m_queryTokens && keyTokens == m_keyTokens) return;
    m_queryTokens = queryTokens;
    m_keyTokens = keyTokens;
    replot(rpQueuedReplot);
}

void HeatmapView::refresh() {
    const auto& p = ui::palette();
    setBackground(p.panel);
    m_map->setMaskedGround(m_map->scale().diverging() ? p.maskedDiverging : p.masked);
    placeMap();
    replot(rpQueuedReplot);
}

int HeatmapView::pooledCells() const {
    return 1 << m_map->level();
}

double HeatmapView::cellPixels() const {
    return xAxis->range().size() > 0 ? axisRect()->width() / xAxis->range().size() : 0;
}

QRect HeatmapView::mapArea() const {
    return axisRect()->rect();
}

// Labels need room that depends on the size of a cell, which depends on the room: a few rounds settle it.
void HeatmapView::placeMap() {
    if (queries() == 0 || keys() == 0) return;
    const QFontMetricsF metrics(tokenFont(11));
    const auto widthOf = [&metrics](const QString& text) { return metrics.horizontalAdvance(text); };
    const double right = kBarZone + (m_marginsShown ? kEntropyZone : 0),
                 bottom = m_marginsShown ? kIncomingZone : 0;
    double left = 70, top = 24, cell = 0;
    if (m_fitted) {
        xAxis->setRange(m_content.keys.begin, m_content.keys.end);
        yAxis->setRange(m_content.queries.begin, m_content.queries.end);
    }
    const int columns = m_content.keys.size(), rows = m_content.queries.size();
    double sideX = 0, sideY = 0;
    for (int round = 0; round < kMostRounds; ++round) {
        const double availableX = std::max(80.0, width() - 2.0 * kOuter - kAxisTitle - left - right);
        const double availableY = std::max(80.0, height() - kAbove - kBelow - top - bottom);
        const double aspect = static_cast<double>(columns) / rows;
        cell = std::min({availableX / columns, availableY / rows, kLargestCell});
        sideX = std::max(1.0, std::floor(cell * columns));
        sideY = std::max(1.0, std::floor(sideX / aspect));
        TokenAxisRequest request{
            &m_keyLabels, true, xAxis->range().lower, xAxis->range().upper, sideX, kMostKeyBreadth, 15,
            widthOf,      false};
        m_keyAxis = layoutTokenAxis(request);
        request = {
            &m_queryLabels, false, yAxis->range().lower, yAxis->range().upper, sideY, kMostQueryBreadth, 15,
            widthOf,        true};
        m_queryAxis = layoutTokenAxis(request);
        // Turned labels leave a corner free for the title of their axis (paintFurniture).
        const double leftNeeded = std::max(24.0, m_queryAxis.breadth + 10),
                     topNeeded =
                         std::max(18.0, m_keyAxis.breadth + 6) + (isTurned(m_keyAxis.form) ? 0 : kAxisTitle);
        // After the first guess room is only added: labels that come and go with it would never settle.
        if (round > 0 && leftNeeded <= left && topNeeded <= top) break;
        left = round == 0 ? leftNeeded : std::max(left, leftNeeded);
        top = round == 0 ? topNeeded : std::max(top, topNeeded);
    }
    // What is left over goes to both sides, as much as the labels let it; labels leaning right need room too.
    const double spareX = std::max(0.0, width() - 2.0 * kOuter - kAxisTitle - left - right - sideX);
    const double spareY = std::max(0.0, height() - kAbove - kBelow - top - bottom - sideY);
    const int x = static_cast<int>(kOuter + kAxisTitle + left + spareX / 2);
    const int y = static_cast<int>(kAbove + top + std::min(spareY / 2, 40.0));
    const int w = static_cast<int>(sideX), h = static_cast<int>(sideY);
    axisRect()->setMargins(QMargins(x, y, std::max(0, width() - x - w), std::max(0, height() - y - h)));
    // The plot lays out before painting; the geometry is needed now (hover before the first frame).
    plotLayout()->setOuterRect(QRect(0, 0, width(), height()));
    for (const auto phase :
         {QCPLayoutElement::upPreparation, QCPLayoutElement::upMargins, QCPLayoutElement::upLayout})
        plotLayout()->update(phase);
}

void HeatmapView::setRanges(double keyLower, double queryLower, double keySpan) {
    const auto& [rows, columns] = m_content;
    const double aspect = static_cast<double>(columns.size()) / std::max(1, rows.size());
    keySpan = std::clamp(keySpan, leastSpan(), static_cast<double>(columns.size()));
    const double querySpan = std::min<double>(keySpan / aspect, rows.size());
    keyLower = std::clamp(keyLower, static_cast<double>(columns.begin), columns.end - keySpan);
    queryLower = std::clamp(queryLower, static_cast<double>(rows.begin), rows.end - querySpan);
    m_fitted = keySpan >= columns.size() && querySpan >= rows.size();
    xAxis->setRange(keyLower, keyLower + keySpan);
    yAxis->setRange(queryLower, queryLower + querySpan);
    changed();
}

double HeatmapView::leastSpan() const {
    return std::min<double>(kSmallestSpan, m_content.keys.size());
}

void HeatmapView::changed() {
    placeMap();
    replot(rpQueuedReplot);
    emit viewChanged();
}

KeyRange HeatmapView::seenQueries() const {
    return {std::max(0, static_cast<int>(std::floor(yAxis->range().lower))),
            std::min(queries(), static_cast<int>(std::ceil(yAxis->range().upper)))};
}

KeyRange HeatmapView::seenKeys() const {
    return {std::max(0, static_cast<int>(std::floor(xAxis->range().lower))),
            std::min(keys(), static_cast<int>(std::ceil(xAxis->range().upper)))};
}

void HeatmapView::showCell(Cell cell) {
    if (queries() == 0) return;
    setRanges(cell.key + 0.5 - xAxis->range().size() / 2, cell.query + 0.5 - yAxis->range().size() / 2,
              xAxis->range().size());
}

void HeatmapView::fit() {
    if (queries() > 0) setRanges(m_content.keys.begin, m_content.queries.begin, m_content.keys.size());
}

void HeatmapView::zoom(double factor, std::optional<QPointF> around) {
    if (queries() == 0 || factor <= 0) return;
    const QPointF at = around.value_or(QPointF(mapArea().center()));
    const double key = xAxis->pixelToCoord(at.x()), query = yAxis->pixelToCoord(at.y());
    const double span =
        std::clamp(xAxis->range().size() / factor, leastSpan(), static_cast<double>(m_content.keys.size()));
    const double scale = span / xAxis->range().size();
    setRanges(key - (key - xAxis->range().lower) * scale, query - (query - yAxis->range().lower) * scale,
              span);
}

std::optional<Cell> HeatmapView::cellAt(const QPointF& position) const {
    if (queries() == 0 || !QRectF(mapArea()).contains(position)) return std::nullopt;
    const int key = static_cast<int>(std::floor(xAxis->pixelToCoord(position.x())));
    const int query = static_cast<int>(std::floor(yAxis->pixelToCoord(position.y())));
    if (key < 0 || key >= keys() || query < 0 || query >= queries()) return std::nullopt;
    return Cell{query, key};
}

QPointF HeatmapView::positionOf(Cell cell) const {
    return {xAxis->coordToPixel(cell.key + 0.5), yAxis->coordToPixel(cell.query + 0.5)};
}

void HeatmapView::hoverBy(const QPointF& position) {
    const auto cell = cellAt(position);
    if (cell == m_hovered) return;
    setHovered(cell);
    emit hoverChanged();
}

HeatmapView::Drag HeatmapView::edgeAt(const QPointF& position) const {
    if (queries() == 0) return Drag::none;
    const QRectF area(mapArea());
    const bool across = position.x() >= area.left() && position.x() < area.right();
    const bool down = position.y() >= area.top() && position.y() < area.bottom();
    if (across && position.y() < area.top() && position.y() >= area.top() - m_keyAxis.breadth - 8)
        return Drag::keys;
    if (down && position.x() < area.left() && position.x() >= area.left() - m_queryAxis.breadth - 8)
        return Drag::queries;
    return Drag::none;
}

KeyRange HeatmapView::tokensBetween(const QPointF& one, const QPointF& other, Drag edge) const {
    const bool across = edge == Drag::keys;
    const int count = across ? keys() : queries();
    const auto token = [&](const QPointF& at) {
        const double cell = across ? xAxis->pixelToCoord(at.x()) : yAxis->pixelToCoord(at.y());
        return std::clamp(static_cast<int>(std::floor(cell)), 0, count - 1);
    };
    const auto [first, last] = std::minmax({token(one), token(other)});
    return {first, last + 1};
}

void HeatmapView::resizeEvent(QResizeEvent* event) {
    QCustomPlot::resizeEvent(event);
    placeMap();
    replot(rpQueuedReplot);
}

void HeatmapView::mouseMoveEvent(QMouseEvent* event) {
    const QPointF at = event->position();
    m_dragged = at;
    if (m_drag == Drag::maybeClick && (at - m_pressed).manhattanLength() >= QApplication::startDragDistance())
        m_drag = Drag::pan;
    if (m_drag == Drag::pan) {
        const double cells = 1.0 / std::max(1e-9, cellPixels());
        setRanges(m_pressedKeys.lower - (at.x() - m_pressed.x()) * cells,
                  m_pressedQueries.lower - (at.y() - m_pressed.y()) * cells, m_pressedKeys.size());
    } else if (m_drag == Drag::box) {
        layer("hover")->replot();
    } else if (m_drag == Drag::keys || m_drag == Drag::queries) {
        auto& range = m_drag == Drag::keys ? m_keyTokens : m_queryTokens;
        range = tokensBetween(m_pressed, at, m_drag);
        replot(rpQueuedReplot);
    } else {
        setCursor(edgeAt(at) == Drag::none ? Qt::ArrowCursor : Qt::PointingHandCursor);
        hoverBy(at);
    }
}

void HeatmapView::mousePressEvent(QMouseEvent* event) {
    setFocus(Qt::MouseFocusReason);
    if (event->button() != Qt::LeftButton) return;
    if (const Drag edge = edgeAt(event->position()); edge != Drag::none) {
        m_drag = edge;
        m_pressed = m_dragged = event->position();
        return;
    }
    if (!QRectF(mapArea()).contains(event->position())) return;
    m_drag = event->modifiers().testFlag(Qt::ShiftModifier) ? Drag::box : Drag::maybeClick;
    m_pressed = m_dragged = event->position();
    m_pressedKeys = xAxis->range();
    m_pressedQueries = yAxis->range();
}

void HeatmapView::mouseReleaseEvent(QMouseEvent* event) {
    const Drag drag = std::exchange(m_drag, Drag::none);
    if (event->button() != Qt::LeftButton) return;
    if (drag == Drag::maybeClick) {
        const auto cell = cellAt(event->position());
        if (cell && event->modifiers().testFlag(Qt::ControlModifier))
            emit pinToggled(*cell);
        else
            emit pinRequested(cell == pinned() ? std::nullopt : cell);
    } else if (drag == Drag::keys || drag == Drag::queries) {
        // A click on the one token that is chosen lets it go.
        const auto range = tokensBetween(m_pressed, event->position(), drag);
        const bool again = m_dragged == m_pressed && range.size() == 1 &&
                           range == (drag == Drag::keys ? m_keyTokens : m_queryTokens);
        const std::optional<KeyRange> chosen = again ? std::nullopt : std::optional(range);
        emit tokensChosen(drag == Drag::queries ? chosen : m_queryTokens,
                          drag == Drag::keys ? chosen : m_keyTokens);
    } else if (drag == Drag::box) {
        const QRectF box = QRectF(m_pressed, event->position()).normalized();
        const double aspect =
            static_cast<double>(m_content.keys.size()) / std::max(1, m_content.queries.size());
        const double span = std::max(box.width(), box.height() * aspect) / std::max(1e-9, cellPixels());
        if (box.width() > 4 && box.height() > 4)
            setRanges(xAxis->pixelToCoord(box.center().x()) - span / 2,
                      yAxis->pixelToCoord(box.center().y()) - span / aspect / 2, span);
        else
            layer("hover")->replot();
    }
}

void HeatmapView::mouseDoubleClickEvent(QMouseEvent* event) {
    if (event->button() == Qt::LeftButton) fit();
}

void HeatmapView::wheelEvent(QWheelEvent* event) {
    const double steps = event->angleDelta().y() / 120.0;
    if (steps != 0) zoom(std::pow(1.25, steps), event->position());
    hoverBy(event->position());
    event->accept();
}

void HeatmapView::keyPressEvent(QKeyEvent* event) {
    if (queries() == 0) return QCustomPlot::keyPressEvent(event);
    Cell cell = m_hovered.value_or(pinned().value_or(Cell{m_content.queries.end - 1, m_content.keys.begin}));
    const int step = event->modifiers().testFlag(Qt::ShiftModifier) ? 10 * pooledCells() : pooledCells();
    switch (event->key()) {
        case Qt::Key_Left:
            cell.key -= step;
            break;
        case Qt::Key_Right:
            cell.key += step;
            break;
        case Qt::Key_Up:
            cell.query -= step;
            break;
        case Qt::Key_Down:
            cell.query += step;
            break;
        case Qt::Key_Home:
            cell.key = m_content.keys.begin;
            break;
        case Qt::Key_End:
            cell.key = m_content.keys.end - 1;
            break;
        case Qt::Key_Plus:
        case Qt::Key_Equal:
            return zoom(1.25, m_hovered ? std::optional(positionOf(*m_hovered)) : std::nullopt);
        case Qt::Key_Minus:
            return zoom(0.8, m_hovered ? std::optional(positionOf(*m_hovered)) : std::nullopt);
        case Qt::Key_0:
        case Qt::Key_F:
            return fit();
        case Qt::Key_Return:
        case Qt::Key_Enter:
        case Qt::Key_Space:
            if (m_hovered && event->modifiers().testFlag(Qt::ControlModifier))
                emit pinToggled(*m_hovered);
            else if (m_hovered)
                emit pinRequested(m_hovered == pinned() ? std::nullopt : m_hovered);
            return;
        case Qt::Key_Escape:
            emit pinRequested(std::nullopt);
            emit tokensChosen(std::nullopt, std::nullopt);
            return;
        default:
            return QCustomPlot::keyPressEvent(event);
    }
    cell = {std::clamp(cell.query, m_content.queries.begin, m_content.queries.end - 1),
            std::clamp(cell.key, m_content.keys.begin, m_content.keys.end - 1)};
    // The view follows the keyboard.
    const auto follow = [](const QCPRange& range, int at) {
        return at < range.lower ? at : at + 1 > range.upper ? at + 1 - range.size() : range.lower;
    };
    const double key = follow(xAxis->range(), cell.key), query = follow(yAxis->range(), cell.query);
    if (key != xAxis->range().lower || query != yAxis->range().lower)
        setRanges(key, query, xAxis->range().size());
    setHovered(cell);
    emit hoverChanged();
}

void HeatmapView::leaveEvent(QEvent*) {
    if (!m_hovered) return;
    setHovered(std::nullopt);
    emit hoverChanged();
}

void HeatmapView::focusInEvent(QFocusEvent* event) {
    QCustomPlot::focusInEvent(event);
    m_keyboardFocus = event->reason() == Qt::TabFocusReason || event->reason() == Qt::BacktabFocusReason;
    layer("hover")->replot();
}

void HeatmapView::focusOutEvent(QFocusEvent* event) {
    QCustomPlot::focusOutEvent(event);
    m_keyboardFocus = false;
    layer("hover")->replot();
}

}  // namespace attnviz::ui
