// A colour scale as a bar with a few round ticks, upright or lying. Painted where the caller says; also a
// lying widget for legends.
#pragma once

#include <QRectF>
#include <QString>
#include <QWidget>
#include <optional>
#include <vector>

#include "ui/widgets/color_scale.h"

class QPainter;

namespace attnviz::ui {

struct ColorBarTick {
    double zeroToOne = 0;
    QString text;
    bool operator==(const ColorBarTick&) const = default;
};
// At most `most` round values; the ends of the range always among them on a linear scale.
std::vector<ColorBarTick> colorBarTicks(const ColorScale& scale, int most);

struct ColorBarPaint {
    QRectF bar;
    bool upright = true;
    QColor text, line;
    std::optional<double> marker;  // a value: a triangle beside the bar
    int fontPixels = 11;
};
void paintColorBar(QPainter& painter, const ColorScale& scale, const ColorBarPaint& paint);

class ColorBar final : public QWidget {
 public:
    explicit ColorBar(QWidget* parent = nullptr);
    void setScale(const ColorScale& scale);
    QSize sizeHint() const override { return {200, 26}; }

 protected:
    void paintEvent(QPaintEvent* event) override;

 private:
    ColorScale m_scale;
};

}  // namespace attnviz::ui
