#include "ui/widgets/cluster_map.h"

#include <QApplication>
#include <algorithm>
#include <cmath>
#include <map>

#include "ui/theme/appearance.h"
#include "ui/theme/cluster_marks.h"
#include "ui/widgets/accessible_value.h"

namespace attnviz::ui {
namespace {

constexpr double kReach = 12, kMargin = 14, kMostZoom = 200;

}  // namespace

// Rings, the focus and the box, on a layer of their own: pointing redraws them alone.
class ClusterMap::Overlay final : public QCPLayerable {
 public:
    explicit Overlay(ClusterMap& map) : QCPLayerable(&map, "rings"), m_map(map) {}

 private:
    void applyDefaultAntialiasingHint(QCPPainter* painter) const override { painter->setAntialiasing(true); }
    void draw(QCPPainter* painter) override;
    ClusterMap& m_map;
};

void ClusterMap::Overlay::draw(QCPPainter* painter) {
    const auto& p = ui::palette();
    const double radius = m_map.markSize() / 2 + 3.5;
    painter->setClipRect(m_map.axisRect()->rect());
    const auto ring = [&](HeadId head, const QColor& color, double thick, double more) {
        const auto at = m_map.positionOf(head);
        if (!at) return;
        painter->setBrush(Qt::NoBrush);
        painter->setPen(QPen(p.panel, thick + 2));
        painter->drawEllipse(*at, radius + more, radius + more);
        painter->setPen(QPen(color, thick));
        painter->drawEllipse(*at, radius + more, radius + more);
    };
    for (const auto head : m_map.m_chosen)
        if (head != m_map.m_shown) ring(head, p.text, 1, 0);
    ring(m_map.m_shown, p.accent, 2, 0);
    if (m_map.m_hovered) ring(*m_map.m_hovered, p.text, 1.5, *m_map.m_hovered == m_map.m_shown ? 3 : 0);
    if (m_map.m_drag == Drag::box) {
        QColor ground = p.accent;
        ground.setAlpha(36);
        painter->setPen(QPen(p.accent, 1));
        painter->setBrush(ground);
        painter->drawRect(QRectF(m_map.m_pressed, m_map.m_dragged).normalized());
    }
    if (m_map.m_keyboardFocus) {
        painter->setClipping(false);
        painter->setBrush(Qt::NoBrush);
        painter->setPen(QPen(p.accent, 2));
        painter->drawRoundedRect(QRectF(m_map.rect()).adjusted(1, 1, -1, -1), 3, 3);
    }
}

ClusterMap::ClusterMap(QWidget* parent) : FigurePlot(parent) {
    setAccessibleRole(*this, QAccessible::Chart);
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Heads in the plane, by cluster"));
    setMinimumSize(120, 60);
    plotLayout()->setMargins(QMargins(0, 0, 0, 0));
    addLayer("rings");
    layer("rings")->setMode(QCPLayer::lmBuffered);
    m_overlay = std::make_unique<Overlay>(*this);
    connect(&Appearance::instance(), &Appearance::changed, this, &ClusterMap::restyle);
    restyle();
}

ClusterMap::~ClusterMap() = default;

double ClusterMap::markSize() const {
    const double room = std::min(axisRect()->width(), axisRect()->height());
    const double many = m_points.size() > 400 ? 0.75 : 1;
    return std::clamp(room / 34, 5.0, 8.0) * many;
}

const ClusterMap::Point* ClusterMap::find(HeadId head) const {
    const auto found = std::ranges::find(m_points, head, &Point::head);
    return found == m_points.end() ? nullptr : &*found;
}

void ClusterMap::setPoints(std::vector<Point> points, PlotFrame frame) {
    m_points = std::move(points);
    m_frame = frame;
    if (m_hovered && !find(*m_hovered)) m_hovered.reset();
    m_fitted = true;
    restyle();
}

// Marks are made anew: their colours are the theme's, their size the plot's.
void ClusterMap::restyle() {
    const bool roomy = height() >= 180 && width() >= 240;
    const PlotFrame frame = roomy ? m_frame : PlotFrame::box;
    stylePlot(*this, frame);
    axisRect()->setupFullAxesBox(false);
    for (auto* axis : axisRect()->axes()) axis->setVisible(true);
    axisRect()->setAutoMargins(frame == PlotFrame::axes ? QCP::msLeft | QCP::msBottom : QCP::msNone);
    axisRect()->setMinimumMargins(QMargins(12, 2, 12, 6));
    axisRect()->setMargins(QMargins(12, 2, 12, 6));
    clearGraphs();
    keepSquare();
    std::map<int, std::pair<QVector<double>, QVector<double>>> byCluster;
    for (const auto& point : m_points) {
        byCluster[point.cluster].first << point.x;
        byCluster[point.cluster].second << point.y;
    }
    for (const auto& [cluster, places] : byCluster) {
        auto* graph = addGraph();
        QColor fill = clusterColor(cluster);
        fill.setAlpha(m_points.size() > 400 ? 190 : 235);
        // A custom path is drawn for a size of 6.
        graph->setScatterStyle(QCPScatterStyle(clusterMark(cluster, 6), QPen(Qt::NoPen), fill, markSize()));
        graph->setLineStyle(QCPGraph::lsNone);
        graph->setPen(Qt::NoPen);
        graph->setAntialiasedScatters(true);
        graph->setData(places.first, places.second);
    }
    replot(rpQueuedReplot);
}

// Equal units on both axes: around the points, or around what was looked at.
void ClusterMap::keepSquare() {
    QRectF seen(xAxis->range().lower, yAxis->range().lower, xAxis->range().size(), yAxis->range().size());
    if (m_fitted) {
        if (m_points.empty()) return;
        const auto [left, right] = std::ranges::minmax(m_points, {}, &Point::x);
        const auto [low, high] = std::ranges::minmax(m_points, {}, &Point::y);
        seen = QRectF(left.x, low.y, right.x - left.x, high.y - low.y);
    }
    plotLayout()->setOuterRect(rect());
    for (const auto phase :
         {QCPLayoutElement::upPreparation, QCPLayoutElement::upMargins, QCPLayoutElement::upLayout})
        plotLayout()->update(phase);
    const double w = std::max(1, axisRect()->width()), h = std::max(1, axisRect()->height());
    // Rings at the edge are whole.
    const double margin = m_fitted ? 2 * kMargin : 0;
    const double unit =
        std::max({seen.width() / std::max(1.0, w - margin), seen.height() / std::max(1.0, h - margin), 1e-9});
    xAxis->setRange(seen.center().x() - unit * w / 2, seen.center().x() + unit * w / 2);
    yAxis->setRange(seen.center().y() - unit * h / 2, seen.center().y() + unit * h / 2);
}

void ClusterMap::fit() {
    m_fitted = true;
    keepSquare();
    replot(rpQueuedReplot);
}

void ClusterMap::setChosen(std::vector<HeadId> heads, HeadId shown) {
    m_chosen = std::move(heads);
    m_shown = shown;
    replot(rpQueuedReplot);
}

void ClusterMap::setHovered(std::optional<HeadId> head) {
    if (head == m_hovered) return;
    m_hovered = head;
    layer("rings")->replot();
}

std::optional<QPointF> ClusterMap::positionOf(HeadId head) const {
    const auto* point = find(head);
    if (!point) return std::nullopt;
    return QPointF(xAxis->coordToPixel(point->x), yAxis->coordToPixel(point->y));
}

std::optional<HeadId> ClusterMap::headAt(const QPointF& position) const {
    if (!axisRect()->rect().contains(position.toPoint())) return std::nullopt;
    std::optional<HeadId> nearest;
    double least = kReach * kReach;
    for (const auto& point : m_points) {
        const QPointF away = QPointF(xAxis->coordToPixel(point.x), yAxis->coordToPixel(point.y)) - position;
        const double distance = QPointF::dotProduct(away, away);
        if (distance < least) {
            least = distance;
            nearest = point.head;
        }
    }
    return nearest;
}

void ClusterMap::hoverBy(const QPointF& position) {
    const auto head = headAt(position);
    if (head == m_hovered) return;
    setHovered(head);
    emit headHovered(head);
}

void ClusterMap::resizeEvent(QResizeEvent* event) {
    FigurePlot::resizeEvent(event);
    restyle();
}

void ClusterMap::mousePressEvent(QMouseEvent* event) {
    if (event->button() == Qt::LeftButton && axisRect()->rect().contains(event->pos()))
        m_drag = Drag::maybeClick;
    else if (event->button() == Qt::MiddleButton)
        m_drag = Drag::pan;
    m_pressed = m_dragged = event->position();
}

void ClusterMap::mouseMoveEvent(QMouseEvent* event) {
    const QPointF at = event->position();
    if (m_drag == Drag::maybeClick && (at - m_pressed).manhattanLength() >= QApplication::startDragDistance())
        m_drag = Drag::box;
    if (m_drag == Drag::pan) {
        m_fitted = false;
        xAxis->moveRange(xAxis->pixelToCoord(m_dragged.x()) - xAxis->pixelToCoord(at.x()));
        yAxis->moveRange(yAxis->pixelToCoord(m_dragged.y()) - yAxis->pixelToCoord(at.y()));
        replot(rpQueuedReplot);
    }
    m_dragged = at;
    if (m_drag == Drag::box) layer("rings")->replot();
    if (m_drag == Drag::none) hoverBy(at);
}

void ClusterMap::mouseReleaseEvent(QMouseEvent* event) {
    const Drag drag = std::exchange(m_drag, Drag::none);
    if (drag == Drag::maybeClick) {
        if (const auto head = headAt(event->position())) emit headClicked(*head, event->modifiers());
    } else if (drag == Drag::box) {
        const QRectF box = QRectF(m_pressed, event->position()).normalized();
        std::vector<HeadId> inside;
        for (const auto& point : m_points)
            if (box.contains(QPointF(xAxis->coordToPixel(point.x), yAxis->coordToPixel(point.y))))
                inside.push_back(point.head);
        layer("rings")->replot();
        if (!inside.empty()) emit headsBoxed(inside, event->modifiers());
    }
}

void ClusterMap::mouseDoubleClickEvent(QMouseEvent* event) {
    if (event->button() == Qt::LeftButton && !headAt(event->position())) fit();
}

void ClusterMap::wheelEvent(QWheelEvent* event) {
    const double steps = event->angleDelta().y() / 120.0;
    if (m_points.size() > 1 && steps != 0) {
        const double factor = std::pow(0.8, steps);
        const double span = xAxis->range().size() * factor;
        const auto [left, right] = std::ranges::minmax(m_points, {}, &Point::x);
        const auto [low, high] = std::ranges::minmax(m_points, {}, &Point::y);
        const double whole = std::max(right.x - left.x, high.y - low.y);
        if (span > whole / kMostZoom && span < whole * 8) {
            m_fitted = false;
            xAxis->scaleRange(factor, xAxis->pixelToCoord(event->position().x()));
            yAxis->scaleRange(factor, yAxis->pixelToCoord(event->position().y()));
            replot(rpQueuedReplot);
        }
    }
    event->accept();
}

void ClusterMap::leaveEvent(QEvent*) {
    if (!m_hovered) return;
    setHovered(std::nullopt);
    emit headHovered(std::nullopt);
}

// The nearest point that lies more along the direction than across it.
void ClusterMap::goTo(QPointF direction) {
    const auto from = positionOf(m_hovered.value_or(m_shown));
    if (!from) {
        if (!m_points.empty()) {
            setHovered(m_points.front().head);
            emit headHovered(m_hovered);
        }
        return;
    }
    std::optional<HeadId> next;
    double least = 0;
    for (const auto& point : m_points) {
        const QPointF away = *positionOf(point.head) - *from;
        const double along = QPointF::dotProduct(away, direction);
        const double across = std::abs(away.x() * direction.y() - away.y() * direction.x());
        if (along <= 0.01 || across > along) continue;
        const double cost = along + across;
        if (!next || cost < least) {
            least = cost;
            next = point.head;
        }
    }
    if (!next) return;
    setHovered(next);
    emit headHovered(next);
}

void ClusterMap::keyPressEvent(QKeyEvent* event) {
    switch (event->key()) {
        case Qt::Key_Left:
            return goTo({-1, 0});
        case Qt::Key_Right:
            return goTo({1, 0});
        case Qt::Key_Up:
            return goTo({0, -1});
        case Qt::Key_Down:
            return goTo({0, 1});
        case Qt::Key_Return:
        case Qt::Key_Enter:
        case Qt::Key_Space:
            if (m_hovered) emit headClicked(*m_hovered, event->modifiers());
            return;
        case Qt::Key_0:
            return fit();
        default:
            FigurePlot::keyPressEvent(event);
    }
}

void ClusterMap::focusInEvent(QFocusEvent* event) {
    m_keyboardFocus = event->reason() == Qt::TabFocusReason || event->reason() == Qt::BacktabFocusReason;
    layer("rings")->replot();
}

void ClusterMap::focusOutEvent(QFocusEvent*) {
    m_keyboardFocus = false;
    layer("rings")->replot();
}

}  // namespace attnviz::ui
