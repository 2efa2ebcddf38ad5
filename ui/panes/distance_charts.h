// What the Positional pane draws: shares by layer, mean weight by distance, mean distance of every head.
// Values go in, clicks come out; nothing is computed here.
#pragma once

#include <QColor>
#include <QObject>
#include <QPointF>
#include <optional>
#include <utility>
#include <vector>

#include "core/analysis/positional.h"
#include "core/attention/attention_source.h"

class QBarCategoryAxis;
class QBarSet;
class QCategoryAxis;
class QLineSeries;
class QScatterSeries;
class QValueAxis;

namespace attnviz::ui {

class ChartView;

// Bars of local, medium and global shares, one a layer.
class ShareChart final : public QObject {
    Q_OBJECT
 public:
    ShareChart(const QString& name, QWidget* parent);
    ChartView* view() const { return m_view; }
    void setShares(const std::vector<LayerPositions>& layers);
    void setChosen(int layer);
    void style();
    std::optional<int> layerAt(const QPointF& position) const;
    QPointF positionOf(int layer) const;  // in the middle of its bar
    static QColor color(int part);        // 0 local, 1 medium, 2 global

 private:
    ChartView* m_view;
    QBarSet* m_parts[3];
    QBarCategoryAxis* m_layers;
    QValueAxis* m_share;
    int m_count = 0, m_chosen = -1;
};

// The profile of one head, and of a head that spreads evenly, dashed. Distances are thinned to means of
// neighbours where there are more than a line can show.
class ProfileChart final : public QObject {
    Q_OBJECT
 public:
    ProfileChart(const QString& name, QWidget* parent);
    ChartView* view() const { return m_view; }
    void setProfile(const std::vector<double>& weights, const std::vector<double>& uniform, bool logarithmic);
    void style();
    int binned() const { return m_binned; }  // the most distances that one point stands for
    // The distance at a place, and where its point is.
    std::optional<int> distanceAt(const QPointF& position) const;
    QPointF positionOf(int distance) const;
    // The head's weight and the even one; nothing where no cell has that distance.
    std::optional<std::pair<double, double>> at(int distance) const;

 private:
    double place(double distance) const;
    void nameDistances();
    ChartView* m_view;
    QLineSeries *m_head, *m_uniform;
    QScatterSeries* m_points;
    QCategoryAxis* m_distance;
    QValueAxis* m_weight;
    std::vector<double> m_weights, m_even;
    double m_largest = 0;
    bool m_logarithmic = false, m_naming = false;
    int m_binned = 1, m_namedBreadth = -1;
};

// A dot a head by layer, the layer's mean as a line.
class HeadDots final : public QObject {
    Q_OBJECT
 public:
    HeadDots(const QString& name, QWidget* parent);
    ChartView* view() const { return m_view; }
    // By layer and head; NaN is left out.
    void setValues(int layers, int heads, std::vector<double> values);
    void setChosen(const std::vector<HeadId>& chosen, HeadId shown, std::optional<HeadId> hovered);
    void style();
    std::optional<HeadId> headAt(const QPointF& position) const;
    QPointF positionOf(HeadId head) const;

 private:
    QPointF valueOf(HeadId head) const;
    ChartView* m_view;
    QScatterSeries *m_all, *m_others, *m_shown, *m_hovered;
    QLineSeries* m_mean;
    QValueAxis *m_layerAxis, *m_valueAxis;
    int m_layers = 0, m_heads = 0;
    double m_largest = 0;
    bool m_naming = false;
    std::vector<double> m_values;
};

}  // namespace attnviz::ui
