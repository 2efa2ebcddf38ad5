#include "ui/widgets/silhouette_view.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QPainter>
#include <QToolTip>
#include <algorithm>
#include <cmath>

#include "ui/theme/appearance.h"
#include "ui/theme/cluster_marks.h"
#include "ui/widgets/accessible_value.h"
#include "ui/widgets/number_text.h"

namespace attnviz::ui {
namespace {

constexpr double kPad = 12, kTitle = 22, kAxis = 16, kGap = 6, kMark = 8, kCounts = 64, kCountText = 14,
                 kLeastPlot = 100;

}  // namespace

SilhouetteView::SilhouetteView(QWidget* parent) : QWidget(parent) {
    setAccessibleRole(*this, QAccessible::Chart);
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setMinimumSize(180, 60);
    setAccessibleName(tr("Silhouette of every head, by cluster"));
    connect(&Appearance::instance(), &Appearance::changed, this, qOverload<>(&QWidget::update));
}

void SilhouetteView::setSilhouettes(Silhouettes silhouettes) {
    m_shown = std::move(silhouettes);
    double low = 0, high = 0;
    for (const auto& cluster : m_shown.clusters)
        for (const auto& bar : cluster.bars)
            if (std::isfinite(bar.silhouette)) {
                low = std::min(low, bar.silhouette);
                high = std::max(high, bar.silhouette);
            }
    m_low = std::max(-1.0, std::floor(low * 5 - 1e-9) / 5);
    m_high = std::clamp(std::ceil(high * 5 + 1e-9) / 5, 0.2, 1.0);
    update();
}

void SilhouetteView::setChosen(std::vector<HeadId> heads, HeadId shown) {
    m_chosen = std::move(heads);
    m_head = shown;
    update();
}

void SilhouetteView::setHovered(std::optional<HeadId> head) {
    if (head == m_hovered) return;
    m_hovered = head;
    update();
}

double SilhouetteView::labelWidth() const {
    const QFontMetricsF metrics(interfaceFont(11));
    double words = 0;
    for (const auto& cluster : m_shown.clusters)
        words = std::max(
            {words, metrics.horizontalAdvance(cluster.title), metrics.horizontalAdvance(cluster.detail)});
    return std::clamp(words + kMark + 22, 72.0, std::max(84.0, width() * 0.36));
}

// Bars "by k" stand aside where the silhouettes keep room enough.
bool SilhouetteView::countsShown() const {
    return !m_shown.byCount.empty() && width() - labelWidth() - kCounts - 3 * kPad >= kLeastPlot;
}

QRectF SilhouetteView::plotArea() const {
    const double counts = countsShown() ? kCounts + kPad : 0;
    const double left = kPad + labelWidth(), top = kTitle + kAxis;
    return {left, top, std::max(20.0, width() - left - kPad - counts), std::max(10.0, height() - top - 6)};
}

QRectF SilhouetteView::countArea() const {
    if (!countsShown()) return {};
    const QRectF plot = plotArea();
    return {width() - kPad - kCounts, plot.top() + kCountText, kCounts,
            std::min(58.0, plot.height() - 2 * kCountText)};
}

double SilhouetteView::toX(double silhouette) const {
    const QRectF plot = plotArea();
    return plot.left() + (silhouette - m_low) / (m_high - m_low) * plot.width();
}

// As high as their heads are many; a lone head is seen too.
std::vector<SilhouetteView::Band> SilhouetteView::bands() const {
    const QRectF plot = plotArea();
    std::size_t heads = 0;
    for (const auto& cluster : m_shown.clusters) heads += cluster.bars.size();
    const double gap = std::min(kGap, plot.height() / std::max<double>(1, 4.0 * m_shown.clusters.size()));
    const double room =
        plot.height() - gap * static_cast<double>(std::max<std::size_t>(1, m_shown.clusters.size()) - 1);
    std::vector<Band> bands;
    double top = plot.top();
    for (const auto& cluster : m_shown.clusters) {
        const double height =
            heads == 0 ? 0 : room * static_cast<double>(cluster.bars.size()) / static_cast<double>(heads);
        bands.push_back({top, height});
        top += height + gap;
    }
    return bands;
}

QRectF SilhouetteView::labelOf(int cluster) const {
    const auto all = bands();
    const auto at = static_cast<std::size_t>(cluster);
    if (at >= all.size()) return {};
    return {0, all[at].top, plotArea().left() - 6, all[at].height};
}

QRectF SilhouetteView::countBar(int clusters) const {
    const QRectF area = countArea();
    const double step = area.width() / std::max<double>(1, static_cast<double>(m_shown.byCount.size()));
    for (std::size_t i = 0; i < m_shown.byCount.size() && !area.isNull(); ++i)
        if (m_shown.byCount[i].first == clusters)
            return {area.left() + static_cast<double>(i) * step, area.top(), step,
                    area.height() + kCountText};
    return {};
}

std::optional<QPointF> SilhouetteView::positionOf(HeadId head) const {
    const auto all = bands();
    for (std::size_t cluster = 0; cluster < all.size(); ++cluster) {
        const auto& bars = m_shown.clusters[cluster].bars;
        const auto found = std::ranges::find(bars, head, &Bar::head);
        if (found == bars.end()) continue;
        const double step = all[cluster].height / static_cast<double>(bars.size());
        const double value = std::isfinite(found->silhouette) ? found->silhouette : 0;
        return QPointF((toX(0) + toX(value)) / 2,
                       all[cluster].top + (static_cast<double>(found - bars.begin()) + 0.5) * step);
    }
    return std::nullopt;
}

std::optional<HeadId> SilhouetteView::headAt(const QPointF& position) const {
    const QRectF plot = plotArea();
    if (position.x() < plot.left() || position.x() > plot.right()) return std::nullopt;
    const auto all = bands();
    for (std::size_t cluster = 0; cluster < all.size(); ++cluster) {
        const auto& bars = m_shown.clusters[cluster].bars;
        const double inside = position.y() - all[cluster].top;
        if (bars.empty() || inside < 0 || inside >= all[cluster].height) continue;
        const auto at =
            static_cast<std::size_t>(inside / all[cluster].height * static_cast<double>(bars.size()));
        return bars[std::min(at, bars.size() - 1)].head;
    }
    return std::nullopt;
}

void SilhouetteView::paintEvent(QPaintEvent*) {
    const auto& p = ui::palette();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setFont(interfaceFont(11, QFont::DemiBold));
    painter.setPen(p.text);
    const QString title = tr("Silhouette");
    const QRectF heading(kPad, 0, width() - 2 * kPad, kTitle);
    painter.drawText(heading, Qt::AlignLeft | Qt::AlignVCenter, title);
    const double after = QFontMetricsF(painter.font()).horizontalAdvance(title) + 10;
    painter.setFont(interfaceFont(11));
    painter.setPen(p.secondaryText);
    painter.drawText(heading.adjusted(after, 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter,
                     std::isfinite(m_shown.mean) ? tr("mean %1").arg(scoreText(m_shown.mean))
                                                 : tr("one cluster has none"));
    const QRectF plot = plotArea();
    for (int tick = static_cast<int>(std::lround(m_low * 5)); tick <= std::lround(m_high * 5); ++tick) {
        const double step = plot.width() / std::max(1.0, (m_high - m_low) * 5);
        if (step < 34 && tick % 2 != 0) continue;
        const double x = std::round(toX(tick / 5.0)) + 0.5;
        painter.setPen(QPen(tick == 0 ? p.line : p.hairline, 1));
        painter.drawLine(QPointF(x, plot.top() - 2), QPointF(x, plot.bottom()));
        painter.setPen(p.secondaryText);
        painter.drawText(QRectF(x - 24, plot.top() - kAxis - 1, 48, kAxis - 2), Qt::AlignCenter,
                         tick == 0 ? QStringLiteral("0") : scoreText(tick / 5.0, 1));
    }
    paintBars(painter, plot);
    paintLabels(painter);
    paintCounts(painter);
    if (m_keyboardFocus) {
        painter.setPen(QPen(p.accent, 2));
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 3, 3);
    }
}

void SilhouetteView::paintBars(QPainter& painter, const QRectF& plot) {
    const auto& p = ui::palette();
    const auto all = bands();
    const double zero = toX(0);
    for (std::size_t cluster = 0; cluster < all.size(); ++cluster) {
        const auto& bars = m_shown.clusters[cluster].bars;
        const double step = all[cluster].height / std::max<double>(1, static_cast<double>(bars.size()));
        const double gap = step >= 3 ? 0.5 : 0;
        painter.setRenderHint(QPainter::Antialiasing, gap > 0);
        const auto rectOf = [&](std::size_t i) {
            const double value = std::isfinite(bars[i].silhouette) ? bars[i].silhouette : 0;
            const double x = toX(value), top = all[cluster].top + static_cast<double>(i) * step;
            // Thin bars overlap by a little, so that no seam shows between them.
            return QRectF(std::min(zero, x), top, std::max(0.75, std::abs(x - zero)),
                          std::max(0.75, step - gap + (gap > 0 ? 0 : 0.5)));
        };
        for (std::size_t i = 0; i < bars.size(); ++i)
            painter.fillRect(rectOf(i), clusterColor(static_cast<int>(cluster)));
        painter.setRenderHint(QPainter::Antialiasing, true);
        for (std::size_t i = 0; i < bars.size(); ++i) {
            const bool shown = bars[i].head == m_head, hovered = bars[i].head == m_hovered;
            const bool chosen = std::ranges::find(m_chosen, bars[i].head) != m_chosen.end();
            if (!shown && !hovered && !chosen) continue;
            const QRectF bar = rectOf(i);
            // A triangle at the left edge of the plot, and the bar itself in the mark's colour where thin.
            const QColor color = shown ? p.accent : p.text;
            if (hovered || shown) painter.fillRect(bar, color);
            const double y = bar.center().y(), x = plot.left() - 1;
            QPolygonF arrow;
            arrow << QPointF(x, y) << QPointF(x - 5, y - 3.5) << QPointF(x - 5, y + 3.5);
            painter.setPen(Qt::NoPen);
            painter.setBrush(color);
            painter.drawPolygon(arrow);
        }
    }
    if (std::isfinite(m_shown.mean)) {
        painter.setPen(QPen(p.text, 1, Qt::DashLine));
        const double x = std::round(toX(m_shown.mean)) + 0.5;
        painter.drawLine(QPointF(x, plot.top() - 2), QPointF(x, plot.bottom()));
    }
}

void SilhouetteView::paintLabels(QPainter& painter) {
    const auto& p = ui::palette();
    double free = 0;  // where the last name ended
    for (int cluster = 0; cluster < static_cast<int>(m_shown.clusters.size()); ++cluster) {
        const QRectF room = labelOf(cluster);
        const auto& shown = m_shown.clusters[static_cast<std::size_t>(cluster)];
        const bool both = room.height() >= 30;
        const double height = both ? 30 : 14;
        const double top = std::max(room.center().y() - height / 2, free);
        if (top + 14 > this->height() || top > room.bottom() + 8) continue;
        drawClusterMark(painter, QPointF(kPad + kMark / 2, top + 8), cluster, kMark);
        const QRectF line(kPad + kMark + 6, top, room.right() - kPad - kMark - 10, 15);
        painter.setFont(interfaceFont(11));
        painter.setPen(p.text);
        const QFontMetricsF metrics(painter.font());
        painter.drawText(line, Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine,
                         metrics.elidedText(shown.title, Qt::ElideRight, line.width()));
        painter.setPen(p.secondaryText);
        if (both)
            painter.drawText(line.translated(0, 15), Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine,
                             metrics.elidedText(shown.detail, Qt::ElideRight, line.width()));
        free = top + height;
    }
}

void SilhouetteView::paintCounts(QPainter& painter) {
    const QRectF area = countArea();
    if (area.isNull() || area.height() < 8) return;
    const auto& p = ui::palette();
    painter.setRenderHint(QPainter::Antialiasing, false);
    painter.setFont(interfaceFont(11));
    painter.setPen(p.secondaryText);
    painter.drawText(QRectF(area.left(), area.top() - kCountText - 2, area.width(), kCountText),
                     Qt::AlignLeft | Qt::AlignVCenter, tr("by k"));
    double most = 1e-9;
    for (const auto& [count, silhouette] : m_shown.byCount)
        if (std::isfinite(silhouette)) most = std::max(most, silhouette);
    const int now = static_cast<int>(m_shown.clusters.size());
    const QFontMetricsF metrics(painter.font());
    double free = area.left() - 8;
    const int last = m_shown.byCount.back().first;
    const double lastLeft =
        countBar(last).center().x() - metrics.horizontalAdvance(QString::number(last)) / 2;
    for (const auto& [count, silhouette] : m_shown.byCount) {
        const QRectF place = countBar(count);
        const double share = std::isfinite(silhouette) ? std::max(0.0, silhouette) / most : 0;
        const double high = std::max(1.0, share * area.height());
        painter.fillRect(QRectF(place.left(), area.bottom() - high, std::max(2.0, place.width() - 1.5), high),
                         count == now ? p.accent : p.tableBar);
        const QString text = QString::number(count);
        const double half = metrics.horizontalAdvance(text) / 2 + 1, x = place.center().x();
        const bool room = x - half >= free && (count == last || x + half + 2 < lastLeft);
        if (count != now && !(room && (count == m_shown.byCount.front().first || count == last))) continue;
        painter.setPen(count == now ? p.accent : p.secondaryText);
        painter.drawText(QRectF(x - 12, area.bottom() + 1, 24, kCountText), Qt::AlignCenter, text);
        free = x + half + 1;
    }
}

void SilhouetteView::hover(std::optional<HeadId> head) {
    if (head == m_hovered) return;
    setHovered(head);
    emit headHovered(head);
}

void SilhouetteView::mouseMoveEvent(QMouseEvent* event) {
    hover(headAt(event->position()));
}

void SilhouetteView::leaveEvent(QEvent*) {
    hover(std::nullopt);
}

void SilhouetteView::mousePressEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton) return;
    for (const auto& [count, silhouette] : m_shown.byCount)
        if (countBar(count).contains(event->position())) return emit countChosen(count);
    if (const auto head = headAt(event->position())) return emit headClicked(*head, event->modifiers());
    for (int cluster = 0; cluster < static_cast<int>(m_shown.clusters.size()); ++cluster)
        if (labelOf(cluster).contains(event->position()))
            return emit clusterClicked(cluster, event->modifiers());
}

void SilhouetteView::keyPressEvent(QKeyEvent* event) {
    std::vector<HeadId> order;
    for (const auto& cluster : m_shown.clusters)
        for (const auto& bar : cluster.bars) order.push_back(bar.head);
    if (order.empty()) return QWidget::keyPressEvent(event);
    const auto found = std::ranges::find(order, m_hovered.value_or(m_head));
    auto at = found == order.end() ? -1 : found - order.begin();
    switch (event->key()) {
        case Qt::Key_Up:
            --at;
            break;
        case Qt::Key_Down:
            ++at;
            break;
        case Qt::Key_Home:
            at = 0;
            break;
        case Qt::Key_End:
            at = std::ssize(order) - 1;
            break;
        case Qt::Key_Return:
        case Qt::Key_Enter:
        case Qt::Key_Space:
            if (m_hovered) emit headClicked(*m_hovered, event->modifiers());
            return;
        default:
            return QWidget::keyPressEvent(event);
    }
    hover(order[static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(at, 0, std::ssize(order) - 1))]);
}

bool SilhouetteView::event(QEvent* event) {
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        for (const auto& [count, silhouette] : m_shown.byCount)
            if (countBar(count).contains(help->pos())) {
                QToolTip::showText(
                    help->globalPos(),
                    tr("%1 clusters: mean silhouette %2").arg(count).arg(scoreText(silhouette)), this);
                return true;
            }
        QToolTip::hideText();
        return true;
    }
    return QWidget::event(event);
}

void SilhouetteView::focusInEvent(QFocusEvent* event) {
    m_keyboardFocus = event->reason() == Qt::TabFocusReason || event->reason() == Qt::BacktabFocusReason;
    update();
}

void SilhouetteView::focusOutEvent(QFocusEvent*) {
    m_keyboardFocus = false;
    update();
}

}  // namespace attnviz::ui
