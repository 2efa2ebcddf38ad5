// One head's map with its tokens along both edges: square cells, row 0 on top, the exact value under the
// pointer, zoom at the pointer, pan, Shift-drag to a box, double click to fit. A click pins a cell, with Ctrl
// beside the others; dragging along an edge chooses tokens there.
//
// Knows no workspace: it shows what it is given and says what happened. Tokens are plain text everywhere.
#pragma once

#include <qcustomplot.h>

#include <QStringList>
#include <QTimer>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "core/attention/attention_source.h"
#include "ui/widgets/cell.h"
#include "ui/widgets/color_scale.h"
#include "ui/widgets/map_content.h"
#include "ui/widgets/token_axis.h"

namespace attnviz::ui {

class AttentionPlottable;
class PaintedLayer;

class HeatmapView final : public QCustomPlot {
    Q_OBJECT
 public:
    explicit HeatmapView(QWidget* parent = nullptr);
    ~HeatmapView() override;

    // Keeps the zoom when queries and keys are as many as before.
    void setMap(std::shared_ptr<const AttentionSource> source, HeadId head, const QStringList& queries,
                const QStringList& keys);
    void setScale(const ColorScale& scale);
    // Else "Query", "Key" and "weight".
    void setTitles(const QString& queries, const QString& keys, const QString& values);
    void setPooling(Pooling pooling);
    void setValuesShown(bool shown);
    void setMarginsShown(bool shown);
    void setHovered(std::optional<Cell> cell);
    void setPins(const std::vector<Cell>& pins);  // the latest last
    void setTokens(std::optional<KeyRange> queries, std::optional<KeyRange> keys);

    std::optional<Cell> hovered() const { return m_hovered; }
    std::optional<Cell> pinned() const {
        return m_pins.empty() ? std::nullopt : std::optional(m_pins.back());
    }
    AttentionPlottable& map() { return *m_map; }
    // Painted when the last of those that were asked for has come; meanwhile a few times a second.
    void tileReady(const TileKey& key, std::shared_ptr<const std::vector<float>> values);
    // The pooled cells under the hovered one: [first, last] of queries and keys.
    int pooledCells() const;
    double cellPixels() const;  // logical pixels of one cell as seen now
    QRect mapArea() const;
    std::optional<Cell> cellAt(const QPointF& position) const;
    QPointF positionOf(Cell cell) const;  // of a cell's middle
    const TokenAxisLayout& keyAxisLayout() const { return m_keyAxis; }
    const TokenAxisLayout& queryAxisLayout() const { return m_queryAxis; }

    KeyRange seenQueries() const;  // those that are in view, wholly or in part
    KeyRange seenKeys() const;
    void showCell(attnviz::ui::Cell cell);  // in the middle, as large as now
    void fit();                             // all but padding at the ends, which is never in view
    bool isFitted() const { return m_fitted; }
    void zoom(double factor, std::optional<QPointF> around = {});  // above 1 shows less
    void refresh();                                                // theme, tiles: paint all again

 signals:
    void hoverChanged();
    void pinRequested(std::optional<attnviz::ui::Cell> cell);
    void pinToggled(attnviz::ui::Cell cell);
    void tokensChosen(std::optional<attnviz::KeyRange> queries, std::optional<attnviz::KeyRange> keys);
    void viewChanged();  // zoom or pan
    void tileWanted(const attnviz::TileKey& key);

 protected:
    void resizeEvent(QResizeEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

 private:
    enum class Drag { none, maybeClick, pan, box, keys, queries };

    int queries() const;
    int keys() const;
    void placeMap();  // margins and ranges
    void setRanges(double keyLower, double queryLower, double keySpan);
    double leastSpan() const;
    void changed();
    void hoverBy(const QPointF& position);
    Drag edgeAt(const QPointF& position) const;  // keys, queries or none
    KeyRange tokensBetween(const QPointF& one, const QPointF& other, Drag edge) const;
    void paintTokens(QCPPainter& painter);

    // heatmap_painting.cpp
    void paintFurniture(QCPPainter& painter);
    void paintMargins(QCPPainter& painter);
    void paintOverlay(QCPPainter& painter);
    void paintHoverCard(QCPPainter& painter, Cell cell);
    QRectF rectOf(Cell cell, int pooled) const;

    AttentionPlottable* m_map;
    std::set<TileKey> m_wanted;  // at the last painting, and not come yet
    QTimer m_someTiles;
    std::unique_ptr<PaintedLayer> m_furniture, m_overlay;
    QStringList m_queryLabels, m_keyLabels;
    QString m_queryTitle = tr("Query"), m_keyTitle = tr("Key"), m_valueTitle = tr("weight");
    MapContent m_content;
    std::optional<Cell> m_hovered;
    std::vector<Cell> m_pins;
    std::optional<KeyRange> m_queryTokens, m_keyTokens;
    TokenAxisLayout m_keyAxis, m_queryAxis;
    bool m_marginsShown = true, m_fitted = true, m_keyboardFocus = false;
    Drag m_drag = Drag::none;
    QPointF m_pressed, m_dragged;
    QCPRange m_pressedKeys, m_pressedQueries;
};

}  // namespace attnviz::ui
