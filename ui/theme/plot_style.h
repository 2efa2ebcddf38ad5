// One place that styles QCustomPlot: grounds, frame, grid and labels of the palette, fonts of the program.
#pragma once

class QCustomPlot;

namespace attnviz::ui {

enum class PlotFrame { axes, box };  // ticks with numbers on the left and below; or a frame alone

void stylePlot(QCustomPlot& plot, PlotFrame frame);

}  // namespace attnviz::ui
