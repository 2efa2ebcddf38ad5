// Two maps and their difference side by side, each with its own tokens, all as large as one another, zoomed
// and moved together: a token of both texts stands at the same place of every map.
//
// Knows no workspace: it shows what it is given and says what happened. A cell is named by its place on the
// joint axes of both texts, so that the one under the pointer is marked in every map that has it. Tokens
// without a partner are bold, cells without one are hatched, cells that no query may see take the masked
// ground. Where cells are smaller than a device pixel, the one farthest from zero is kept.
//
// Gestures are the heatmap's: wheel at the pointer, drag, Shift-drag to a box, double click to fit, + - and
// 0, arrows from cell to cell. Tiles of long texts are asked for by tileWanted and come back by tileReady.
#pragma once

#include <qcustomplot.h>

#include <QStringList>
#include <QTimer>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "core/attention/attention_source.h"
#include "ui/widgets/attention_plottable.h"
#include "ui/widgets/cell.h"
#include "ui/widgets/color_scale.h"
#include "ui/widgets/token_axis.h"

namespace attnviz::ui {

class PaintedLayer;

struct CompareMap {
    QString mark, title;  // "A", "… little girl named …"; plain text
    std::shared_ptr<const AttentionSource> source;
    HeadId head;
    QStringList queries, keys;
    std::vector<bool> boldQueries, boldKeys;   // without a partner
    std::vector<int> jointQueries, jointKeys;  // of each row and column: its place on the joint axis
    // Of the difference, said along its axes instead of places; below 0: without a partner. Else empty.
    std::vector<int> queryNumbers, keyNumbers;
    bool difference = false;
};

class CompareView final : public QCustomPlot {
    Q_OBJECT
 public:
    explicit CompareView(QWidget* parent = nullptr);
    ~CompareView() override;

    // Keeps the zoom where the maps have the tokens they had.
    void setMaps(std::vector<CompareMap> maps);
    void setShown(std::vector<int> maps);  // which of them, by index
    void setScales(const ColorScale& weights, const ColorScale& differences);
    void setHovered(std::optional<Cell> joint);
    std::optional<Cell> hovered() const { return m_hovered; }
    const std::vector<CompareMap>& maps() const { return m_maps; }
    bool pooled() const;    // cells smaller than a pixel
    bool complete() const;  // nothing stood in for a tile at the last painting
    void tileReady(int map, const TileKey& key, TileValues values);

    double zoomed() const { return m_zoom; }  // 1: all is seen
    void zoom(double factor, std::optional<QPointF> around = {});
    void fit();

    QRectF mapRect(int map) const;                              // empty where it is not shown
    QRectF cellRect(int map, Cell joint) const;                 // likewise, and where the cell is out of view
    std::optional<Cell> cellAt(const QPointF& position) const;  // on the joint axes
    KeyRange seenQueries(int map) const;                        // its own that are in view, in part too
    KeyRange seenKeys(int map) const;
    QSize minimumSizeHint() const override { return {120, 60}; }

 signals:
    void hoverChanged(std::optional<attnviz::ui::Cell> joint);
    void cellClicked(attnviz::ui::Cell joint, Qt::KeyboardModifiers modifiers);
    void tileWanted(int map, const attnviz::TileKey& key);
    void viewChanged();  // zoom, place, or room

 protected:
    bool event(QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

 private:
    static constexpr double kTitle = 22;  // above a map and its labels
    enum class Drag { none, maybeClick, pan, box };
    struct Panel {  // of a map, shown or not
        QCPAxisRect* rect = nullptr;
        QCPAxis *keys = nullptr, *queries = nullptr;
        AttentionPlottable* cells = nullptr;
    };
    struct Placed {  // a map that is shown
        int map = 0;
        double cell = 1;  // pixels
        int font = 11;
        QRectF rect;
        TokenAxisLayout queries, keys;
    };
    struct Attempt;
    struct Range {  // what is seen, in own tokens
        QCPRange queries, keys;
    };

    // compare_placing.cpp
    void makePanels();
    enum class Room { fresh, kept };  // kept: labels take no less than they did
    void place(Room room);
    Attempt attempt(double left, double top, double width, double height) const;
    void putPanels();
    Range rangeOf(const CompareMap& map) const;
    double mostZoom() const;

    // compare_painting.cpp
    void dress();
    void paintFurniture(QCPPainter& painter);
    void paintMap(QCPPainter& painter, const Placed& placed) const;
    void paintHatches(QCPPainter& painter, const Placed& placed) const;
    void paintOverlay(QCPPainter& painter);
    void paintHovered(QCPPainter& painter, const Placed& placed) const;
    void paintBars(QCPPainter& painter) const;

    const Placed* placedAt(const QPointF& position) const;
    void anchor(const Placed& placed, const QPointF& position);  // what is there stays there
    void anchorAt(int map, const QPointF& position);
    void moved(Room room);
    void hoverBy(const QPointF& position);
    void follow(Cell joint);
    int pooledCells() const;
    Cell jointShape() const;
    std::optional<Cell> ownCell(const CompareMap& map, Cell joint) const;

    std::vector<CompareMap> m_maps;
    std::vector<Panel> m_panels;  // by map
    std::vector<int> m_shown;
    std::vector<Placed> m_placed;
    std::unique_ptr<PaintedLayer> m_furniture, m_overlay;
    std::set<std::pair<int, TileKey>> m_wanted;  // at the last painting, and not come yet
    QTimer m_someTiles;
    bool m_bars = true, m_keyLabels = true;
    ColorScale m_weights, m_differences;
    std::optional<Cell> m_hovered;
    bool m_keyboardFocus = false;

    double m_zoom = 1;
    QPointF m_anchor, m_anchoredAt;  // a joint place (key, query), and where it stands in a map, 0 to 1
    QPointF m_labelRoom, m_labels;   // left of the maps and above them: what labels may take, and do
    Drag m_drag = Drag::none;
    QPointF m_pressed, m_dragged;
    int m_pressedMap = -1;
};

}  // namespace attnviz::ui
