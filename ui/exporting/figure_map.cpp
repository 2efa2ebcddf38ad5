#include "ui/exporting/figure_map.h"

#include <algorithm>

namespace attnviz::ui {

int levelForCells(int queries, int keys, int most) {
    int level = 0;
    while (((std::max(queries, keys) - 1) >> level) + 1 > std::max(1, most)) ++level;
    return level;
}

Result<QImage> mapImage(const FigurePanel& panel, const ColorScale& scale, int level, std::stop_token stop) {
    const AttentionInfo& info = panel.source->info();
    const int rows = ((info.queries - 1) >> level) + 1, columns = ((info.keys - 1) >> level) + 1;
    QImage image(columns, rows, QImage::Format_RGB32);
    if (image.isNull())
        return outOfMemory("the figure's map does not fit into memory", {},
                           "Choose a smaller size or resolution.");
    std::vector<float> values(static_cast<std::size_t>(kTileCells) * kTileCells);
    for (int tileRow = 0; tileRow * kTileCells < rows; ++tileRow)
        for (int tileColumn = 0; tileColumn * kTileCells < columns; ++tileColumn) {
            const TileKey key{panel.head, level, tileRow, tileColumn, Pooling::max};
            if (auto done = panel.source->tile(key, values, stop); !done) return done.error();
            const int width = std::min(kTileCells, columns - tileColumn * kTileCells);
            for (int row = 0; row < std::min(kTileCells, rows - tileRow * kTileCells); ++row) {
                auto* line = reinterpret_cast<QRgb*>(image.scanLine(tileRow * kTileCells + row)) +
                             tileColumn * kTileCells;
                const float* from = values.data() + static_cast<std::size_t>(row) * kTileCells;
                std::transform(from, from + width, line, [&](float value) {
                    return value == kMaskedCell ? kFigureMasked : scale.color(value);
                });
            }
        }
    return image;
}

}  // namespace attnviz::ui
