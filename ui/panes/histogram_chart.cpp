#include "ui/panes/histogram_chart.h"

#include <QAreaSeries>
#include <QCategoryAxis>
#include <QLineSeries>
#include <QValueAxis>
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "ui/theme/appearance.h"
#include "ui/theme/chart_style.h"
#include "ui/widgets/chart_view.h"

namespace attnviz::ui {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
// Few cells in narrow bins are noise.
constexpr std::int64_t kFewCells = 2000;

std::vector<double> sharesOf(const std::optional<WeightHistogram>& counts, int together) {
    std::vector<double> shares(WeightHistogram::kBins / static_cast<std::size_t>(together) + 1, kNone);
    if (!counts || counts->cells() == 0) return shares;
    const auto cells = static_cast<double>(counts->cells());
    std::ranges::fill(shares, 0.0);
    shares[0] = static_cast<double>(counts->below) / cells;
    for (std::size_t bin = 0; bin < counts->counts.size(); ++bin)
        shares[1 + bin / static_cast<std::size_t>(together)] +=
            static_cast<double>(counts->counts[bin]) / cells;
    return shares;
}

// "10⁻⁵"
QString powerText(int exponent) {
    static const QString kDigits = QStringLiteral("⁰¹²³⁴⁵⁶⁷⁸⁹");
    return exponent == 0 ? QStringLiteral("1") : QStringLiteral("10⁻") + kDigits[-exponent];
}

}  // namespace

HistogramChart::HistogramChart(const QString& name, QWidget* parent)
    : QObject(parent), m_view(new ChartView(name, parent)) {
    auto* chart = m_view->chart();
    m_tops = new QLineSeries(chart);
    m_bars = new QAreaSeries(m_tops);
    m_bars->setParent(chart);
    m_line = new QLineSeries(chart);
    m_weight = new QCategoryAxis(chart);
    m_weight->setLabelsPosition(QCategoryAxis::AxisLabelsPositionOnValue);
    m_weight->setGridLineVisible(false);
    m_share = new QValueAxis(chart);
    m_share->setTickCount(3);
    chart->addAxis(m_weight, Qt::AlignBottom);
    chart->addAxis(m_share, Qt::AlignLeft);
    for (QAbstractSeries* series :
         {static_cast<QAbstractSeries*>(m_bars), static_cast<QAbstractSeries*>(m_line)}) {
        chart->addSeries(series);
        series->attachAxis(m_weight);
        series->attachAxis(m_share);
    }
    connect(chart, &QChart::plotAreaChanged, this, &HistogramChart::nameDecades);
}

void HistogramChart::style() {
    const auto& p = ui::palette();
    styleChart(*m_view->chart());
    m_view->chart()->setMargins(QMargins(2, 0, 8, 0));
    m_bars->setPen(Qt::NoPen);
    m_bars->setBrush(mixed(p.panel, p.accent, 0.75));
    m_line->setPen(QPen(p.text, 1.5));
}

void HistogramChart::setCounts(const std::optional<WeightHistogram>& head,
                               const std::optional<WeightHistogram>& all) {
    const bool few = !head || head->cells() < kFewCells;
    const int together = few ? 4 : 2, perDecade = WeightHistogram::kBinsPerDecade / together;
    const auto heads = sharesOf(head, together), alls = sharesOf(all, together);
    const auto& edges = WeightHistogram::edges();
    m_bins.clear();
    QList<QPointF> tops, line;
    double largest = 0;
    for (std::size_t bin = 0; bin < heads.size(); ++bin) {
        const auto edge = [&](std::size_t at) { return edges[at * static_cast<std::size_t>(together)]; };
        m_bins.push_back({bin == 0 ? 0 : edge(bin - 1), edge(bin), heads[bin], alls[bin]});
        const auto left = static_cast<double>(bin);
        if (std::isfinite(heads[bin])) {
            const double top = heads[bin] * 100;
            tops << QPointF(left + 0.05, 0) << QPointF(left + 0.05, top) << QPointF(left + 0.95, top)
                 << QPointF(left + 0.95, 0);
            largest = std::max(largest, top);
        }
        if (std::isfinite(alls[bin])) {
            line << QPointF(left, alls[bin] * 100) << QPointF(left + 1, alls[bin] * 100);
            largest = std::max(largest, alls[bin] * 100);
        }
    }
    m_tops->replace(tops);
    m_line->replace(line);
    m_perDecade = perDecade;
    nameDecades();
    m_weight->setRange(0, static_cast<double>(heads.size()));
    m_weight->setStartValue(0);
    const double step = largest > 50 ? 20 : largest > 10 ? 10 : 2;
    m_share->setRange(0, std::max(step, std::ceil(largest / step) * step));
    m_share->setLabelFormat(QStringLiteral("%.0f %%"));
}

// Every decade, every other one, or the ends, as the breadth has room.
void HistogramChart::nameDecades() {
    if (std::exchange(m_naming, true)) return;
    const double breadth = m_view->chart()->plotArea().width();
    // Other labels move the plot's edge, which asks again: what is named already is left alone.
    const int ticks = m_view->chart()->plotArea().height() >= 50 ? 3 : 2;
    if (m_share->tickCount() != ticks) m_share->setTickCount(ticks);
    const int step = breadth >= 250 ? 1 : breadth >= 150 ? 2 : 6;
    const bool named = step == std::exchange(m_namedStep, step) &&
                       m_perDecade == std::exchange(m_namedPerDecade, m_perDecade);
    if (!named)
        for (const QString& label : m_weight->categoriesLabels()) m_weight->remove(label);
    for (int decade = 0; !named && decade <= 6; decade += step)
        m_weight->append((decade == 0 ? QStringLiteral("≤") : QString()) + powerText(decade - 6),
                         1 + decade * m_perDecade);
    m_naming = false;
}

std::optional<int> HistogramChart::binAt(const QPointF& position) const {
    const QRectF area = m_view->chart()->plotArea();
    if (m_bins.empty() || !area.adjusted(0, -4, 0, 20).contains(position)) return std::nullopt;
    const auto count = static_cast<int>(m_bins.size());
    return std::clamp(static_cast<int>((position.x() - area.left()) / area.width() * count), 0, count - 1);
}

QPointF HistogramChart::positionOf(int bin) const {
    const QRectF area = m_view->chart()->plotArea();
    return {area.left() + (bin + 0.5) / std::max(1.0, static_cast<double>(m_bins.size())) * area.width(),
            area.bottom() - 2};
}

}  // namespace attnviz::ui
