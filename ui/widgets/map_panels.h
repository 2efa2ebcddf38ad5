// Maps side by side on one scale: small multiples with linked zoom and a linked cell under the pointer.
//
// Knows no workspace: it shows what it is given and says what happened. Row 0 is on top; cells are square
// unless that made threads of the maps (three keys of twenty queries). Tiles that are not there are asked for
// by tileWanted and come back by tileReady; meanwhile the overview stands in. Wheel zooms all at the pointer,
// drag pans, double click fits; arrow keys move between panels.
#pragma once

#include <qcustomplot.h>

#include <memory>
#include <optional>
#include <vector>

#include "core/attention/attention_source.h"
#include "ui/widgets/attention_plottable.h"
#include "ui/widgets/cell.h"
#include "ui/widgets/color_scale.h"
#include "ui/widgets/map_content.h"

namespace attnviz::ui {

class PaintedLayer;

struct MapPanel {
    QString title, caption;  // "L2"; "0.955"; plain text
    std::shared_ptr<const AttentionSource> source;
    HeadId head;
    bool chosen = false, difference = false;  // of two maps: drawn on the diverging scale
};

class MapPanels final : public QCustomPlot {
    Q_OBJECT
 public:
    explicit MapPanels(QWidget* parent = nullptr);
    ~MapPanels() override;

    // Keeps the zoom where the maps are as large as before.
    void setPanels(std::vector<MapPanel> panels);
    void setCaptions(const QStringList& captions);  // by panel
    void setScales(const ColorScale& scale, const ColorScale& differences);
    void setPooling(Pooling pooling);
    void setHovered(std::optional<Cell> cell);
    void setChosen(const std::vector<bool>& chosen);
    const std::vector<MapPanel>& panels() const { return m_panels; }

    void tileReady(int panel, const TileKey& key, TileValues values);
    QRect panelRect(int panel) const;  // of its map
    std::optional<std::pair<int, Cell>> cellAt(const QPointF& position) const;
    void fit();
    // No more than is seen while maps of a readable size fit there; else of whole rows.
    int heightForWidth(int width) const override;

 signals:
    void tileWanted(int panel, const attnviz::TileKey& key);
    void panelClicked(int panel, Qt::KeyboardModifiers modifiers);
    void hoverChanged(std::optional<int> panel, std::optional<attnviz::ui::Cell> cell);

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
    struct Grid {
        int columns = 1, rows = 1;
        double side = 0, wide = 0, high = 0;  // of a map, and of its place with title and caption
    };
    double aspect() const;
    Grid fittingGrid(QSizeF room) const;
    Grid scrolledGrid(int width, int seen) const;
    void spread(Grid& grid, double width) const;
    double leastSide() const;
    int seenHeight() const;  // of the area that it is scrolled in
    void place();
    void setRanges(QCPRange keys, QCPRange queries);
    void paintFurniture(QCPPainter& painter);
    void describe();

    std::vector<MapPanel> m_panels;
    std::vector<QCPAxisRect*> m_rects;  // by panel
    std::vector<AttentionPlottable*> m_maps;
    std::unique_ptr<PaintedLayer> m_furniture;
    ColorScale m_scale, m_differences;
    Pooling m_pooling = Pooling::max;
    std::optional<Cell> m_hovered;
    MapContent m_content;
    QCPRange m_keys, m_queries;
    int m_focused = 0, m_columns = 1;
    double m_wordsWide = 0;  // of a title or caption
    bool m_keyboardFocus = false, m_fitted = true;
    std::optional<QPointF> m_pressed;
    bool m_dragged = false;
    QCPRange m_pressedKeys, m_pressedQueries;
};

}  // namespace attnviz::ui
