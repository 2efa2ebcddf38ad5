// A plot that stands among other widgets: on the screen QCustomPlot's own buffers, on a figure (SVG, PDF, a
// finer image) drawn anew, so that lines and text stay sharp.
#pragma once

#include <qcustomplot.h>

namespace attnviz::ui {

class FigurePlot : public QCustomPlot {
    Q_OBJECT
 public:
    using QCustomPlot::QCustomPlot;

 protected:
    void paintEvent(QPaintEvent* event) override;
};

}  // namespace attnviz::ui
