#include "ui/widgets/attention_plottable.h"

#include <algorithm>
#include <cmath>

#include "core/attention/filtered_attention.h"
#include "ui/theme/appearance.h"
#include "ui/widgets/number_text.h"

namespace attnviz::ui {
namespace {

constexpr std::size_t kTileFloats = static_cast<std::size_t>(kTileCells) * kTileCells;
constexpr std::size_t kTileBytes = kTileFloats * sizeof(float);
constexpr int kLargestVectorSide = 4096;

// Shared by all maps.
const TileValues& maskedTile() {
    static const TileValues kMasked = std::make_shared<const std::vector<float>>(kTileFloats, kMaskedCell);
    return kMasked;
}

// The first and the last of the cells that are seen; -1 where none is.
std::pair<int, int> seenOf(const std::vector<int>& cells) {
    int low = -1, high = -1;
    for (const int cell : cells) {
        if (cell < 0) continue;
        low = low < 0 ? cell : std::min(low, cell);
        high = std::max(high, cell);
    }
    return {low, high};
}

int cellsAt(int count, int level) {
    return (count + (1 << level) - 1) >> level;
}

}  // namespace

int levelForCellPixels(double devicePixelsPerCell) {
    int level = 0;
    for (double pixels = devicePixelsPerCell; pixels < 0.999 && level < 20; pixels *= 2) ++level;
    return level;
}

std::size_t AttentionPlottable::TileHash::operator()(const TileKey& key) const {
    std::size_t hash = 0;
    for (const int part :
         {key.head.layer, key.head.head, key.level, key.row, key.column, static_cast<int>(key.pooling)})
        hash = hash * 1'000'003 + static_cast<std::size_t>(part);
    return hash;
}

AttentionPlottable::AttentionPlottable(QCPAxis* keyAxis, QCPAxis* queryAxis)
    : QCPAbstractPlottable(keyAxis, queryAxis), m_valueFont(interfaceFont(11)), m_tiles(kTileBytes) {
    setSelectable(QCP::stNone);
    removeFromLegend();
}

void AttentionPlottable::setMap(std::shared_ptr<const AttentionSource> source, HeadId head) {
    if (source != m_source) m_tiles.clear();
    m_source = std::move(source);
    m_head = head;
}

void AttentionPlottable::setScale(const ColorScale& scale) {
    m_scale = scale;
}

void AttentionPlottable::setMaskedGround(const QColor& color) {
    m_masked = color.rgb();
}

void AttentionPlottable::setPooling(Pooling pooling) {
    m_pooling = pooling;
}

void AttentionPlottable::tileReady(const TileKey& key, TileValues values) {
    if (values && values->size() == kTileFloats) m_tiles.insert(key, std::move(values), kTileBytes);
}

// The smaller side of a cell.
double AttentionPlottable::devicePixelsPerCell() const {
    const auto *keys = mKeyAxis.data(), *queries = mValueAxis.data();
    if (!keys || !queries || keys->range().size() <= 0 || queries->range().size() <= 0) return 1;
    const double cell = std::min(keys->axisRect()->width() / keys->range().size(),
                                 queries->axisRect()->height() / queries->range().size());
    return cell * mParentPlot->bufferDevicePixelRatio();
}

int AttentionPlottable::level() const {
    return levelForCellPixels(devicePixelsPerCell());
}

// Right of the diagonal of a causal map: the same everywhere, neither computed nor held.
bool AttentionPlottable::isMasked(int row, int column) const {
    return column > row && m_source->info().visibility.causal();
}

void AttentionPlottable::keepWhatIsSeen(const Lines& lines) {
    const auto [firstColumn, lastColumn] = seenOf(lines.columns);
    const auto [firstRow, lastRow] = seenOf(lines.rows);
    m_cellsSeen = 0;
    if (firstColumn < 0 || firstRow < 0) return;
    std::size_t needed = 0;
    for (int row = firstRow / kTileCells; row <= lastRow / kTileCells; ++row)
        for (int column = firstColumn / kTileCells; column <= lastColumn / kTileCells; ++column)
            needed += isMasked(row, column) ? 0 : kTileBytes;
    m_cellsSeen = static_cast<std::size_t>(lastColumn - firstColumn + 1) *
                  static_cast<std::size_t>(lastRow - firstRow + 1);
    m_tiles.setBudget(std::max(needed, m_cellsSeen * kHeldBytesACell));
}

// The tile's values; null where it has to come first (then it was asked for, if `ask`).
TileValues AttentionPlottable::tile(int level, int row, int column, bool ask) {
    if (isMasked(row, column)) return maskedTile();
    const TileKey key{m_head, level, row, column, m_pooling};
    if (auto found = m_tiles.find(key)) return *found;
    if (!ask) return nullptr;
    if (!m_synchronous) {
        if (m_request) m_request(key);
        return nullptr;
    }
    auto values = std::make_shared<std::vector<float>>(kTileFloats);
    if (!m_source->tile(key, *values, {})) return nullptr;
    tileReady(key, values);
    return values;
}

// Cells [firstColumn, firstColumn + out.size()) of one row of a level.
void AttentionPlottable::fillCells(int level, int row, int firstColumn, std::span<float> out, bool ask) {
    const int tileRow = row / kTileCells, inTile = row % kTileCells;
    std::size_t done = 0;
    while (done < out.size()) {
        const int column = firstColumn + static_cast<int>(done);
        const auto count = std::min<std::size_t>(out.size() - done,
                                                 static_cast<std::size_t>(kTileCells - column % kTileCells));
        if (const auto values = tile(level, tileRow, column / kTileCells, ask)) {
            const float* from =
                values->data() + static_cast<std::size_t>(inTile) * kTileCells + column % kTileCells;
            std::copy_n(from, count, out.begin() + static_cast<std::ptrdiff_t>(done));
        } else {
            m_complete = false;
            standIn(level, row, column, out.subspan(done, count));
        }
        done += count;
    }
}

void AttentionPlottable::standIn(int level, int row, int firstColumn, std::span<float> out) const {
    // Painting never waits for an overview: without one, the ground stands in.
    if (!overviewIsThere(*m_source, m_head)) {
        std::ranges::fill(out, kMaskedCell);
        return;
    }
    const auto& info = m_source->info();
    const auto& overview = m_source->overview(m_head);
    const auto& values = m_pooling == Pooling::max ? overview.max : overview.mean;
    if (overview.rows == 0 || overview.columns == 0) {
        std::ranges::fill(out, kMaskedCell);
        return;
    }
    const auto part = [](std::int64_t cell, int parts, int whole) {
        return static_cast<int>(std::min<std::int64_t>(parts - 1, cell * parts / std::max(1, whole)));
    };
    const int overviewRow = part(static_cast<std::int64_t>(row) << level, overview.rows, info.queries);
    for (std::size_t i = 0; i < out.size(); ++i) {
        const auto key = (static_cast<std::int64_t>(firstColumn) + static_cast<std::int64_t>(i)) << level;
        const int column = part(key, overview.columns, info.keys);
        out[i] = values[static_cast<std::size_t>(overviewRow) * overview.columns + column];
    }
}

QImage AttentionPlottable::paintPixels(const Lines& lines, int level) {
    const int width = static_cast<int>(lines.columns.size()), height = static_cast<int>(lines.rows.size());
    QImage image(width, height, QImage::Format_ARGB32_Premultiplied);
    const auto [first, last] = seenOf(lines.columns);
    if (first < 0) {
        image.fill(Qt::transparent);
        return image;
    }
    std::vector<float> values(static_cast<std::size_t>(last - first + 1));
    std::vector<QRgb> colors(values.size());
    int painted = -2;
    for (int y = 0; y < height; ++y) {
        auto* line = reinterpret_cast<QRgb*>(image.scanLine(y));
        const int row = lines.rows[static_cast<std::size_t>(y)];
        if (row >= 0 && row == painted) {
            std::copy_n(reinterpret_cast<const QRgb*>(image.constScanLine(y - 1)), width, line);
            continue;
        }
        painted = row;
        if (row < 0) {
            std::fill_n(line, width, QRgb(0));
            continue;
        }
        fillCells(level, row, first, values, true);
        std::ranges::transform(values, colors.begin(), [this](float value) { return colorOf(value); });
        for (int x = 0; x < width; ++x) {
            const int column = lines.columns[static_cast<std::size_t>(x)];
            line[x] = column < 0 ? QRgb(0) : colors[static_cast<std::size_t>(column - first)];
        }
    }
    return image;
}

void AttentionPlottable::draw(QCPPainter* painter) {
    m_complete = true;
    if (!m_source || !mKeyAxis || !mValueAxis) return;
    if (m_head.layer >= m_source->layersReady()) {
        painter->fillRect(clipRect(), QColor::fromRgb(m_masked));
        return;
    }
    if (painter->modes().testFlag(QCPPainter::pmVectorized))
        drawVector(painter);
    else
        drawRaster(painter);
    if (m_valuesShown) drawValues(painter);
}

// Every device pixel of the axis rectangle takes the colour of the cell under its middle.
void AttentionPlottable::drawRaster(QCPPainter* painter) {
    const double ratio = mParentPlot->bufferDevicePixelRatio();
    const QRect area = mKeyAxis->axisRect()->rect();
    const int left = static_cast<int>(std::floor(area.left() * ratio)),
              top = static_cast<int>(std::floor(area.top() * ratio));
    const int right = static_cast<int>(std::ceil((area.left() + area.width()) * ratio));
    const int bottom = static_cast<int>(std::ceil((area.top() + area.height()) * ratio));
    const auto& info = m_source->info();
    const int shown = level();
    const auto cells = [&](const QCPAxis& axis, int begin, int end, int count) {
        std::vector<int> out(static_cast<std::size_t>(std::max(0, end - begin)));
        for (std::size_t i = 0; i < out.size(); ++i) {
            const double cell = std::floor(axis.pixelToCoord((begin + static_cast<double>(i) + 0.5) / ratio));
            out[i] = cell < 0 || cell >= count ? -1 : static_cast<int>(cell) >> shown;
        }
        return out;
    };
    const Lines lines{cells(*mKeyAxis, left, right, info.keys),
                      cells(*mValueAxis, top, bottom, info.queries)};
    keepWhatIsSeen(lines);
    QImage image = paintPixels(lines, shown);
    image.setDevicePixelRatio(ratio);
    painter->save();
    painter->setRenderHint(QPainter::SmoothPixmapTransform, false);
    painter->drawImage(QPointF(left / ratio, top / ratio), image);
    painter->restore();
}

// For SVG and PDF: one image pixel a cell, stretched by the reader without smoothing.
void AttentionPlottable::drawVector(QCPPainter* painter) {
    int shown = 0;
    while (std::max(mKeyAxis->range().size(), mValueAxis->range().size()) > (kLargestVectorSide << shown))
        ++shown;
    const QImage image = cells(shown);
    if (image.isNull()) return;
    const auto& info = m_source->info();
    const int stride = 1 << shown;
    const int firstKey = std::max(0, static_cast<int>(std::floor(mKeyAxis->range().lower))) / stride * stride;
    const int firstQuery =
        std::max(0, static_cast<int>(std::floor(mValueAxis->range().lower))) / stride * stride;
    const double endKey = std::min(info.keys, firstKey + image.width() * stride);
    const double endQuery = std::min(info.queries, firstQuery + image.height() * stride);
    const QRectF place =
        QRectF(QPointF(mKeyAxis->coordToPixel(firstKey), mValueAxis->coordToPixel(firstQuery)),
               QPointF(mKeyAxis->coordToPixel(endKey), mValueAxis->coordToPixel(endQuery)));
    const QRectF part(0, 0, (endKey - firstKey) / stride, (endQuery - firstQuery) / stride);
    painter->save();
    painter->setRenderHint(QPainter::SmoothPixmapTransform, false);
    painter->drawImage(place, image, part);
    painter->restore();
}

QImage AttentionPlottable::cells(int level) const {
    if (!m_source || m_head.layer >= m_source->layersReady()) return {};
    const auto& info = m_source->info();
    const auto span = [level](const QCPRange& range, int count) {
        const int begin = std::max(0, static_cast<int>(std::floor(range.lower))) >> level;
        const int end = cellsAt(std::clamp(static_cast<int>(std::ceil(range.upper)), 0, count), level);
        return std::pair(begin, end);
    };
    const auto [firstColumn, endColumn] = span(mKeyAxis->range(), info.keys);
    const auto [firstRow, endRow] = span(mValueAxis->range(), info.queries);
    if (endColumn <= firstColumn || endRow <= firstRow) return {};
    QImage image(endColumn - firstColumn, endRow - firstRow, QImage::Format_RGB32);
    image.fill(m_masked);
    std::vector<float> tile(kTileFloats);
    for (int tileRow = firstRow / kTileCells; tileRow * kTileCells < endRow; ++tileRow)
        for (int tileColumn = firstColumn / kTileCells; tileColumn * kTileCells < endColumn; ++tileColumn) {
            if (!m_source->tile({m_head, level, tileRow, tileColumn, m_pooling}, tile, {})) continue;
            for (int row = std::max(firstRow, tileRow * kTileCells);
                 row < std::min(endRow, (tileRow + 1) * kTileCells); ++row) {
                auto* line = reinterpret_cast<QRgb*>(image.scanLine(row - firstRow));
                const float* from = tile.data() + static_cast<std::size_t>(row % kTileCells) * kTileCells;
                for (int column = std::max(firstColumn, tileColumn * kTileCells);
                     column < std::min(endColumn, (tileColumn + 1) * kTileCells); ++column)
                    line[column - firstColumn] = colorOf(from[column % kTileCells]);
            }
        }
    return image;
}

void AttentionPlottable::drawValues(QCPPainter* painter) {
    const double ratio = mParentPlot->bufferDevicePixelRatio();
    const double cell = devicePixelsPerCell() / ratio;
    if (cell < kValueCellPixels) return;
    const auto& info = m_source->info();
    const int firstKey = std::max(0, static_cast<int>(std::floor(mKeyAxis->range().lower)));
    const int endKey = std::min(info.keys, static_cast<int>(std::ceil(mKeyAxis->range().upper)));
    const int firstQuery = std::max(0, static_cast<int>(std::floor(mValueAxis->range().lower)));
    const int endQuery = std::min(info.queries, static_cast<int>(std::ceil(mValueAxis->range().upper)));
    if (endKey <= firstKey) return;
    std::vector<float> values(static_cast<std::size_t>(endKey - firstKey));
    painter->save();
    painter->setFont(m_valueFont);
    for (int query = firstQuery; query < endQuery; ++query) {
        fillCells(0, query, firstKey, values, true);
        for (int key = firstKey; key < endKey; ++key) {
            const float value = values[static_cast<std::size_t>(key - firstKey)];
            if (value == kMaskedCell || value == kAloneCell) continue;
            const QRectF place(QPointF(mKeyAxis->coordToPixel(key), mValueAxis->coordToPixel(query)),
                               QPointF(mKeyAxis->coordToPixel(key + 1), mValueAxis->coordToPixel(query + 1)));
            painter->setPen(readableOn(QColor::fromRgb(m_scale.color(value))));
            painter->drawText(place.normalized(), Qt::AlignCenter | Qt::TextSingleLine, cellText(value));
        }
    }
    painter->restore();
}

double AttentionPlottable::selectTest(const QPointF&, bool, QVariant*) const {
    return -1;
}

QCPRange AttentionPlottable::getKeyRange(bool& foundRange, QCP::SignDomain) const {
    foundRange = m_source != nullptr;
    return m_source ? QCPRange(0, m_source->info().keys) : QCPRange();
}

QCPRange AttentionPlottable::getValueRange(bool& foundRange, QCP::SignDomain, const QCPRange&) const {
    foundRange = m_source != nullptr;
    return m_source ? QCPRange(0, m_source->info().queries) : QCPRange();
}

void AttentionPlottable::drawLegendIcon(QCPPainter*, const QRectF&) const {}

}  // namespace attnviz::ui
