// Heads as points in the plane, by cluster: colour and shape. One unit is as long across as up, for distances
// are what the picture is about.
//
// Click, Ctrl, Shift and a box drawn by dragging choose heads; the wheel zooms at the pointer, the middle
// button pans, a double click fits. Arrows go to the next point in their direction, Enter chooses it.
#pragma once

#include <optional>
#include <vector>

#include "core/attention/attention_source.h"
#include "ui/theme/plot_style.h"
#include "ui/widgets/figure_plot.h"

namespace attnviz::ui {

class ClusterMap final : public FigurePlot {
    Q_OBJECT
 public:
    struct Point {
        HeadId head;
        int cluster = 0;
        double x = 0, y = 0;
    };

    explicit ClusterMap(QWidget* parent = nullptr);
    ~ClusterMap() override;

    // `frame`: whether coordinates mean something (numbers on the axes) or only their distances do.
    void setPoints(std::vector<Point> points, PlotFrame frame);
    void setChosen(std::vector<HeadId> heads, HeadId shown);
    void setHovered(std::optional<HeadId> head);
    // For a screen reader, when the head under the keyboard changes.
    void fit();

    std::optional<HeadId> headAt(const QPointF& position) const;
    std::optional<QPointF> positionOf(HeadId head) const;

 signals:
    void headClicked(attnviz::HeadId head, Qt::KeyboardModifiers modifiers);
    void headHovered(std::optional<attnviz::HeadId> head);
    void headsBoxed(const std::vector<attnviz::HeadId>& heads, Qt::KeyboardModifiers modifiers);

 protected:
    void resizeEvent(QResizeEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

 private:
    class Overlay;
    enum class Drag { none, maybeClick, box, pan };
    void restyle();
    void keepSquare();
    void hoverBy(const QPointF& position);
    void goTo(QPointF direction);
    const Point* find(HeadId head) const;
    double markSize() const;

    std::vector<Point> m_points;
    PlotFrame m_frame = PlotFrame::box;
    std::vector<HeadId> m_chosen;
    HeadId m_shown;
    std::optional<HeadId> m_hovered;
    std::unique_ptr<Overlay> m_overlay;
    bool m_fitted = true, m_keyboardFocus = false;
    Drag m_drag = Drag::none;
    QPointF m_pressed, m_dragged;
};

}  // namespace attnviz::ui
