#include "ui/widgets/flow_view.h"

#include <QFontMetricsF>
#include <QKeyEvent>
#include <QMouseEvent>
#include <algorithm>
#include <cmath>
#include <utility>

#include "ui/theme/appearance.h"
#include "ui/widgets/accessible_value.h"
#include "ui/widgets/flow_geometry.h"
#include "ui/widgets/number_text.h"
#include "ui/widgets/token_axis.h"

namespace attnviz::ui {
namespace {

constexpr int kMostDrawnLinks = 6'000;
constexpr double kReach = 4;  // from the pointer to what is thinner than a pointer

std::size_t at(int index) {
    return static_cast<std::size_t>(index);
}

}  // namespace

FlowView::FlowView(QWidget* parent) : QWidget(parent) {
    setAccessibleRole(*this, QAccessible::Graphic);
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Flow of attention between tokens"));
    connect(&Appearance::instance(), &Appearance::changed, this, [this] {
        layOut();
        update();
    });
}

void FlowView::setPicture(FlowPicture picture) {
    const bool sameShape = m_picture.graph && picture.graph && m_picture.oneLayer == picture.oneLayer &&
                           m_picture.graph->nodes.size() == picture.graph->nodes.size();
    m_picture = std::move(picture);
    if (!sameShape) {
        m_cursor = -1;
        m_lit.reset();
    }
    const bool left = std::exchange(m_spot, {}) != FlowSpot{};  // what was pointed at may be gone
    m_drawn.clear();
    m_linksLeftOut = 0;
    m_strongest = 0;
    if (!isEmpty()) {
        const auto& links = m_picture.graph->links;
        for (std::size_t link = 0; link < links.size(); ++link) {
            m_drawn.push_back(static_cast<int>(link));
            m_strongest = std::max(m_strongest, links[link].value);
        }
        // The widest lie below, hairlines below all: nothing thin is hidden by what is wide.
        const auto rank = [&links](int link) {
            const auto& joined = links[at(link)];
            return std::pair(joined.value, std::isnan(joined.weight) ? 0 : joined.weight);
        };
        std::ranges::stable_sort(m_drawn, std::greater<>(), rank);
        if (std::ssize(m_drawn) > kMostDrawnLinks) {
            m_linksLeftOut = static_cast<int>(std::ssize(m_drawn)) - kMostDrawnLinks;
            m_drawn.resize(kMostDrawnLinks);
        }
        const auto thin =
            std::ranges::find_if(m_drawn, [&links](int link) { return links[at(link)].value <= 0; });
        std::rotate(m_drawn.begin(), thin, m_drawn.end());
    }
    layOut();
    light();
    if (left) emit spotChanged({});
}

void FlowView::setCurrentColumn(std::optional<int> column) {
    if (m_picture.currentColumn == column) return;
    m_picture.currentColumn = column;
    update();
}

void FlowView::setLit(std::optional<int> node) {
    if (node && (isEmpty() || *node < 0 || at(*node) >= m_picture.graph->nodes.size())) node.reset();
    if (node == m_lit) return;
    m_lit = node;
    light();
}

QString FlowView::textOf(int node) const {
    const auto& [column, token, share] = m_picture.graph->nodes[at(node)];
    if (token < 0) return m_picture.othersText;
    const bool query = m_picture.oneLayer && column == 1;
    return (query ? m_picture.queryTexts : m_picture.keyTexts).value(token);
}

bool FlowView::isMarked(int node) const {
    const auto& [column, token, share] = m_picture.graph->nodes[at(node)];
    return column == m_picture.graph->columns - 1 &&
           std::ranges::find(m_picture.marked, token) != m_picture.marked.end();
}

double FlowView::columnLeft(int column) const {
    const int columns = m_picture.graph->columns;
    return columns < 2 ? m_plot.left()
                       : m_plot.left() + (m_plot.width() - kFlowNodeWidth) * column / (columns - 1);
}

QRectF FlowView::rectOf(int node) const {
    if (isEmpty()) return {};
    const auto& place = m_layout.nodes[at(node)];
    return {columnLeft(m_picture.graph->nodes[at(node)].column), m_plot.top() + place.top, kFlowNodeWidth,
            place.bottom - place.top};
}

// Margins are as wide as the longest label that is not elided; then the places of everything.
void FlowView::layOut() {
    m_base = {};
    m_labels.clear();
    if (isEmpty()) return;
    const SankeyGraph& graph = *m_picture.graph;
    const QFontMetricsF metrics(tokenFont(kFlowFont));
    const double most = std::clamp(width() * 0.2, 40.0, 150.0);
    double left = 0, right = 0;
    for (std::size_t node = 0; node < graph.nodes.size(); ++node) {
        const int column = graph.nodes[node].column;
        if (column != 0 && column != graph.columns - 1) continue;
        double& widest = column == 0 ? left : right;
        widest =
            std::max(widest, std::min(most, metrics.horizontalAdvance(textOf(static_cast<int>(node))) + 2));
    }
    if (flows()) left += kFlowShareWidth;
    m_plot = QRectF(QPointF(left + 2 * kFlowMargin, kFlowMargin),
                    QPointF(width() - right - 2 * kFlowMargin, height() - kFlowNames));
    if (m_plot.height() < 10 || m_plot.width() < 20) {
        m_plot = {};
        return;
    }
    m_layout = m_picture.oneLayer ? layoutBipartite(graph, m_plot.height())
                                  : layoutSankey(graph, {.height = m_plot.height()});
    layOutLabels(0, false);
    if (graph.columns > 1) layOutLabels(graph.columns - 1, true);
}

// What is lit, marked or carries much is named first.
void FlowView::layOutLabels(int column, bool right) {
    const SankeyGraph& graph = *m_picture.graph;
    std::vector<FlowLabelWish> wishes;
    std::vector<int> nodes;
    for (std::size_t node = 0; node < graph.nodes.size(); ++node) {
        if (graph.nodes[node].column != column) continue;
        const auto& place = m_layout.nodes[node];
        double weight = flows() && graph.nodes[node].share >= 0.03 ? graph.nodes[node].share : 0;
        if (isMarked(static_cast<int>(node))) weight += 20;
        if (graph.nodes[node].token < 0) weight += 1;  // what is folded is said
        if (!m_light.nodes.empty() && m_light.nodes[node] > 0.02) weight += 2 + m_light.nodes[node];
        nodes.push_back(static_cast<int>(node));
        wishes.push_back({(place.top + place.bottom) / 2, weight});
    }
    const QFontMetricsF metrics(tokenFont(kFlowFont));
    const double room = right ? width() - m_plot.right() - kFlowMargin - 2
                              : m_plot.left() - kFlowMargin - 2 - (flows() ? kFlowShareWidth : 0);
    for (const auto& [wish, middle] : thinnedLabels(wishes, m_plot.height(), kFlowLine)) {
        const int node = nodes[at(wish)];
        const double top = m_plot.top() + middle - kFlowLine / 2;
        Label label{node, {}, {}, {}, right};
        label.text = elided(textOf(node), room,
                            [&metrics](const QString& text) { return metrics.horizontalAdvance(text); });
        label.place = right ? QRectF(m_plot.right() + kFlowMargin, top, room, kFlowLine)
                            : QRectF(2, top, m_plot.left() - kFlowMargin - 2, kFlowLine);
        if (flows() && !right && graph.nodes[at(node)].share >= 0.005)
            label.share = graph.nodes[at(node)].share > 0.995 ? QStringLiteral("1")
                                                              : cellText(graph.nodes[at(node)].share);
        m_labels.push_back(std::move(label));
    }
}

void FlowView::light() {
    const int node = m_spot.node >= 0 ? m_spot.node : m_spot.link < 0 ? m_lit.value_or(-1) : -1;
    m_light = {};
    if (!isEmpty() && node >= 0) {
        m_light = lightFrom(*m_picture.graph, node);
    } else if (!isEmpty() && m_spot.link >= 0) {
        m_light = {std::vector<double>(m_picture.graph->nodes.size(), 0.0),
                   std::vector<double>(m_picture.graph->links.size(), 0.0)};
        const auto& joined = m_picture.graph->links[at(m_spot.link)];
        m_light.links[at(m_spot.link)] = m_light.nodes[at(joined.lower)] = m_light.nodes[at(joined.upper)] =
            1;
    }
    m_labels.clear();
    if (!isEmpty() && !m_plot.isEmpty()) {
        layOutLabels(0, false);
        if (m_picture.graph->columns > 1) layOutLabels(m_picture.graph->columns - 1, true);
    }
    update();
}

FlowSpot FlowView::spotAt(const QPointF& position) const {
    if (isEmpty() || m_plot.isEmpty()) return {};
    const SankeyGraph& graph = *m_picture.graph;
    for (const auto& label : m_labels)
        if (label.place.contains(position)) return {label.node, -1};
    // The nearest node of the column under the pointer.
    FlowSpot best;
    double nearest = kReach;
    for (std::size_t node = 0; node < graph.nodes.size(); ++node) {
        const QRectF rect = rectOf(static_cast<int>(node));
        if (position.x() < rect.left() - kReach || position.x() > rect.right() + kReach) continue;
        const double away = std::max({0.0, rect.top() - position.y(), position.y() - rect.bottom()});
        if (away >= nearest) continue;
        nearest = away;
        best = {static_cast<int>(node), -1};
    }
    if (best.node >= 0) return best;
    nearest = kReach;
    for (auto link = m_drawn.rbegin(); link != m_drawn.rend(); ++link) {  // the one on top first
        const auto& joined = graph.links[at(*link)];
        const int column = graph.nodes[at(joined.lower)].column;
        const double from = columnLeft(column) + kFlowNodeWidth, to = columnLeft(column + 1);
        if (position.x() <= from || position.x() >= to) continue;
        const auto& place = m_layout.links[at(*link)];
        const double middle =
            m_plot.top() + flowCurve(place.lower, place.upper, (position.x() - from) / (to - from));
        const double away = std::max(0.0, std::abs(position.y() - middle) - place.width / 2);
        if (away >= nearest) continue;
        nearest = away;
        best = {-1, *link};
    }
    return best;
}

int FlowView::columnNameAt(const QPointF& position) const {
    if (isEmpty() || m_plot.isEmpty() || position.y() < height() - kFlowNames) return -1;
    const int columns = m_picture.graph->columns;
    const double step = columns < 2 ? width() : (m_plot.width() - kFlowNodeWidth) / (columns - 1);
    for (int column = 0; column < columns; ++column)
        if (std::abs(position.x() - columnLeft(column) - kFlowNodeWidth / 2) < std::min(20.0, step / 2))
            return column;
    return -1;
}

void FlowView::setSpot(FlowSpot spot) {
    if (spot == m_spot) return;
    m_spot = spot;
    light();
    emit spotChanged(spot);
}

void FlowView::mouseMoveEvent(QMouseEvent* event) {
    const FlowSpot spot = spotAt(event->position());
    const bool name = columnNameAt(event->position()) >= 0 && !m_picture.oneLayer;
    setCursor(spot != FlowSpot{} || name ? Qt::PointingHandCursor : Qt::ArrowCursor);
    setSpot(spot);
}

void FlowView::leaveEvent(QEvent*) {
    setSpot({});
}

void FlowView::mousePressEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton) return;
    const FlowSpot spot = spotAt(event->position());
    if (spot.node >= 0) {
        m_cursor = spot.node;
        emit nodeClicked(spot.node);
    } else if (spot.link >= 0) {
        emit linkClicked(spot.link);
    } else if (const int column = columnNameAt(event->position()); column >= 0) {
        emit columnClicked(column);
    } else {
        emit clearRequested();
    }
}

void FlowView::moveCursor(int columns, int tokens) {
    const SankeyGraph& graph = *m_picture.graph;
    const auto count = static_cast<int>(graph.nodes.size());
    if (m_cursor < 0 || m_cursor >= count) {
        m_cursor = count - 1;
        for (int node = 0; node < count; ++node)
            if (isMarked(node)) m_cursor = node;
    } else if (tokens != 0) {
        const int next = m_cursor + tokens;
        if (next >= 0 && next < count && graph.nodes[at(next)].column == graph.nodes[at(m_cursor)].column)
            m_cursor = next;
    } else {
        // The same token of the next column, or the nearest.
        const int column = graph.nodes[at(m_cursor)].column + columns;
        int best = m_cursor, least = -1;
        for (int node = 0; node < count; ++node) {
            if (graph.nodes[at(node)].column != column) continue;
            const int away = std::abs(graph.nodes[at(node)].token - graph.nodes[at(m_cursor)].token);
            if (least >= 0 && away >= least) continue;
            least = away;
            best = node;
        }
        m_cursor = best;
    }
    setSpot({m_cursor, -1});
}

void FlowView::keyPressEvent(QKeyEvent* event) {
    if (isEmpty()) return QWidget::keyPressEvent(event);
    switch (event->key()) {
        case Qt::Key_Left:
            return moveCursor(-1, 0);
        case Qt::Key_Right:
            return moveCursor(1, 0);
        case Qt::Key_Up:
            return moveCursor(0, -1);
        case Qt::Key_Down:
            return moveCursor(0, 1);
        case Qt::Key_Return:
        case Qt::Key_Enter:
        case Qt::Key_Space:
            if (m_cursor >= 0) emit nodeClicked(m_cursor);
            return;
        case Qt::Key_Escape:
            if (m_picture.marked.empty()) break;
            emit clearRequested();
            return;
        default:
            break;
    }
    QWidget::keyPressEvent(event);
}

void FlowView::resizeEvent(QResizeEvent*) {
    layOut();
}

void FlowView::focusInEvent(QFocusEvent* event) {
    m_keyboardFocus = event->reason() == Qt::TabFocusReason || event->reason() == Qt::BacktabFocusReason;
    update();
}

void FlowView::focusOutEvent(QFocusEvent*) {
    m_keyboardFocus = false;
    setSpot({});
    update();
}

}  // namespace attnviz::ui
