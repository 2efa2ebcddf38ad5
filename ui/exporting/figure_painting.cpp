#include "ui/exporting/figure_painting.h"

#include <QFontMetricsF>
#include <QPainter>
#include <algorithm>
#include <cmath>

#include "ui/exporting/figure_map.h"
#include "ui/widgets/number_text.h"

namespace attnviz::ui {
namespace {

constexpr double kFrame = 0.4 * kUnitsPerPoint;
constexpr int kLargestVectorMap = 4096;  // cells along a side of an embedded image; larger maps are pooled
constexpr float kLeastShownValue = 0.05F;

QColor ink() {
    return Qt::black;
}

class Painting {
 public:
    Painting(QPainter& painter, const FigurePlan& plan, const FigureLayout& layout, double pixelsPerInch)
        : m_painter(painter), m_plan(plan), m_layout(layout), m_pixelsPerInch(pixelsPerInch) {}

    Result<void> paint(const ProgressSink& progress, const std::stop_token& stop) {
        for (std::size_t i = 0; i < m_plan.panels.size(); ++i) {
            if (stop.stop_requested()) return cancelled();
            if (progress)
                progress({"drawing", static_cast<double>(i) / static_cast<double>(m_plan.panels.size())});
            const auto& panel = m_plan.panels[i];
            const auto& place = m_layout.panels[i];
            if (auto done = map(panel, place, stop); !done) return done;
            if (m_layout.valuesShown)
                if (auto done = values(panel, place, stop); !done) return done;
            frame(place.map);
            if (!place.title.isEmpty()) panelTitle(panel, place.title);
            if (place.keyLabels) keyLabels(place);
            if (place.queryLabels) queryLabels(place);
        }
        colorBar();
        if (!m_layout.title.isEmpty())
            text(m_layout.title,
                 elidedTo(m_plan.title, m_layout.title.width(), m_layout.titleSize, QFont::DemiBold),
                 m_layout.titleSize, QFont::DemiBold);
        if (!m_layout.subtitle.isEmpty())
            text(m_layout.subtitle, elidedTo(m_plan.subtitle, m_layout.subtitle.width(), m_layout.tickSize),
                 m_layout.tickSize);
        text(m_layout.keyTitle, QStringLiteral("Key"), m_layout.labelSize);
        turnedText(m_layout.queryTitle, QStringLiteral("Query"), -90);
        turnedText(
            m_layout.colorBarTitle,
            elidedTo(QStringLiteral("Attention weight"), m_layout.colorBarTitle.height(), m_layout.labelSize),
            90);
        return {};
    }

 private:
    static QString elidedTo(const QString& text, double width, int size,
                            QFont::Weight weight = QFont::Normal) {
        const QFontMetricsF metrics(figureFont(size, weight));
        return elided(text, width, [&](const QString& part) { return metrics.horizontalAdvance(part); });
    }

    // The long title, or the short one where that does not fit, smaller where neither does.
    void panelTitle(const FigurePanel& panel, const QRectF& place) {
        int size = std::min(m_layout.labelSize, static_cast<int>(place.height() / 1.2));
        const auto widthAt = [](const QString& words, int at) {
            return QFontMetricsF(figureFont(at, QFont::DemiBold)).horizontalAdvance(words);
        };
        const QString& words = widthAt(panel.title, size) <= place.width() ? panel.title : panel.shortTitle;
        const double needed = widthAt(words, size);
        if (needed > place.width())
            size = std::max(3 * kUnitsPerPoint, static_cast<int>(size * place.width() / needed));
        text(place, elidedTo(words, place.width() + 1, size, QFont::DemiBold), size, QFont::DemiBold);
    }

    // Text with its cap height centred, at the left, middle or right of a place; never wrapped or clipped.
    void text(const QRectF& place, const QString& words, int size, QFont::Weight weight = QFont::Normal,
              Qt::Alignment alignment = Qt::AlignHCenter, const QColor& color = ink()) {
        const QFont font = figureFont(size, weight);
        const QFontMetricsF metrics(font);
        const double width = metrics.horizontalAdvance(words);
        double x = place.left();
        if (alignment & Qt::AlignHCenter) x = place.center().x() - width / 2;
        if (alignment & Qt::AlignRight) x = place.right() - width;
        m_painter.setFont(font);
        m_painter.setPen(color);
        m_painter.drawText(QPointF(x, place.center().y() + metrics.capHeight() / 2), words);
    }

    void turnedText(const QRectF& place, const QString& words, int degrees) {
        m_painter.save();
        m_painter.translate(place.center());
        m_painter.rotate(degrees);
        text(QRectF(-place.height() / 2, -place.width() / 2, place.height(), place.width()), words,
             m_layout.labelSize);
        m_painter.restore();
    }

    void line(QPointF from, QPointF to, double width = kFrame) {
        m_painter.setPen(QPen(ink(), width, Qt::SolidLine, Qt::FlatCap));
        m_painter.drawLine(from, to);
    }

    void frame(const QRectF& rect) {
        m_painter.setBrush(Qt::NoBrush);
        m_painter.setPen(QPen(ink(), kFrame, Qt::SolidLine, Qt::SquareCap, Qt::MiterJoin));
        m_painter.drawRect(rect);
    }

    // The device pixels of a rectangle: its edges rounded, so that neighbours share them.
    QRect devicePixels(const QRectF& rect) const {
        const QRectF device = m_painter.transform().mapRect(rect);
        const QPoint from(static_cast<int>(std::lround(device.left())),
                          static_cast<int>(std::lround(device.top())));
        const QPoint to(static_cast<int>(std::lround(device.right())),
                        static_cast<int>(std::lround(device.bottom())));
        return {from, QSize(std::max(1, to.x() - from.x()), std::max(1, to.y() - from.y()))};
    }

    void drawPixels(const QRect& pixels, const QImage& image) {
        m_painter.save();
        m_painter.resetTransform();
        m_painter.drawImage(pixels.topLeft(), image);
        m_painter.restore();
    }

    Result<void> map(const FigurePanel& panel, const PanelLayout& place, const std::stop_token& stop) {
        const AttentionInfo& info = panel.source->info();
        const bool raster = m_pixelsPerInch > 0;
        const QRect pixels = raster ? devicePixels(place.map) : QRect();
        int level = levelForCells(info.queries, info.keys, kLargestVectorMap);
        if (raster)
            level = std::max(levelForCells(info.queries, 1, pixels.height()),
                             levelForCells(1, info.keys, pixels.width()));
        auto cells = mapImage(panel, m_plan.scale, level, stop);
        if (!cells) return cells.error();
        if (!raster) {
            // The last pooled cells reach beyond the edge; what does is cut away.
            const double width = static_cast<double>(cells->width()) * (1 << level) * place.cellWidth;
            const double height = static_cast<double>(cells->height()) * (1 << level) * place.cellHeight;
            if (level > 0) {
                m_painter.save();
                m_painter.setClipRect(place.map);
            }
            m_painter.drawImage(QRectF(place.map.topLeft(), QSizeF(width, height)), *cells);
            if (level > 0) m_painter.restore();
            return {};
        }
        QImage painted(pixels.size(), QImage::Format_RGB32);
        if (painted.isNull())
            return outOfMemory("the figure does not fit into memory", {},
                               "Choose a smaller size or resolution.");
        // Every cell of the level has at least one pixel, the last and narrower one too.
        const auto cellAt = [](int pixel, int length, int count) {
            return static_cast<int>((2LL * pixel + 1) * count / (2LL * length));
        };
        std::vector<int> columns(static_cast<std::size_t>(pixels.width()));
        for (int x = 0; x < pixels.width(); ++x)
            columns[static_cast<std::size_t>(x)] = cellAt(x, pixels.width(), cells->width());
        for (int y = 0; y < pixels.height(); ++y) {
            const auto* from = reinterpret_cast<const QRgb*>(
                cells->constScanLine(cellAt(y, pixels.height(), cells->height())));
            auto* to = reinterpret_cast<QRgb*>(painted.scanLine(y));
            for (const int column : columns) *to++ = from[column];
        }
        drawPixels(pixels, painted);
        return {};
    }

    Result<void> values(const FigurePanel& panel, const PanelLayout& place, const std::stop_token& stop) {
        const AttentionInfo& info = panel.source->info();
        std::vector<float> row(static_cast<std::size_t>(info.keys));
        for (int query = 0; query < info.queries; ++query) {
            if (auto done = panel.source->rows(panel.head, query, 1, row, stop); !done) return done;
            for (int key = 0; key < info.keys; ++key) {
                const float weight = row[static_cast<std::size_t>(key)];
                if (!(weight >= kLeastShownValue)) continue;
                const QColor ground(m_plan.scale.color(weight));
                const QRectF cell(place.map.left() + key * place.cellWidth,
                                  place.map.top() + query * place.cellHeight, place.cellWidth,
                                  place.cellHeight);
                text(cell, cellText(static_cast<double>(weight)), m_layout.tickSize, QFont::Normal,
                     Qt::AlignHCenter, isLight(ground) ? Qt::black : Qt::white);
            }
        }
        return {};
    }

    // Whether black contrasts more than white (WCAG relative luminance).
    static bool isLight(const QColor& color) {
        const auto linear = [](double channel) {
            return channel <= 0.04045 ? channel / 12.92 : std::pow((channel + 0.055) / 1.055, 2.4);
        };
        const double luminance =
            0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) + 0.0722 * linear(color.blueF());
        return (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05);
    }

    void keyLabels(const PanelLayout& place) {
        const double scale = m_layout.axisScale, height = m_layout.axisSize * 1.25;
        const double gap = 3 * kUnitsPerPoint;
        const int tickSize = std::min(m_layout.tickSize, m_layout.axisSize);
        for (const auto& label : place.keys.labels) {
            const double x = place.map.left() + label.at * scale, y = place.map.top();
            switch (place.keys.form) {
                case TokenAxisForm::horizontal:
                    text(QRectF(x, y - gap - height, 0, height), label.text, m_layout.axisSize);
                    break;
                case TokenAxisForm::turned60:
                case TokenAxisForm::turned90:
                    m_painter.save();
                    m_painter.translate(x, y - gap);
                    m_painter.rotate(place.keys.form == TokenAxisForm::turned60 ? -60 : -90);
                    text(QRectF(0, -height / 2, 0, height), label.text, m_layout.axisSize, QFont::Normal,
                         Qt::AlignLeft);
                    m_painter.restore();
                    break;
                case TokenAxisForm::ticks:
                    line({x, y}, {x, y - gap});
                    text(QRectF(x, y - gap - height, 0, height), label.text, tickSize);
                    text(QRectF(x, y - gap - 2 * height, 0, height), countText(label.token), tickSize);
                    break;
            }
        }
        for (const double at : place.keys.minorTicks) {
            const double x = place.map.left() + at * scale;
            line({x, place.map.top()}, {x, place.map.top() - gap / 2});
        }
    }

    void queryLabels(const PanelLayout& place) {
        const double scale = m_layout.axisScale, gap = 3 * kUnitsPerPoint, height = m_layout.axisSize * 1.25;
        const int tickSize = std::min(m_layout.tickSize, m_layout.axisSize);
        const bool ticks = place.queries.form == TokenAxisForm::ticks;
        for (const auto& label : place.queries.labels) {
            const double y = place.map.top() + label.at * scale;
            double right = place.map.left() - gap;
            if (ticks) {
                line({place.map.left() - gap, y}, {place.map.left(), y});
                right -= gap / 2;
                text(QRectF(right, y - height / 2, 0, height), countText(label.token), tickSize,
                     QFont::Normal, Qt::AlignRight);
                right -= place.queries.indexBreadth * scale;
            }
            text(QRectF(right, y - height / 2, 0, height), label.text, ticks ? tickSize : m_layout.axisSize,
                 QFont::Normal, Qt::AlignRight);
        }
        for (const double at : place.queries.minorTicks) {
            const double y = place.map.top() + at * scale;
            line({place.map.left() - gap / 2, y}, {place.map.left(), y});
        }
    }

    void colorBar() {
        const QRectF bar = m_layout.colorBar;
        QImage colors(1, 256, QImage::Format_RGB32);
        for (int i = 0; i < 256; ++i) colors.setPixel(0, i, m_plan.scale.entry(255 - i));
        if (m_pixelsPerInch > 0) {
            const QRect pixels = devicePixels(bar);
            QImage painted(pixels.size(), QImage::Format_RGB32);
            for (int y = 0; y < pixels.height(); ++y) {
                const QRgb color =
                    colors.pixel(0, static_cast<int>((2LL * y + 1) * 256 / (2LL * pixels.height())));
                std::fill_n(reinterpret_cast<QRgb*>(painted.scanLine(y)), pixels.width(), color);
            }
            drawPixels(pixels, painted);
        } else {
            m_painter.drawImage(bar, colors);
        }
        frame(bar);
        const double tick = 2 * kUnitsPerPoint;
        for (const double value : niceTicks(m_plan.scale.high())) {
            const double y = bar.bottom() - bar.height() * value / m_plan.scale.high();
            line({bar.right(), y}, {bar.right() + tick, y});
            text(QRectF(bar.right() + 2 * tick, y, 0, 0), QString::number(value, 'g', 3), m_layout.tickSize,
                 QFont::Normal, Qt::AlignLeft);
        }
    }

    QPainter& m_painter;
    const FigurePlan& m_plan;
    const FigureLayout& m_layout;
    double m_pixelsPerInch;
};

}  // namespace

Result<void> paintFigure(QPainter& painter, const FigurePlan& plan, const FigureLayout& layout,
                         double pixelsPerInch, const ProgressSink& progress, std::stop_token stop) {
    painter.setRenderHints(QPainter::Antialiasing | QPainter::TextAntialiasing);
    painter.setRenderHint(QPainter::SmoothPixmapTransform, false);
    return Painting(painter, plan, layout, pixelsPerInch).paint(progress, stop);
}

}  // namespace attnviz::ui
