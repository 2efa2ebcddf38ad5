#include "ui/widgets/color_bar.h"

#include <QCoreApplication>
#include <QPainter>
#include <cmath>

#include "ui/theme/appearance.h"
#include "ui/widgets/accessible_value.h"
#include "ui/widgets/number_text.h"

namespace attnviz::ui {
namespace {

QString tickText(double value) {
    QString text = QString::number(value, 'g', 4);
    if (text.contains('e')) text = QString::number(value, 'g', 2).replace("e-0", "e-").replace("e+0", "e");
    return text.replace('-', QChar(0x2212));
}

}  // namespace

std::vector<ColorBarTick> colorBarTicks(const ColorScale& scale, int most) {
    std::vector<ColorBarTick> ticks;
    if (scale.logarithmic()) {
        const int first = static_cast<int>(std::ceil(std::log10(scale.low()) - 1e-9));
        const int last = static_cast<int>(std::floor(std::log10(scale.high()) + 1e-9));
        const int step = std::max(1, (last - first + most) / std::max(1, most));
        for (int power = last; power >= first; power -= step) {
            const double value = std::pow(10.0, power);
            const QString text = tickText(value);
            ticks.insert(ticks.begin(),
                         {scale.zeroToOne(value), scale.zeroToOne(value) <= 1e-9 ? "≤" + text : text});
        }
        return ticks;
    }
    const double span = scale.high() - scale.low();
    double step = std::pow(10.0, std::floor(std::log10(span / std::max(1, most))));
    for (const double factor : {1.0, 2.0, 2.5, 5.0, 10.0})
        if (span / (step * factor) <= most + 1e-9) {
            step *= factor;
            break;
        }
    const double nearest = step * 0.45;
    ticks.push_back({0, tickText(scale.low())});
    const double first = std::ceil(scale.low() / step + 1e-9) * step;
    const double end = scale.high() - 1e-12 * span;
    for (int index = 0; first + index * step < end; ++index) {
        const double value = first + index * step;
        if (value - scale.low() > nearest && scale.high() - value > nearest)
            ticks.push_back({scale.zeroToOne(value), tickText(std::abs(value) < 1e-12 ? 0 : value)});
    }
    ticks.push_back({1, tickText(scale.high())});
    return ticks;
}

void paintColorBar(QPainter& painter, const ColorScale& scale, const ColorBarPaint& paint) {
    painter.save();
    const QRectF& bar = paint.bar;
    QImage strip(paint.upright ? 1 : 256, paint.upright ? 256 : 1, QImage::Format_RGB32);
    for (int i = 0; i < 256; ++i)
        paint.upright ? strip.setPixel(0, 255 - i, scale.entry(i)) : strip.setPixel(i, 0, scale.entry(i));
    painter.setRenderHint(QPainter::SmoothPixmapTransform, false);
    painter.drawImage(bar, strip);
    painter.setFont(interfaceFont(paint.fontPixels));
    const double length = paint.upright ? bar.height() : bar.width();
    for (const auto& tick : colorBarTicks(scale, std::max(2, static_cast<int>(length / 90)))) {
        painter.setPen(paint.text);
        if (paint.upright) {
            const double y = bar.bottom() - tick.zeroToOne * bar.height();
            painter.drawLine(QPointF(bar.right() + 1, y), QPointF(bar.right() + 4, y));
            painter.drawText(QRectF(bar.right() + 7, y - 8, 60, 16), Qt::AlignLeft | Qt::AlignVCenter,
                             tick.text);
        } else {
            const double x = bar.left() + tick.zeroToOne * bar.width();
            const QRectF place = tick.zeroToOne <= 0   ? QRectF(x, bar.bottom() + 2, 60, 14)
                                 : tick.zeroToOne >= 1 ? QRectF(x - 60, bar.bottom() + 2, 60, 14)
                                                       : QRectF(x - 30, bar.bottom() + 2, 60, 14);
            const int side = tick.zeroToOne <= 0   ? Qt::AlignLeft
                             : tick.zeroToOne >= 1 ? Qt::AlignRight
                                                   : Qt::AlignHCenter;
            painter.drawText(place, side | Qt::AlignVCenter, tick.text);
        }
    }
    if (paint.marker) {
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(Qt::NoPen);
        painter.setBrush(paint.text);
        const double at = scale.zeroToOne(*paint.marker);
        if (paint.upright) {
            const double y = bar.bottom() - at * bar.height();
            painter.drawPolygon(
                QPolygonF({{bar.left() - 8, y - 4}, {bar.left() - 8, y + 4}, {bar.left() - 2, y}}));
        } else {
            const double x = bar.left() + at * bar.width();
            painter.drawPolygon(
                QPolygonF({{x - 4, bar.top() - 7}, {x + 4, bar.top() - 7}, {x, bar.top() - 1}}));
        }
    }
    painter.restore();
}

ColorBar::ColorBar(QWidget* parent) : QWidget(parent) {
    setAccessibleRole(*this, QAccessible::Graphic);
    setMinimumHeight(26);
    setMaximumHeight(26);
    setAccessibleName(QCoreApplication::translate("ColorBar", "Scale of the colours"));
    connect(&Appearance::instance(), &Appearance::changed, this, qOverload<>(&QWidget::update));
}

void ColorBar::setScale(const ColorScale& scale) {
    m_scale = scale;
    setAccessibleValue(*this, QCoreApplication::translate("ColorBar", "%1 to %2")
                                  .arg(scoreText(scale.low()), scoreText(scale.high())));
    update();
}

void ColorBar::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    paintColorBar(painter, m_scale,
                  {QRectF(0, 1, width(), 7), false, ui::palette().secondaryText, ui::palette().line, {}, 11});
}

}  // namespace attnviz::ui
