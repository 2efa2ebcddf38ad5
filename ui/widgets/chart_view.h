// A Qt Chart that answers to the pointer and the keyboard in the chart's own units, and is a calm part of a
// pane: no frame, no menu, the focus ring of everything else.
#pragma once

#include <QChartView>
#include <optional>

namespace attnviz::ui {

class ChartView final : public QChartView {
    Q_OBJECT
 public:
    ChartView(const QString& name, QWidget* parent);

    // For a screen reader: what is chosen, in words.
    void setDescription(const QString& description);

 signals:
    void clicked(const QPointF& position, Qt::KeyboardModifiers modifiers);
    void hovered(std::optional<QPointF> position);
    void stepped(int across, int up);  // arrow keys

 protected:
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    void drawForeground(QPainter* painter, const QRectF& rect) override;

 private:
    bool m_keyboardFocus = false;
};

}  // namespace attnviz::ui
