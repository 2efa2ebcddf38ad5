#include "ui/widgets/overview_image.h"

#include <algorithm>

namespace attnviz::ui {

QImage overviewImage(const Overview& overview, const ColorScale& scale, const QColor& masked) {
    QImage image(std::max(1, overview.columns), std::max(1, overview.rows), QImage::Format_RGB32);
    image.fill(masked.rgb());
    for (int row = 0; row < overview.rows; ++row)
        for (int column = 0; column < overview.columns; ++column)
            if (const float value = overview.maxAt(row, column); value != kMaskedCell)
                image.setPixel(column, row, scale.color(value));
    return image;
}

}  // namespace attnviz::ui
