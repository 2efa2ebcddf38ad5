// A head's overview as an image, one pixel a cell: thumbnails of real patterns.
#pragma once

#include <QColor>
#include <QImage>

#include "core/attention/overview.h"
#include "ui/widgets/color_scale.h"

namespace attnviz::ui {

// The largest weight of each cell; cells with nothing visible take the masked ground.
QImage overviewImage(const Overview& overview, const ColorScale& scale, const QColor& masked);

}  // namespace attnviz::ui
