// One head's map inside a QCustomPlot: cells painted exactly, never smoothed, row 0 on top when the value
// axis is reversed. Key k covers [k, k + 1) of the key axis, query q covers [q, q + 1) of the value axis.
//
// Zoomed out, cells are pooled (maximum by default) to the power of two at which a pooled cell is at least
// one device pixel wide, so that a single bright cell is never lost. Values (tiles) and colours (the image of
// what is seen) are cached apart: another scale recolours and asks for nothing.
//
// Tiles are taken at once (`synchronous`: small maps, figures) or asked for through `requestTile`, whose
// answer comes back by tileReady; meanwhile a coarser tile or the head's overview stands in. Masked cells
// take their own ground. Nothing larger than a tile is ever asked for, and no more tiles are held than what
// is seen needs, or kHeldBytesACell for each cell that is seen; of a causal map none of the masked half.
#pragma once

#include <qcustomplot.h>

#include <QImage>
#include <functional>
#include <memory>
#include <vector>

#include "core/attention/difference_attention.h"
#include "core/base/lru_cache.h"
#include "ui/widgets/color_scale.h"

namespace attnviz::ui {

using TileValues = std::shared_ptr<const std::vector<float>>;

// The level at which a pooled cell is at least one device pixel; 0 is exact.
int levelForCellPixels(double devicePixelsPerCell);

class AttentionPlottable : public QCPAbstractPlottable {
    Q_OBJECT
 public:
    AttentionPlottable(QCPAxis* keyAxis, QCPAxis* queryAxis);

    void setMap(std::shared_ptr<const AttentionSource> source, HeadId head);
    void setScale(const ColorScale& scale);
    void setMaskedGround(const QColor& color);
    void setAloneGround(const QColor& color) { m_alone = color.rgb(); }  // of kAloneCell, in differences
    void setPooling(Pooling pooling);
    void setValuesShown(bool shown) { m_valuesShown = shown; }  // in cells from `kValueCellPixels` on
    void setValueFont(const QFont& font) { m_valueFont = font; }
    // True: tiles are computed while painting. For maps of a few tiles and for figures.
    void setSynchronous(bool synchronous) { m_synchronous = synchronous; }
    void setTileRequest(std::function<void(const TileKey&)> request) { m_request = std::move(request); }
    void tileReady(const TileKey& key, TileValues values);

    const ColorScale& scale() const { return m_scale; }
    const std::shared_ptr<const AttentionSource>& source() const { return m_source; }
    HeadId head() const { return m_head; }
    Pooling pooling() const { return m_pooling; }
    int level() const;                            // of what is seen now
    bool complete() const { return m_complete; }  // nothing stood in for a tile at the last painting
    std::size_t cachedBytes() const { return m_tiles.usedBytes(); }
    // What is seen, one pixel a cell of `level`; of `level` 0 the exact cells. Synchronous.
    QImage cells(int level) const;

    double selectTest(const QPointF& pos, bool onlySelectable, QVariant* details = nullptr) const override;
    QCPRange getKeyRange(bool& foundRange, QCP::SignDomain inSignDomain = QCP::sdBoth) const override;
    QCPRange getValueRange(bool& foundRange, QCP::SignDomain inSignDomain = QCP::sdBoth,
                           const QCPRange& inKeyRange = QCPRange()) const override;

    static constexpr double kValueCellPixels = 32;
    static constexpr int kHeldBytesACell = 6;
    std::size_t cellsSeen() const { return m_cellsSeen; }  // pooled ones, at the last painting

 protected:
    void draw(QCPPainter* painter) override;
    void drawLegendIcon(QCPPainter* painter, const QRectF& rect) const override;

 private:
    struct TileHash {
        std::size_t operator()(const TileKey& key) const;
    };
    struct Lines {
        std::vector<int> columns, rows;  // cell (of the level) by device pixel; -1 outside the map
    };

    TileValues tile(int level, int row, int column, bool ask);
    bool isMasked(int row, int column) const;
    void keepWhatIsSeen(const Lines& lines);
    void fillCells(int level, int row, int firstColumn, std::span<float> out, bool ask);
    void standIn(int level, int row, int firstColumn, std::span<float> out) const;
    QRgb colorOf(float value) const {
        return value == kMaskedCell ? m_masked : value == kAloneCell ? m_alone : m_scale.color(value);
    }
    QImage paintPixels(const Lines& lines, int level);
    void drawRaster(QCPPainter* painter);
    void drawVector(QCPPainter* painter);
    void drawValues(QCPPainter* painter);
    double devicePixelsPerCell() const;

    std::shared_ptr<const AttentionSource> m_source;
    HeadId m_head;
    ColorScale m_scale;
    QRgb m_masked = qRgb(0xF1, 0xF3, 0xF5), m_alone = m_masked;
    Pooling m_pooling = Pooling::max;
    bool m_valuesShown = true, m_synchronous = true, m_complete = true;
    QFont m_valueFont;
    std::function<void(const TileKey&)> m_request;
    LruCache<TileKey, TileValues, TileHash> m_tiles;
    std::size_t m_cellsSeen = 0;
};

}  // namespace attnviz::ui
