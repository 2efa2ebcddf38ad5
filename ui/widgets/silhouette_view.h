// The silhouette of every head, by cluster, largest first, with the mean as a dashed line; beside it the mean
// of every number of clusters, as small bars that choose it.
//
// Click a bar for its head, a name for all heads of the cluster, a bar "by k" for that many clusters. Up and
// down go through the heads, Enter chooses.
#pragma once

#include <QStringList>
#include <QWidget>
#include <optional>
#include <utility>
#include <vector>

#include "core/attention/attention_source.h"

namespace attnviz::ui {

class SilhouetteView final : public QWidget {
    Q_OBJECT
 public:
    struct Bar {
        HeadId head;
        double silhouette = 0;  // NaN is drawn as nothing
    };
    struct Cluster {
        QString title, detail;  // "uniform", "42 heads · 0.67"
        std::vector<Bar> bars;  // in the order of drawing
    };
    struct Silhouettes {
        std::vector<Cluster> clusters;
        double mean = 0;  // NaN: there are none, and the view says so
        std::vector<std::pair<int, double>> byCount;
    };

    explicit SilhouetteView(QWidget* parent = nullptr);
    void setSilhouettes(Silhouettes silhouettes);
    void setChosen(std::vector<HeadId> heads, HeadId shown);
    void setHovered(std::optional<HeadId> head);

    std::optional<HeadId> headAt(const QPointF& position) const;
    std::optional<QPointF> positionOf(HeadId head) const;  // in the middle of its bar
    QRectF countBar(int clusters) const;                   // where a click chooses that many; null: none
    QRectF labelOf(int cluster) const;
    QSize sizeHint() const override { return {360, 220}; }

 signals:
    void headClicked(attnviz::HeadId head, Qt::KeyboardModifiers modifiers);
    void headHovered(std::optional<attnviz::HeadId> head);
    void clusterClicked(int cluster, Qt::KeyboardModifiers modifiers);
    void countChosen(int clusters);

 protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    bool event(QEvent* event) override;

 private:
    struct Band {
        double top = 0, height = 0;
    };
    double labelWidth() const;
    bool countsShown() const;
    QRectF plotArea() const;
    QRectF countArea() const;
    std::vector<Band> bands() const;
    double toX(double silhouette) const;
    void paintBars(QPainter& painter, const QRectF& plot);
    void paintLabels(QPainter& painter);
    void paintCounts(QPainter& painter);
    void hover(std::optional<HeadId> head);

    Silhouettes m_shown;
    double m_low = -0.2, m_high = 1;
    std::vector<HeadId> m_chosen;
    HeadId m_head;
    std::optional<HeadId> m_hovered;
    bool m_keyboardFocus = false;
};

}  // namespace attnviz::ui
