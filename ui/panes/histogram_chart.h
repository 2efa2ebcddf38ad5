// Weights by size: bars of one head, a line of all heads, as shares of their cells. Bins are of equal ratio;
// what lies below the smallest edge has a bin of its own, on the left. Values go in; nothing is computed
// here.
#pragma once

#include <QObject>
#include <QPointF>
#include <optional>
#include <vector>

#include "core/analysis/weight_spread.h"

class QAreaSeries;
class QCategoryAxis;
class QLineSeries;
class QValueAxis;

namespace attnviz::ui {

class ChartView;

class HistogramChart final : public QObject {
    Q_OBJECT
 public:
    struct Bin {
        double from = 0, to = 0;   // of weights; the first is from 0
        double head = 0, all = 0;  // shares of the cells; NaN where they are not counted
    };
    HistogramChart(const QString& name, QWidget* parent);
    ChartView* view() const { return m_view; }
    void setCounts(const std::optional<WeightHistogram>& head, const std::optional<WeightHistogram>& all);
    void style();
    const std::vector<Bin>& bins() const { return m_bins; }
    std::optional<int> binAt(const QPointF& position) const;
    QPointF positionOf(int bin) const;  // in its middle, on the axis

 private:
    void nameDecades();

    ChartView* m_view;
    QLineSeries *m_tops, *m_line;
    QAreaSeries* m_bars;
    QCategoryAxis* m_weight;
    QValueAxis* m_share;
    std::vector<Bin> m_bins;
    int m_perDecade = 2, m_namedStep = 0, m_namedPerDecade = 0;
    bool m_naming = false;
};

}  // namespace attnviz::ui
