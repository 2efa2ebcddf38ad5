#include "ui/panes/distance_charts.h"

#include <QBarCategoryAxis>
#include <QBarSet>
#include <QCategoryAxis>
#include <QLineSeries>
#include <QScatterSeries>
#include <QStackedBarSeries>
#include <QValueAxis>
#include <algorithm>
#include <cmath>

#include "ui/theme/appearance.h"
#include "ui/theme/chart_style.h"
#include "ui/widgets/chart_view.h"
#include "ui/widgets/number_text.h"

namespace attnviz::ui {
namespace {

constexpr int kMostPoints = 240, kDotted = 40;
constexpr double kReach = 9, kLabelHeight = 22;

// A range from 0 that ends a little above `largest`, so that a dot there is whole, with two to four labels,
// as the height has room: Qt writes "…" for labels that stand closer than they are high.
void rangeFromZero(QValueAxis& axis, double largest, const QChart& chart) {
    const double height = std::max(20.0, chart.plotArea().height());
    const double mostSteps = std::clamp(height / kLabelHeight, 1.2, 3.5);
    const double top = largest > 0 ? largest * (1 + std::max(0.06, 6 / height)) : 1;
    double tick = std::pow(10, std::floor(std::log10(top / mostSteps)));
    for (const double factor : {1.0, 2.0, 5.0, 10.0})
        if (top / (tick * factor) <= mostSteps) {
            tick *= factor;
            break;
        }
    axis.setRange(0, top);
    axis.setTickType(QValueAxis::TicksDynamic);
    axis.setTickAnchor(0);
    axis.setTickInterval(tick);
    const int decimals = std::clamp(static_cast<int>(std::ceil(-std::log10(tick) - 1e-9)), 0, 6);
    axis.setLabelFormat(QString("%.%1f").arg(decimals));
}

// 0, 1, 2, 5, 10, 20, 50, … as far as `last`; powers of ten alone where that is far, so that names have room.
std::vector<int> roundDistances(int last) {
    std::vector<int> out{0};
    for (int power = 1; power <= last; power *= 10)
        for (const int factor : {1, 2, 5})
            if (const int distance = power * factor; distance <= last && (factor == 1 || last < 100))
                out.push_back(distance);
    return out;
}

void styleView(ChartView& view) {
    styleChart(*view.chart());
    // The last name stands under the end of the axis.
    view.chart()->setMargins(QMargins(0, 0, 8, 0));
}

}  // namespace

ShareChart::ShareChart(const QString& name, QWidget* parent)
    : QObject(parent), m_view(new ChartView(name, parent)) {
    auto* series = new QStackedBarSeries(m_view->chart());
    for (auto*& part : m_parts) {
        part = new QBarSet({}, series);
        series->append(part);
    }
    series->setBarWidth(0.82);
    m_view->chart()->addSeries(series);
    m_layers = new QBarCategoryAxis(m_view->chart());
    m_share = new QValueAxis(m_view->chart());
    m_share->setRange(0, 1);
    m_share->setTickCount(3);
    m_share->setLabelFormat("%.1f");
    m_layers->setGridLineVisible(false);
    m_view->chart()->addAxis(m_layers, Qt::AlignBottom);
    m_view->chart()->addAxis(m_share, Qt::AlignLeft);
    series->attachAxis(m_layers);
    series->attachAxis(m_share);
}

QColor ShareChart::color(int part) {
    const auto& p = ui::palette();
    return part == 0   ? p.accent
           : part == 1 ? mixed(p.panel, p.accent, 0.52)
                       : mixed(p.panel, p.secondaryText, 0.38);
}

void ShareChart::style() {
    styleView(*m_view);
    for (int part = 0; part < 3; ++part) {
        m_parts[part]->setColor(color(part));
        m_parts[part]->setBorderColor(Qt::transparent);
        m_parts[part]->setPen(Qt::NoPen);
    }
    setChosen(m_chosen);
}

void ShareChart::setShares(const std::vector<LayerPositions>& layers) {
    m_count = static_cast<int>(layers.size());
    for (auto* part : m_parts) part->remove(0, part->count());
    QStringList names;
    // Names that have no room are left empty; categories must differ, so they are blanks of different length.
    const int step = std::max(1, (m_count + 15) / 16);
    for (int layer = 0; layer < m_count; ++layer) {
        const auto& shares = layers[static_cast<std::size_t>(layer)];
        *m_parts[0] << shares.local;
        *m_parts[1] << shares.medium;
        *m_parts[2] << shares.global;
        names << (layer % step == 0 ? QString::number(layer) : QString(layer, QChar(0x200B)));
    }
    m_layers->setCategories(names);
    setChosen(m_chosen);
}

void ShareChart::setChosen(int layer) {
    m_chosen = layer;
    const auto& p = ui::palette();
    for (auto* part : m_parts) {
        part->deselectAllBars();
        part->setSelectedColor(QColor());
    }
    // The layer's own number says it too: bars alone would say it by colour.
    m_layers->setLabelsBrush(p.secondaryText);
    if (layer < 0 || layer >= m_count) return;
    for (int part = 0; part < 3; ++part) {
        m_parts[part]->setSelectedColor(mixed(color(part), p.text, 0.34));
        m_parts[part]->selectBar(layer);
    }
}

std::optional<int> ShareChart::layerAt(const QPointF& position) const {
    const QRectF area = m_view->chart()->plotArea();
    if (m_count == 0 || position.x() < area.left() || position.x() >= area.right() ||
        position.y() < area.top() || position.y() > area.bottom() + 20)
        return std::nullopt;
    return std::clamp(static_cast<int>((position.x() - area.left()) / area.width() * m_count), 0,
                      m_count - 1);
}

QPointF ShareChart::positionOf(int layer) const {
    const QRectF area = m_view->chart()->plotArea();
    return {area.left() + (layer + 0.5) / std::max(1, m_count) * area.width(), area.center().y()};
}

ProfileChart::ProfileChart(const QString& name, QWidget* parent)
    : QObject(parent), m_view(new ChartView(name, parent)) {
    auto* chart = m_view->chart();
    m_head = new QLineSeries(chart);
    m_uniform = new QLineSeries(chart);
    m_points = new QScatterSeries(chart);
    m_points->setMarkerSize(5);
    m_distance = new QCategoryAxis(chart);
    m_distance->setLabelsPosition(QCategoryAxis::AxisLabelsPositionOnValue);
    m_distance->setGridLineVisible(false);
    m_weight = new QValueAxis(chart);
    chart->addAxis(m_distance, Qt::AlignBottom);
    chart->addAxis(m_weight, Qt::AlignLeft);
    for (QXYSeries* series : {static_cast<QXYSeries*>(m_uniform), static_cast<QXYSeries*>(m_head),
                              static_cast<QXYSeries*>(m_points)}) {
        chart->addSeries(series);
        series->attachAxis(m_distance);
        series->attachAxis(m_weight);
    }
    connect(chart, &QChart::plotAreaChanged, this, [this, chart] {
        // New labels move the plot's edge, which would ask for labels again.
        if (std::exchange(m_naming, true)) return;
        rangeFromZero(*m_weight, m_largest, *chart);
        nameDistances();
        m_naming = false;
    });
}

void ProfileChart::style() {
    const auto& p = ui::palette();
    styleView(*m_view);
    m_head->setPen(QPen(p.accent, 1.5));
    m_uniform->setPen(QPen(p.secondaryText, 1, Qt::DashLine));
    m_points->setColor(p.accent);
    m_points->setBorderColor(Qt::transparent);
}

double ProfileChart::place(double distance) const {
    return m_logarithmic ? std::log10(1 + distance) : distance;
}

void ProfileChart::setProfile(const std::vector<double>& weights, const std::vector<double>& uniform,
                              bool logarithmic) {
    m_weights = weights;
    m_even = uniform;
    m_logarithmic = logarithmic;
    m_binned = 1;
    QList<QPointF> head, even;
    double largest = 0;
    const auto count = static_cast<int>(weights.size());
    const double last = std::max(1e-9, place(std::max(1, count - 1)));
    // Neighbours that would fall on one another are one point, at their mean.
    for (int first = 0; first < count;) {
        int end = first + 1;
        while (count > kMostPoints && end < count && place(end) - place(first) < last / kMostPoints) ++end;
        double sum = 0, evenSum = 0, places = 0;
        int known = 0;
        for (int distance = first; distance < end; ++distance) {
            const double weight = weights[static_cast<std::size_t>(distance)];
            if (std::isnan(weight)) continue;
            sum += weight;
            evenSum += uniform[static_cast<std::size_t>(distance)];
            places += distance;
            ++known;
        }
        if (known > 0) {
            head << QPointF(place(places / known), sum / known);
            even << QPointF(place(places / known), evenSum / known);
            largest = std::max({largest, sum / known, evenSum / known});
            m_binned = std::max(m_binned, known);
        }
        first = end;
    }
    m_head->replace(head);
    m_uniform->replace(even);
    m_points->replace(head.size() <= kDotted ? head : QList<QPointF>());
    const double aside = last * 0.012;  // dots at the ends are whole
    m_distance->setRange(-aside, last + aside);
    m_distance->setStartValue(0);
    m_namedBreadth = -1;
    nameDistances();
    m_largest = largest;
    rangeFromZero(*m_weight, largest, *m_view->chart());
}

// As many names as the breadth has room for.
void ProfileChart::nameDistances() {
    const int breadth = static_cast<int>(m_view->chart()->plotArea().width());
    if (breadth == m_namedBreadth) return;
    m_namedBreadth = breadth;
    const auto count = static_cast<int>(m_weights.size());
    for (const QString& label : m_distance->categoriesLabels()) m_distance->remove(label);
    if (m_logarithmic) {
        for (const int distance : roundDistances(count - 1))
            m_distance->append(countText(distance), place(distance));
        return;
    }
    const int most = std::clamp(breadth / 30, 2, 9);
    int step = 1;
    for (const int wanted : {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10'000, 20'000})
        if (step = wanted; count / wanted <= most) break;
    for (int distance = 0; distance < count; distance += step)
        m_distance->append(countText(distance), distance);
}

std::optional<int> ProfileChart::distanceAt(const QPointF& position) const {
    const QRectF area = m_view->chart()->plotArea();
    if (m_weights.empty() || !area.adjusted(-4, -4, 4, 20).contains(position)) return std::nullopt;
    const double x = m_view->chart()->mapToValue(position, m_head).x();
    const double distance = m_logarithmic ? std::pow(10, x) - 1 : x;
    return std::clamp(static_cast<int>(std::lround(distance)), 0, static_cast<int>(m_weights.size()) - 1);
}

QPointF ProfileChart::positionOf(int distance) const {
    const double weight = m_weights.empty() ? 0 : m_weights[static_cast<std::size_t>(distance)];
    return m_view->chart()->mapToPosition({place(distance), std::isnan(weight) ? 0 : weight}, m_head);
}

std::optional<std::pair<double, double>> ProfileChart::at(int distance) const {
    const auto index = static_cast<std::size_t>(distance);
    if (index >= m_weights.size() || std::isnan(m_weights[index])) return std::nullopt;
    return std::pair(m_weights[index], m_even[index]);
}

HeadDots::HeadDots(const QString& name, QWidget* parent)
    : QObject(parent), m_view(new ChartView(name, parent)) {
    auto* chart = m_view->chart();
    m_all = new QScatterSeries(chart);
    m_others = new QScatterSeries(chart);
    m_shown = new QScatterSeries(chart);
    m_hovered = new QScatterSeries(chart);
    m_mean = new QLineSeries(chart);
    m_layerAxis = new QValueAxis(chart);
    m_valueAxis = new QValueAxis(chart);
    m_layerAxis->setLabelFormat("%.0f");
    m_layerAxis->setGridLineVisible(false);
    m_layerAxis->setTickType(QValueAxis::TicksDynamic);
    m_layerAxis->setTickAnchor(0);
    chart->addAxis(m_layerAxis, Qt::AlignBottom);
    chart->addAxis(m_valueAxis, Qt::AlignLeft);
    for (QXYSeries* series :
         {static_cast<QXYSeries*>(m_all), static_cast<QXYSeries*>(m_mean), static_cast<QXYSeries*>(m_others),
          static_cast<QXYSeries*>(m_shown), static_cast<QXYSeries*>(m_hovered)}) {
        chart->addSeries(series);
        series->attachAxis(m_layerAxis);
        series->attachAxis(m_valueAxis);
    }
    connect(chart, &QChart::plotAreaChanged, this, [this, chart] {
        if (std::exchange(m_naming, true)) return;
        rangeFromZero(*m_valueAxis, m_largest, *chart);
        m_naming = false;
    });
    m_all->setMarkerSize(5);
    m_others->setMarkerSize(7);
    m_shown->setMarkerSize(8);
    m_hovered->setMarkerSize(9);
}

void HeadDots::style() {
    const auto& p = ui::palette();
    styleView(*m_view);
    QColor dot = p.tableBar;
    dot.setAlpha(170);
    m_all->setColor(dot);
    m_all->setBorderColor(Qt::transparent);
    m_others->setColor(p.tableBar);
    m_others->setPen(QPen(p.text, 1));
    m_shown->setColor(p.accent);
    m_shown->setPen(QPen(p.panel, 1));
    m_hovered->setColor(Qt::transparent);
    m_hovered->setPen(QPen(p.text, 1.5));
    m_mean->setPen(QPen(p.text, 1.5));
}

// Side by side within the layer, so that dots of equal height are told apart.
QPointF HeadDots::valueOf(HeadId head) const {
    const double aside = m_heads > 1 ? (head.head / (m_heads - 1.0) - 0.5) * 0.5 : 0;
    const auto at = static_cast<std::size_t>(head.layer) * static_cast<std::size_t>(m_heads) +
                    static_cast<std::size_t>(head.head);
    return {head.layer + aside, at < m_values.size() ? m_values[at] : std::nan("")};
}

void HeadDots::setValues(int layers, int heads, std::vector<double> values) {
    m_layers = layers;
    m_heads = heads;
    m_values = std::move(values);
    QList<QPointF> all, mean;
    double largest = 0;
    for (int layer = 0; layer < layers; ++layer) {
        double sum = 0;
        int known = 0;
        for (int head = 0; head < heads; ++head) {
            const QPointF value = valueOf({layer, head});
            if (!std::isfinite(value.y())) continue;
            all << value;
            sum += value.y();
            ++known;
            largest = std::max(largest, value.y());
        }
        if (known > 0) mean << QPointF(layer, sum / known);
    }
    m_all->replace(all);
    m_mean->replace(mean);
    m_layerAxis->setRange(-0.5, std::max(1, layers) - 0.5);
    m_layerAxis->setTickInterval(std::max(1, (layers + 11) / 12));
    m_largest = largest;
    rangeFromZero(*m_valueAxis, largest, *m_view->chart());
}

void HeadDots::setChosen(const std::vector<HeadId>& chosen, HeadId shown, std::optional<HeadId> hovered) {
    const auto pointOf = [this](HeadId head) {
        const QPointF value = valueOf(head);
        return std::isfinite(value.y()) && head.layer < m_layers ? QList<QPointF>{value} : QList<QPointF>();
    };
    QList<QPointF> others;
    for (const auto head : chosen)
        if (head != shown) others << pointOf(head);
    m_others->replace(others);
    m_shown->replace(pointOf(shown));
    m_hovered->replace(hovered ? pointOf(*hovered) : QList<QPointF>());
}

QPointF HeadDots::positionOf(HeadId head) const {
    return m_view->chart()->mapToPosition(valueOf(head), m_all);
}

std::optional<HeadId> HeadDots::headAt(const QPointF& position) const {
    std::optional<HeadId> nearest;
    double least = kReach * kReach;
    for (int layer = 0; layer < m_layers; ++layer)
        for (int head = 0; head < m_heads; ++head) {
            if (!std::isfinite(valueOf({layer, head}).y())) continue;
            const QPointF away = positionOf({layer, head}) - position;
            const double distance = QPointF::dotProduct(away, away);
            if (distance < least) {
                least = distance;
                nearest = HeadId{layer, head};
            }
        }
    return nearest;
}

}  // namespace attnviz::ui
