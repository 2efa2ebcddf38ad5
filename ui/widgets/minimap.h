// The whole map, small, with a frame around what is seen of it: drag the frame or click to move it. Knows no
// workspace.
#pragma once

#include <QImage>
#include <QWidget>
#include <optional>

#include "core/attention/visibility.h"
#include "ui/widgets/cell.h"

namespace attnviz::ui {

class Minimap final : public QWidget {
    Q_OBJECT
 public:
    explicit Minimap(QWidget* parent = nullptr);

    // `image` covers all queries (downwards) and keys.
    void setMap(QImage image, int queries, int keys);
    void setSeen(KeyRange queries, KeyRange keys);
    void setMarked(std::optional<Cell> cell);
    QRectF mapRect() const;
    QRectF frame() const;
    QSize sizeHint() const override { return {240, 240}; }

 signals:
    void moveAsked(attnviz::ui::Cell cell);  // to the middle of what is seen

 protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

 private:
    void moveTo(const QPointF& position);
    QImage m_image;
    int m_queries = 0, m_keys = 0;
    KeyRange m_seenQueries, m_seenKeys;
    std::optional<Cell> m_marked;
    QPointF m_grip;  // from the frame's middle
    bool m_keyboardFocus = false;
};

}  // namespace attnviz::ui
