// How groups are told apart: by shape and by colour at once, ten of each, then again from the first.
#pragma once

#include <QColor>
#include <QPainterPath>
#include <QPointF>

class QPainter;

namespace attnviz::ui {

inline constexpr int kClusterMarks = 10;

// At least 3:1 on the panel, in either theme. The first three are the palette's.
QColor clusterColor(int cluster);
// Circle, square, triangle, diamond, … around (0, 0), about `size` across.
QPainterPath clusterMark(int cluster, double size);
void drawClusterMark(QPainter& painter, const QPointF& at, int cluster, double size);

}  // namespace attnviz::ui
