// How a flow is drawn.
#include <QPaintEngine>
#include <QPainter>
#include <QPainterPath>
#include <algorithm>
#include <cmath>

#include "ui/theme/appearance.h"
#include "ui/widgets/flow_geometry.h"
#include "ui/widgets/flow_view.h"
#include "ui/widgets/token_text.h"

namespace attnviz::ui {
namespace {

constexpr int kManyLinks = 500;  // from here on the unlit ones are kept as a picture while on screen
constexpr double kLeastLight = 0.002, kUnlit = 0.3;

std::size_t at(int index) {
    return static_cast<std::size_t>(index);
}

QColor faint(QColor color, double opacity) {
    color.setAlphaF(static_cast<float>(std::clamp(opacity, 0.0, 1.0)));
    return color;
}

}  // namespace

void FlowView::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    // In a figure everything is drawn, and nobody's focus; on screen, and there alone, many links once.
    const QPaintEngine* engine = painter.paintEngine();
    const bool onScreen = engine && engine->type() == QPaintEngine::Raster && engine->paintDevice() &&
                          engine->paintDevice()->devicePixelRatioF() == devicePixelRatioF();
    if (!isEmpty() && !m_plot.isEmpty()) {
        if (onScreen && std::ssize(m_drawn) >= kManyLinks) {
            if (m_base.isNull() || m_base.devicePixelRatio() != devicePixelRatioF()) {
                m_base = QPixmap((QSizeF(size()) * devicePixelRatioF()).toSize());
                m_base.setDevicePixelRatio(devicePixelRatioF());
                m_base.fill(Qt::transparent);
                QPainter base(&m_base);
                base.setRenderHint(QPainter::Antialiasing);
                paintLinks(base);
            }
            painter.setOpacity(m_light.links.empty() ? 1 : kUnlit);
            painter.drawPixmap(0, 0, m_base);
            painter.setOpacity(1);
        } else {
            painter.setOpacity(m_light.links.empty() ? 1 : kUnlit);
            paintLinks(painter);
            painter.setOpacity(1);
        }
        if (!m_light.links.empty()) paintLight(painter);
        paintNodes(painter);
        paintNames(painter);
    }
    if (m_keyboardFocus && onScreen) {
        painter.setPen(QPen(ui::palette().accent, 2));
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 3, 3);
    }
}

// A ribbon of its width; what is thinner than `least` is a line of that width.
void FlowView::paintLink(QPainter& painter, int link, const QColor& color, double least) const {
    const auto& place = m_layout.links[at(link)];
    const int column = m_picture.graph->nodes[at(m_picture.graph->links[at(link)].lower)].column;
    const double left = columnLeft(column) + kFlowNodeWidth, right = columnLeft(column + 1);
    const double middle = (left + right) / 2, lower = m_plot.top() + place.lower,
                 upper = m_plot.top() + place.upper;
    QPainterPath path;
    if (place.width <= least) {
        path.moveTo(left, lower);
        path.cubicTo(middle, lower, middle, upper, right, upper);
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(color, least));
    } else {
        const double half = place.width / 2;
        path.moveTo(left, lower - half);
        path.cubicTo(middle, lower - half, middle, upper - half, right, upper - half);
        path.lineTo(right, upper + half);
        path.cubicTo(middle, upper + half, middle, lower + half, left, lower + half);
        path.closeSubpath();
        painter.setPen(Qt::NoPen);
        painter.setBrush(color);
    }
    painter.drawPath(path);
}

void FlowView::paintLinks(QPainter& painter) const {
    const auto& p = ui::palette();
    for (const int link : m_drawn) {
        const double value = m_picture.graph->links[at(link)].value;
        if (m_picture.oneLayer) {
            const double share = m_strongest > 0 ? value / m_strongest : 0;
            paintLink(painter, link, faint(p.accent, 0.12 + 0.75 * share), 0.6 + 2.4 * share);
        } else if (value <= 0) {
            paintLink(painter, link, faint(p.text, p.dark ? 0.11 : 0.13), 0.8);
        } else {
            // Less than a pixel: as faint as it is thin.
            const double thin = std::min(1.0, m_layout.links[at(link)].width);
            const QColor color = flows() ? p.accent : p.tableBar;
            paintLink(painter, link, faint(color, (p.dark ? 0.42 : 0.36) * std::max(0.5, thin)), 1);
        }
    }
}

void FlowView::paintLight(QPainter& painter) const {
    const auto& p = ui::palette();
    for (const int link : m_drawn) {
        const double share = m_light.links[at(link)];
        if (share < kLeastLight) continue;
        const double value = m_picture.graph->links[at(link)].value;
        const double least = m_picture.oneLayer && m_strongest > 0 ? 1 + 2.4 * value / m_strongest : 1;
        paintLink(painter, link, faint(p.accent, 0.18 + 0.62 * std::sqrt(share)), least);
    }
}

void FlowView::paintNodes(QPainter& painter) const {
    const auto& p = ui::palette();
    const bool lit = !m_light.nodes.empty();
    painter.setPen(Qt::NoPen);
    for (std::size_t node = 0; node < m_picture.graph->nodes.size(); ++node) {
        const auto& [column, token, share] = m_picture.graph->nodes[node];
        const bool chosen = lit ? m_light.nodes[node] >= kLeastLight : flows() && share > 0;
        const QRectF rect = rectOf(static_cast<int>(node));
        QColor color = chosen ? p.accent : flows() || lit ? p.controlOutline : p.secondaryText;
        if (token < 0) color = faint(color, 0.5);  // the others are nobody
        painter.fillRect(rect, color);
        if (static_cast<int>(node) == m_spot.node ||
            (m_lit == static_cast<int>(node) && m_spot == FlowSpot{})) {
            painter.setPen(QPen(p.text, 1));
            painter.setBrush(Qt::NoBrush);
            painter.drawRect(rect.adjusted(-1.5, -1.5, 1.5, 1.5));
            painter.setPen(Qt::NoPen);
        }
    }
}

void FlowView::paintNames(QPainter& painter) const {
    const auto& p = ui::palette();
    const bool lit = !m_light.nodes.empty();
    for (const auto& label : m_labels) {
        const auto& [column, token, share] = m_picture.graph->nodes[at(label.node)];
        const bool strong = isMarked(label.node) || (lit && m_light.nodes[at(label.node)] > 0.02) ||
                            (!lit && flows() && share >= 0.03);
        const QColor color = isMarked(label.node) ? p.accent : strong ? p.text : p.secondaryText;
        painter.setFont(token < 0 ? interfaceFont(kFlowFont)
                                  : tokenFont(kFlowFont, isMarked(label.node) ? QFont::Bold : QFont::Normal));
        QRectF place = label.place;
        if (!label.right && flows()) place.adjust(0, 0, -kFlowShareWidth, 0);
        drawTokenText(painter, place, (label.right ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter,
                      label.text, color, p.secondaryText);
        if (label.share.isEmpty()) continue;
        painter.setFont(interfaceFont(kFlowFont));
        painter.setPen(p.secondaryText);
        painter.drawText(label.place, Qt::AlignRight | Qt::AlignVCenter | Qt::TextSingleLine, label.share);
    }
    // Names of columns: every one, or every second, third, … so that they stand apart.
    painter.setFont(interfaceFont(kFlowFont));
    const QFontMetricsF metrics(painter.font());
    const int columns = m_picture.graph->columns;
    double widest = 0;
    for (const auto& name : m_picture.columnNames) widest = std::max(widest, metrics.horizontalAdvance(name));
    const double pitch = columns < 2 ? width() : (m_plot.width() - kFlowNodeWidth) / (columns - 1);
    const int step = std::max(1, static_cast<int>(std::ceil((widest + 8) / pitch)));
    for (int column = columns - 1; column >= 0; column -= step) {
        const bool current = m_picture.currentColumn == column;
        painter.setPen(current ? p.accent : p.secondaryText);
        const double middle =
            std::clamp(columnLeft(column) + kFlowNodeWidth / 2, widest / 2 + 2, width() - widest / 2 - 2);
        painter.drawText(QRectF(middle - widest, height() - kFlowNames + 3, 2 * widest, kFlowLine),
                         Qt::AlignCenter | Qt::TextSingleLine, m_picture.columnNames.value(column));
    }
}

}  // namespace attnviz::ui
