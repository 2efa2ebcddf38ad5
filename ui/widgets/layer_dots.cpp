#include "ui/widgets/layer_dots.h"

#include <QChartView>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineSeries>
#include <QMouseEvent>
#include <QPainter>
#include <QScatterSeries>
#include <QVBoxLayout>
#include <QValueAxis>
#include <algorithm>
#include <cmath>

#include "ui/theme/appearance.h"
#include "ui/theme/chart_style.h"
#include "ui/widgets/accessible_value.h"
#include "ui/widgets/pane_parts.h"

namespace attnviz::ui {
namespace {

constexpr double kReach = 9;  // pixels from a dot that still are the dot's

}  // namespace

LayerDots::LayerDots(const QString& title, const QString& caption, QWidget* parent) : QWidget(parent) {
    setAccessibleRole(*this, QAccessible::Chart);
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(title);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(4, 6, 4, 2);
    column->setSpacing(0);
    auto* heading = new QHBoxLayout;
    heading->setContentsMargins(8, 0, 8, 0);
    heading->addWidget(plainLabel(title, "strong", this));
    heading->addStretch(1);
    heading->addWidget(plainLabel(caption, "caption", this));
    column->addLayout(heading);

    m_chart = new QChart;
    m_heads = new QScatterSeries(m_chart);
    m_chosen = new QScatterSeries(m_chart);
    m_means = new QLineSeries(m_chart);
    m_layers = new QValueAxis(m_chart);
    m_values = new QValueAxis(m_chart);
    m_chart->addAxis(m_layers, Qt::AlignBottom);
    m_chart->addAxis(m_values, Qt::AlignLeft);
    for (QXYSeries* series : {static_cast<QXYSeries*>(m_heads), static_cast<QXYSeries*>(m_means),
                              static_cast<QXYSeries*>(m_chosen)}) {
        m_chart->addSeries(series);
        series->attachAxis(m_layers);
        series->attachAxis(m_values);
    }
    m_heads->setMarkerSize(6);
    m_chosen->setMarkerSize(9);
    m_layers->setLabelFormat("%.0f");
    m_layers->setGridLineVisible(false);
    for (auto* axis : {m_layers, m_values}) {
        axis->setTickType(QValueAxis::TicksDynamic);
        axis->setTickAnchor(0);
    }
    auto* view = new QChartView(m_chart, this);
    view->setRenderHint(QPainter::Antialiasing);
    view->setFrameShape(QFrame::NoFrame);
    view->setBackgroundBrush(Qt::NoBrush);
    view->setStyleSheet("background: transparent");
    view->setFocusPolicy(Qt::NoFocus);
    view->setMinimumHeight(70);
    m_viewport = view->viewport();
    m_viewport->installEventFilter(this);
    m_viewport->setMouseTracking(true);
    column->addWidget(view, 1);
    connect(&Appearance::instance(), &Appearance::changed, this, &LayerDots::style);
    style();
}

void LayerDots::style() {
    const auto& p = ui::palette();
    styleChart(*m_chart);
    QColor dot = p.tableBar;
    dot.setAlpha(150);
    m_heads->setColor(dot);
    m_heads->setBorderColor(Qt::transparent);
    m_chosen->setColor(p.accent);
    m_chosen->setBorderColor(p.panel);
    m_means->setPen(QPen(p.text, 1.5));
}

// Side by side within the layer, so that dots of equal height are told apart.
QPointF LayerDots::pointOf(const LayerDot& dot) const {
    const double aside = m_headCount > 1 ? (dot.head.head / (m_headCount - 1.0) - 0.5) * 0.5 : 0;
    return {dot.head.layer + aside, dot.value};
}

void LayerDots::setRange(double low, double high) {
    if (!(high > low)) high = low + 1e-6;
    double tick = std::pow(10, std::floor(std::log10(high - low)));
    if ((high - low) / tick < 2) tick /= 4;
    if ((high - low) / tick > 4) tick *= 2;
    m_values->setRange(low, high);
    m_values->setTickInterval(tick);
    const int decimals = std::clamp(static_cast<int>(std::ceil(-std::log10(tick) - 1e-9)), 0, 6);
    const bool quarter =
        std::abs(tick * std::pow(10, decimals) - std::round(tick * std::pow(10, decimals))) > 1e-6;
    m_values->setLabelFormat(QString("%.%1f").arg(decimals + (quarter ? 1 : 0)));
}

void LayerDots::setDots(std::vector<LayerDot> dots, const std::vector<double>& means, bool fromZero) {
    m_dots = std::move(dots);
    m_layerCount = m_headCount = 1;
    double low = 1, high = 0;
    for (const auto& dot : m_dots) {
        m_layerCount = std::max(m_layerCount, dot.head.layer + 1);
        m_headCount = std::max(m_headCount, dot.head.head + 1);
        if (std::isnan(dot.value)) continue;
        low = std::min(low, dot.value);
        high = std::max(high, dot.value);
    }
    if (fromZero) low = 0;
    const double margin = std::max((high - low) * 0.06, 1e-4);
    setRange(fromZero ? 0 : low - margin, high + margin);
    m_layers->setRange(-0.5, m_layerCount - 0.5);
    m_layers->setTickInterval(std::max(1, (m_layerCount + 11) / 12));
    QList<QPointF> points, line;
    for (const auto& dot : m_dots)
        if (!std::isnan(dot.value)) points.append(pointOf(dot));
    for (std::size_t layer = 0; layer < means.size(); ++layer)
        if (!std::isnan(means[layer])) line.append({static_cast<double>(layer), means[layer]});
    m_heads->replace(points);
    m_means->replace(line);
    setChosen(m_head);
}

void LayerDots::setChosen(HeadId head) {
    m_head = head;
    const auto found = std::ranges::find(m_dots, head, &LayerDot::head);
    QList<QPointF> point;
    if (found != m_dots.end() && !std::isnan(found->value)) point.append(pointOf(*found));
    m_chosen->replace(point);
    setAccessibleValue(*this,
                       QString("L%1 H%2").arg(head.layer).arg(head.head) +
                           (point.isEmpty() ? QString() : QString(": %1").arg(found->value, 0, 'f', 4)));
}

QPointF LayerDots::positionOf(HeadId head) const {
    const auto found = std::ranges::find(m_dots, head, &LayerDot::head);
    if (found == m_dots.end()) return {};
    return m_viewport->mapTo(this, m_chart->mapToPosition(pointOf(*found), m_heads));
}

bool LayerDots::eventFilter(QObject* watched, QEvent* event) {
    if (watched != m_viewport ||
        (event->type() != QEvent::MouseButtonPress && event->type() != QEvent::MouseMove))
        return QWidget::eventFilter(watched, event);
    const auto* mouse = static_cast<QMouseEvent*>(event);
    const LayerDot* nearest = nullptr;
    double least = kReach * kReach;
    for (const auto& dot : m_dots) {
        if (std::isnan(dot.value)) continue;
        const QPointF away = m_chart->mapToPosition(pointOf(dot), m_heads) - mouse->position();
        if (const double distance = QPointF::dotProduct(away, away); distance <= least) {
            least = distance;
            nearest = &dot;
        }
    }
    m_viewport->setCursor(nearest ? Qt::PointingHandCursor : Qt::ArrowCursor);
    m_viewport->setToolTip(nearest ? QString("L%1 H%2: %3")
                                         .arg(nearest->head.layer)
                                         .arg(nearest->head.head)
                                         .arg(nearest->value, 0, 'f', 4)
                                   : QString());
    if (event->type() != QEvent::MouseButtonPress || mouse->button() != Qt::LeftButton) return false;
    setFocus(Qt::MouseFocusReason);
    if (nearest) emit headClicked(nearest->head, mouse->modifiers());
    return nearest != nullptr;
}

void LayerDots::keyPressEvent(QKeyEvent* event) {
    HeadId to = m_head;
    switch (event->key()) {
        case Qt::Key_Left:
            --to.layer;
            break;
        case Qt::Key_Right:
            ++to.layer;
            break;
        case Qt::Key_Up:
            --to.head;
            break;
        case Qt::Key_Down:
            ++to.head;
            break;
        default:
            return QWidget::keyPressEvent(event);
    }
    if (to.layer < 0 || to.head < 0 || to.layer >= m_layerCount || to.head >= m_headCount) return;
    setChosen(to);  // at once, so that the next key goes on from here
    emit headClicked(to, Qt::NoModifier);
}

void LayerDots::focusInEvent(QFocusEvent* event) {
    QWidget::focusInEvent(event);
    update();
}

void LayerDots::focusOutEvent(QFocusEvent* event) {
    QWidget::focusOutEvent(event);
    update();
}

void LayerDots::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.fillRect(rect(), ui::palette().panel);
    if (!hasFocus()) return;
    painter.setPen(QPen(ui::palette().accent, 2));
    painter.drawRect(rect().adjusted(1, 1, -1, -1));
}

}  // namespace attnviz::ui
