// Two maps and their difference side by side, each with its own tokens, all as large as one another.
//
// Knows no workspace: it shows what it is given and says what happened. A cell is named by its place on the
// joint axes of both texts, so that the one under the pointer is marked in every map that has it. Tokens
// without a partner are bold, cells without one are hatched, cells that no query may see take the masked
// ground. Where cells are smaller than a device pixel, the one farthest from zero is kept.
#pragma once

#include <QImage>
#include <QStringList>
#include <QWidget>
#include <memory>
#include <optional>
#include <vector>

#include "ui/widgets/cell.h"
#include "ui/widgets/color_scale.h"
#include "ui/widgets/compare_grid.h"
#include "ui/widgets/token_axis.h"

namespace attnviz::ui {

struct CompareMap {
    QString mark, title;  // "A", "… little girl named …"; plain text
    std::shared_ptr<const CompareGrid> grid;
    QStringList queries, keys;
    std::vector<bool> boldQueries, boldKeys;    // without a partner
    std::vector<int> jointQueries, jointKeys;   // of each row and column: its place on the joint axis
    std::vector<int> queryNumbers, keyNumbers;  // said along the axes instead of places; empty: places
    bool difference = false;
};

class CompareView final : public QWidget {
    Q_OBJECT
 public:
    explicit CompareView(QWidget* parent = nullptr);

    void setMaps(std::vector<CompareMap> maps);
    void setShown(std::vector<int> maps);  // which of them, by index
    void setScales(const ColorScale& weights, const ColorScale& differences);
    void setHovered(std::optional<Cell> joint);
    std::optional<Cell> hovered() const { return m_hovered; }
    bool pooled() const;  // cells smaller than a pixel

    QRectF mapRect(int map) const;  // empty where it is not shown
    QRectF cellRect(int map, Cell joint) const;
    std::optional<Cell> cellAt(const QPointF& position) const;  // on the joint axes
    QSize minimumSizeHint() const override { return {120, 60}; }

 signals:
    void hoverChanged(std::optional<attnviz::ui::Cell> joint);
    void cellClicked(attnviz::ui::Cell joint, Qt::KeyboardModifiers modifiers);

 protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

 private:
    struct Placed {
        int map = 0;
        double cell = 1;  // pixels
        int stride = 1;   // cells that share a pixel of the image
        int font = 11;
        QRectF rect;
        TokenAxisLayout queries, keys;
    };
    struct Attempt;
    void place();
    Attempt attempt(double left, double top, double width, double height) const;
    QImage imageOf(const Placed& placed) const;
    void paintMap(QPainter& painter, const Placed& placed);
    void paintHatches(QPainter& painter, const Placed& placed) const;
    void paintHovered(QPainter& painter, const Placed& placed) const;
    void paintBars(QPainter& painter) const;
    Cell jointShape() const;
    std::optional<Cell> ownCell(const CompareMap& map, Cell joint) const;

    std::vector<CompareMap> m_maps;
    std::vector<int> m_shown;
    std::vector<Placed> m_placed;
    std::vector<QImage> m_images;  // by map; null: to be made
    bool m_bars = true, m_keyLabels = true;
    ColorScale m_weights, m_differences;
    std::optional<Cell> m_hovered;
    bool m_keyboardFocus = false;
};

}  // namespace attnviz::ui
