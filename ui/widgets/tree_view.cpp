#include "ui/widgets/tree_view.h"

#include <QKeyEvent>
#include <QPainter>
#include <algorithm>
#include <cmath>

#include "ui/theme/appearance.h"
#include "ui/theme/cluster_marks.h"
#include "ui/widgets/accessible_value.h"
#include "ui/widgets/number_text.h"

namespace attnviz::ui {
namespace {

constexpr double kLeft = 46, kRight = 12, kTop = 10, kMarks = 14, kLabels = 44, kReach = 5;

QString nameOf(HeadId head) {
    return QString("L%1 H%2").arg(head.layer).arg(head.head);
}

// 1, 2 or 5 times a power of ten: about four of them up to `top`.
double tickStep(double top) {
    const double rough = std::max(top, 1e-12) / 4, power = std::pow(10, std::floor(std::log10(rough)));
    for (const double factor : {1.0, 2.0, 5.0})
        if (power * factor >= rough) return power * factor;
    return power * 10;
}

}  // namespace

TreeView::TreeView(QWidget* parent) : QWidget(parent) {
    setAccessibleRole(*this, QAccessible::Chart);
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setMinimumSize(160, 60);
    setAccessibleName(tr("Tree of the heads, by average linkage"));
    connect(&Appearance::instance(), &Appearance::changed, this, qOverload<>(&QWidget::update));
}

void TreeView::setTree(std::vector<TreeMerge> tree, std::vector<HeadId> heads, std::vector<int> clusterOf,
                       bool cut) {
    m_heads = std::move(heads);
    m_nodes.assign(m_heads.size(), {});
    m_order.clear();
    m_hoveredNode = -1;
    m_cut = -1;
    m_top = 1e-9;
    for (std::size_t head = 0; head < m_heads.size(); ++head) m_nodes[head].cluster = clusterOf[head];
    for (const auto& merge : tree) {
        const auto &left = m_nodes[static_cast<std::size_t>(merge.left)],
                   &right = m_nodes[static_cast<std::size_t>(merge.right)];
        const int cluster = left.cluster == right.cluster ? left.cluster : -1;
        m_nodes.push_back({0, merge.height, cluster, merge.left, merge.right});
        m_top = std::max(m_top, merge.height);
    }
    if (m_nodes.empty()) return update();
    // Heads from left to right, without recursion: a tree may be a chain of thousands.
    std::vector<int> open{static_cast<int>(m_nodes.size()) - 1};
    while (!open.empty()) {
        const int node = open.back();
        open.pop_back();
        auto& here = m_nodes[static_cast<std::size_t>(node)];
        if (here.left < 0) {
            here.place = static_cast<double>(m_order.size());
            m_order.push_back(node);
        } else {
            open.push_back(here.right);
            open.push_back(here.left);
        }
    }
    for (auto& node : m_nodes)
        if (node.left >= 0)
            node.place = (m_nodes[static_cast<std::size_t>(node.left)].place +
                          m_nodes[static_cast<std::size_t>(node.right)].place) /
                         2;
    const auto clusters = clusterOf.empty() ? 0 : *std::ranges::max_element(clusterOf) + 1;
    const auto merges = static_cast<int>(tree.size());
    if (cut && clusters >= 2 && clusters <= merges) {
        const int last = merges - clusters;  // the last merge below the cut
        const double below = tree[static_cast<std::size_t>(last)].height;
        const double above = tree[static_cast<std::size_t>(last) + 1].height;
        m_cut = (below + above) / 2;
    }
    update();
}

void TreeView::setChosen(std::vector<HeadId> heads, HeadId shown) {
    m_chosen = std::move(heads);
    m_shown = shown;
    update();
}

void TreeView::setHovered(std::optional<HeadId> head) {
    if (head == m_hovered) return;
    m_hovered = head;
    update();
}

bool TreeView::labelled() const {
    const double step = (width() - kLeft - kRight) / std::max<double>(1, static_cast<double>(m_heads.size()));
    return step >= 13 && height() >= 130;
}

QRectF TreeView::plotArea() const {
    const double bottom = labelled() ? kMarks + kLabels : kMarks + 4;
    return {kLeft, kTop, std::max(10.0, width() - kLeft - kRight), std::max(10.0, height() - kTop - bottom)};
}

QPointF TreeView::at(const Node& node) const {
    const QRectF plot = plotArea();
    const double step = plot.width() / std::max<double>(1, static_cast<double>(m_heads.size()));
    return {plot.left() + (node.place + 0.5) * step,
            plot.bottom() - node.height / m_top * (plot.height() - 2)};
}

int TreeView::leafOf(HeadId head) const {
    const auto found = std::ranges::find(m_heads, head);
    return found == m_heads.end() ? -1 : static_cast<int>(found - m_heads.begin());
}

std::optional<QPointF> TreeView::positionOf(HeadId head) const {
    const int leaf = leafOf(head);
    if (leaf < 0) return std::nullopt;
    return at(m_nodes[static_cast<std::size_t>(leaf)]) + QPointF(0, kMarks / 2);
}

QPointF TreeView::mergePosition(int merge) const {
    return at(m_nodes[m_heads.size() + static_cast<std::size_t>(merge)]);
}

std::optional<HeadId> TreeView::headAt(const QPointF& position) const {
    const QRectF plot = plotArea();
    if (m_order.empty() || position.y() < plot.bottom() - 1 || position.x() < plot.left() ||
        position.x() >= plot.right())
        return std::nullopt;
    const auto place = static_cast<std::size_t>((position.x() - plot.left()) / plot.width() *
                                                static_cast<double>(m_order.size()));
    return m_heads[static_cast<std::size_t>(m_order[std::min(place, m_order.size() - 1)])];
}

int TreeView::nodeAt(const QPointF& position) const {
    int nearest = -1;
    double least = kReach;
    for (std::size_t node = m_heads.size(); node < m_nodes.size(); ++node) {
        const auto& here = m_nodes[node];
        const QPointF middle = at(here);
        const QPointF left = at(m_nodes[static_cast<std::size_t>(here.left)]),
                      right = at(m_nodes[static_cast<std::size_t>(here.right)]);
        if (position.x() < left.x() - 2 || position.x() > right.x() + 2) continue;
        const double away = std::abs(position.y() - middle.y());
        if (away < least) {
            least = away;
            nearest = static_cast<int>(node);
        }
    }
    return nearest;
}

std::vector<HeadId> TreeView::headsUnder(int node) const {
    std::vector<HeadId> heads;
    std::vector<int> open{node};
    while (!open.empty()) {
        const int next = open.back();
        open.pop_back();
        const auto& here = m_nodes[static_cast<std::size_t>(next)];
        if (here.left < 0) {
            heads.push_back(m_heads[static_cast<std::size_t>(next)]);
            continue;
        }
        open.push_back(here.right);
        open.push_back(here.left);
    }
    return heads;
}

std::vector<HeadId> TreeView::branchAt(const QPointF& position) const {
    const int node = nodeAt(position);
    return node < 0 ? std::vector<HeadId>() : headsUnder(node);
}

void TreeView::paintEvent(QPaintEvent*) {
    const auto& p = ui::palette();
    QPainter painter(this);
    const QRectF plot = plotArea();
    painter.setFont(interfaceFont(11));
    if (m_nodes.empty()) return;
    const double step = tickStep(m_top);
    for (int tick = 0; tick * step <= m_top * 1.0001; ++tick) {
        const double y = std::round(plot.bottom() - tick * step / m_top * (plot.height() - 2)) + 0.5;
        painter.setPen(QPen(tick == 0 ? p.line : p.hairline, 1));
        painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y));
        painter.setPen(p.secondaryText);
        painter.drawText(QRectF(0, y - 8, kLeft - 6, 16), Qt::AlignRight | Qt::AlignVCenter,
                         tick == 0 ? QStringLiteral("0")
                                   : scoreText(tick * step, step < 0.1 ? 2
                                                            : step < 1 ? 1
                                                                       : 0));
    }
    painter.setRenderHint(QPainter::Antialiasing);
    const double leaf = plot.width() / static_cast<double>(m_heads.size());
    const double thick = leaf >= 6 ? 1.5 : 1;
    std::vector<bool> lit(m_nodes.size(), false);
    if (m_hoveredNode >= 0) {
        std::vector<int> open{m_hoveredNode};
        while (!open.empty()) {
            const auto node = static_cast<std::size_t>(open.back());
            open.pop_back();
            lit[node] = true;
            if (m_nodes[node].left < 0) continue;
            open.push_back(m_nodes[node].left);
            open.push_back(m_nodes[node].right);
        }
    }
    for (std::size_t node = m_heads.size(); node < m_nodes.size(); ++node) {
        const auto& here = m_nodes[node];
        const QPointF left = at(m_nodes[static_cast<std::size_t>(here.left)]),
                      right = at(m_nodes[static_cast<std::size_t>(here.right)]), top = at(here);
        const QColor color = here.cluster >= 0 ? clusterColor(here.cluster) : p.secondaryText;
        painter.setPen(QPen(lit[node] ? p.text : color, lit[node] ? thick + 0.5 : thick));
        const QPointF corners[] = {left, {left.x(), top.y()}, {right.x(), top.y()}, right};
        painter.drawPolyline(corners, 4);
    }
    if (m_cut > 0) {
        const double y = std::round(plot.bottom() - m_cut / m_top * (plot.height() - 2)) + 0.5;
        painter.setPen(QPen(p.text, 1, Qt::DashLine));
        painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y));
    }
    const double mark = std::min(8.0, leaf - 1);
    for (const int head : m_order) {
        const auto& node = m_nodes[static_cast<std::size_t>(head)];
        const QPointF place = at(node) + QPointF(0, kMarks / 2);
        if (mark >= 4)
            drawClusterMark(painter, place, node.cluster, mark);
        else
            painter.fillRect(QRectF(place.x() - leaf / 2, place.y() - 3, leaf + 0.3, 6),
                             clusterColor(node.cluster));
        if (!labelled()) continue;
        painter.save();
        painter.translate(place.x(), place.y() + kMarks / 2 + 1);
        painter.rotate(-90);
        const HeadId id = m_heads[static_cast<std::size_t>(head)];
        painter.setPen(id == m_shown ? p.accent : p.secondaryText);
        painter.drawText(QRectF(-kLabels, -8, kLabels, 16), Qt::AlignRight | Qt::AlignVCenter, nameOf(id));
        painter.restore();
    }
    const auto ring = [&](HeadId head, const QColor& color, double width) {
        const auto place = positionOf(head);
        if (!place) return;
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(p.panel, width + 2));
        painter.drawEllipse(*place, 6, 6);
        painter.setPen(QPen(color, width));
        painter.drawEllipse(*place, 6, 6);
    };
    for (const auto head : m_chosen)
        if (head != m_shown) ring(head, p.text, 1);
    ring(m_shown, p.accent, 2);
    if (m_hovered) ring(*m_hovered, p.text, 1.5);
    if (m_keyboardFocus) {
        painter.setPen(QPen(p.accent, 2));
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 3, 3);
    }
}

void TreeView::hover(std::optional<HeadId> head, int node) {
    if (node != m_hoveredNode) update();
    m_hoveredNode = node;
    if (head == m_hovered) return;
    setHovered(head);
    emit headHovered(head);
}

void TreeView::mouseMoveEvent(QMouseEvent* event) {
    const auto head = headAt(event->position());
    hover(head, head ? -1 : nodeAt(event->position()));
}

void TreeView::leaveEvent(QEvent*) {
    hover(std::nullopt, -1);
}

void TreeView::mousePressEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton) return;
    if (const auto head = headAt(event->position())) return emit headClicked(*head, event->modifiers());
    if (const auto heads = branchAt(event->position()); !heads.empty())
        emit branchClicked(heads, event->modifiers());
}

void TreeView::keyPressEvent(QKeyEvent* event) {
    if (m_order.empty()) return QWidget::keyPressEvent(event);
    const int leaf = leafOf(m_hovered.value_or(m_shown));
    int place = leaf < 0 ? -1 : static_cast<int>(m_nodes[static_cast<std::size_t>(leaf)].place);
    switch (event->key()) {
        case Qt::Key_Left:
            --place;
            break;
        case Qt::Key_Right:
            ++place;
            break;
        case Qt::Key_Home:
            place = 0;
            break;
        case Qt::Key_End:
            place = static_cast<int>(m_order.size()) - 1;
            break;
        case Qt::Key_Return:
        case Qt::Key_Enter:
        case Qt::Key_Space:
            if (m_hovered) emit headClicked(*m_hovered, event->modifiers());
            return;
        default:
            return QWidget::keyPressEvent(event);
    }
    place = std::clamp(place, 0, static_cast<int>(m_order.size()) - 1);
    hover(m_heads[static_cast<std::size_t>(m_order[static_cast<std::size_t>(place)])], -1);
}

void TreeView::focusInEvent(QFocusEvent* event) {
    m_keyboardFocus = event->reason() == Qt::TabFocusReason || event->reason() == Qt::BacktabFocusReason;
    update();
}

void TreeView::focusOutEvent(QFocusEvent*) {
    m_keyboardFocus = false;
    update();
}

}  // namespace attnviz::ui
