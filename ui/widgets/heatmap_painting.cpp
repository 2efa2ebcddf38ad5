// What the heatmap paints around and over its cells: tokens, titles, margins, colour bar, hover and pin
// marks.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "ui/theme/appearance.h"
#include "ui/widgets/attention_plottable.h"
#include "ui/widgets/color_bar.h"
#include "ui/widgets/heatmap_view.h"
#include "ui/widgets/number_text.h"
#include "ui/widgets/token_text.h"

namespace attnviz::ui {
namespace {

constexpr int kLine = 15, kMarginGap = 12, kEntropyBar = 40, kBarWidth = 10, kMarginWords = 4;

QString labelOf(const QStringList& labels, int token) {
    return token < labels.size() ? labels[token] : QString::number(token);
}

QString range(int first, int count, int whole) {
    const int last = std::min(first + count, whole) - 1;
    return last > first ? countText(first) + "–" + countText(last) : countText(first);
}

}  // namespace

QRectF HeatmapView::rectOf(Cell cell, int pooled) const {
    const int query = cell.query / pooled * pooled, key = cell.key / pooled * pooled;
    const QPointF from(xAxis->coordToPixel(key), yAxis->coordToPixel(query));
    const QPointF to(xAxis->coordToPixel(std::min(key + pooled, keys())),
                     yAxis->coordToPixel(std::min(query + pooled, queries())));
    return QRectF(from, to).normalized();
}

void HeatmapView::paintFurniture(QCPPainter& painter) {
    if (queries() == 0) return;
    const auto& p = ui::palette();
    const QRect area = mapArea();
    painter.setPen(p.hairline);
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(area.adjusted(-1, -1, 0, 0));

    paintTokenAxis(painter, m_keyAxis, {double(area.left()), double(area.top()), true, -1, 11, kLine}, p.text,
                   p.secondaryText, p.keyMark);
    paintTokenAxis(painter, m_queryAxis, {double(area.left()), double(area.top()), false, -1, 11, kLine},
                   p.text, p.secondaryText, p.accent);
    paintTokens(painter);
    painter.setFont(interfaceFont(11));
    painter.setPen(p.secondaryText);
    if (isTurned(m_keyAxis.form))  // in the corner that they leave
        painter.drawText(QRectF(0, area.top() - 22, area.left() - 8, 16), Qt::AlignRight | Qt::AlignVCenter,
                         m_keyTitle);
    else
        painter.drawText(
            QRectF(area.left(), std::max(2.0, area.top() - m_keyAxis.breadth - 24), area.width(), 16),
            Qt::AlignCenter, m_keyTitle);
    painter.save();
    painter.translate(std::max(12.0, area.left() - m_queryAxis.breadth - 26), area.center().y());
    painter.rotate(-90);
    painter.drawText(QRectF(-60, -8, 120, 16), Qt::AlignCenter, m_queryTitle);
    painter.restore();

    if (m_marginsShown && m_map->head().layer < m_map->source()->layersReady()) paintMargins(painter);
    const double barLeft = area.right() + 1 + (m_marginsShown ? kEntropyBar + 2 * kMarginGap + 32 : 28);
    paintColorBar(
        painter, m_map->scale(),
        {QRectF(barLeft, area.top(), kBarWidth, area.height()), true, p.secondaryText, p.line, {}, 11});
    painter.setPen(p.secondaryText);
    painter.drawText(QRectF(barLeft - 6, area.top() - 20, 90, 16), Qt::AlignLeft | Qt::AlignVCenter,
                     m_map->scale().logarithmic() ? tr("weight, log") : m_valueTitle);
    const auto& visibility = m_map->source()->info().visibility;
    if (visibility.causal() && m_fitted && queries() >= 4 && area.width() >= 280) {
        painter.setPen(p.secondaryText);
        painter.drawText(QRectF(area.left() + area.width() * 0.58, area.top() + area.height() * 0.12,
                                area.width() * 0.38, 20),
                         Qt::AlignCenter, tr("masked (later tokens)"));
    }
}

// Chosen tokens: a band along their edge, in the colour of queries or keys, and lines across the map.
void HeatmapView::paintTokens(QCPPainter& painter) {
    const auto& p = ui::palette();
    const QRectF area(mapArea());
    const auto band = [&](const std::optional<KeyRange>& range, const QCPAxis& axis, bool across,
                          const QColor& color) {
        if (!range) return;
        const double low = across ? area.left() : area.top(), high = across ? area.right() : area.bottom();
        const double from = std::clamp(axis.coordToPixel(range->begin), low, high);
        const double to = std::clamp(axis.coordToPixel(range->end), low, high);
        if (to - from < 0.5) return;
        painter.setPen(Qt::NoPen);
        painter.setBrush(color);
        painter.drawRect(across ? QRectF(from, area.top() - 4, to - from, 3)
                                : QRectF(area.left() - 4, from, 3, to - from));
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(color, 1));
        painter.drawRect(across ? QRectF(from, area.top(), to - from, area.height())
                                : QRectF(area.left(), from, area.width(), to - from));
    };
    band(m_keyTokens, *xAxis, true, p.keyMark);
    band(m_queryTokens, *yAxis, false, p.accent);
}

// Row entropy beside each query, incoming share below each key; zoomed out, the largest of a pixel.
void HeatmapView::paintMargins(QCPPainter& painter) {
    const auto& p = ui::palette();
    const QRect area = mapArea();
    const auto& summary = m_map->source()->summary(m_map->head());
    const double cell = cellPixels();
    const double left = area.right() + 1 + kMarginGap;
    const double most = std::log(std::max(2, keys()));
    painter.setFont(interfaceFont(11));
    painter.setPen(p.secondaryText);
    // Above the bars, unless labels of keys may reach over the map's edge: turned ones lean, those of ticks
    // are wider than their place. Below there is room for one line.
    const QString span = "0–ln " + countText(keys());
    if (m_keyAxis.form == TokenAxisForm::horizontal) {
        painter.drawText(QRectF(left - 2, area.top() - 34, 80, 15), Qt::AlignLeft | Qt::AlignVCenter,
                         tr("row entropy"));
        painter.drawText(QRectF(left - 2, area.top() - 19, kEntropyBar + 18, 15),
                         Qt::AlignLeft | Qt::AlignVCenter, span);
    } else {
        painter.drawText(QRectF(left - 2, area.bottom() + kMarginWords, width() - left, 15),
                         Qt::AlignLeft | Qt::AlignVCenter, tr("row entropy, %1").arg(span));
    }
    painter.setPen(p.line);
    painter.drawLine(QPointF(left - 1, area.top()), QPointF(left - 1, area.bottom()));
    painter.setPen(Qt::NoPen);
    painter.setBrush(p.tableBar);
    const auto bars = [&](const QCPAxis& axis, const std::vector<float>& values, double full, auto&& paint) {
        const int step = std::max(1, static_cast<int>(std::ceil(2.0 / std::max(1e-9, cell))));
        const int first = std::max(0, static_cast<int>(std::floor(axis.range().lower)));
        const int end =
            std::min(static_cast<int>(values.size()), static_cast<int>(std::ceil(axis.range().upper)));
        for (int token = first; token < end; token += step) {
            float value = 0;
            for (int next = token; next < std::min(end, token + step); ++next)
                value = std::max(value, values[static_cast<std::size_t>(next)]);
            const double middle = axis.coordToPixel(token + step / 2.0);
            paint(token, middle, std::clamp(value / full, 0.0, 1.0), value);
        }
    };
    const double thick =
        cell < 4 ? std::max(1.0, std::ceil(2.0 / cell) * cell) : std::clamp(cell * 0.25, 2.0, 11.0);
    bars(*yAxis, summary.rowEntropies, most, [&](int, double at, double share, float) {
        if (at >= area.top() && at <= area.bottom())
            painter.drawRect(
                QRectF(left, at - thick / 2, std::max(share > 0 ? 1.0 : 0.0, share * kEntropyBar), thick));
    });
    const double below = area.bottom() + 8;
    const bool numbers = cell >= 40;
    painter.setPen(p.line);
    painter.drawLine(QPointF(area.left(), below - 1), QPointF(area.right(), below - 1));
    const double wide = numbers    ? std::min(20.0, cell * 0.4)
                        : cell < 4 ? thick
                                   : std::clamp(cell * 0.6, 2.0, 18.0);
    const float strongest =
        summary.incoming.empty() ? 1 : std::max(1e-9F, *std::ranges::max_element(summary.incoming));
    bars(*xAxis, summary.incoming, strongest, [&](int, double at, double height, float sum) {
        if (at < area.left() || at > area.right()) return;
        const double middle = numbers ? at - cell / 2 + wide / 2 + 6 : at;
        painter.setPen(Qt::NoPen);
        painter.setBrush(p.tableBar);
        painter.drawRect(
            QRectF(middle - wide / 2, below, wide, std::max(height > 0 ? 1.0 : 0.0, height * 14)));
        if (!numbers) return;
        const double share = sum / std::max(1, queries());
        painter.setPen(p.secondaryText);
        painter.drawText(QRectF(middle + wide / 2 + 2, below - 2, cell, 14), Qt::AlignLeft | Qt::AlignVCenter,
                         share < 0.005 ? QStringLiteral("0") : cellText(share));
    });
    painter.setPen(p.secondaryText);
    if (area.left() > 110)
        painter.drawText(QRectF(area.left() - 106, below - 3, 96, 16), Qt::AlignRight | Qt::AlignVCenter,
                         tr("incoming share"));
}

void HeatmapView::paintOverlay(QCPPainter& painter) {
    const auto& p = ui::palette();
    const QRect area = mapArea();
    painter.setBrush(Qt::NoBrush);
    if (m_keyboardFocus) {
        painter.setPen(QPen(p.accent, 2));
        painter.drawRect(QRect(1, 1, width() - 2, height() - 2));
    }
    if (queries() == 0) return;
    const int pooled = pooledCells();
    painter.save();
    painter.setClipRect(area.adjusted(-3, -3, 3, 3));
    for (const auto& pin : m_pins) {
        const QRectF row = rectOf({pin.query, 0}, pooled);
        painter.setPen(QPen(p.accent, pin == m_pins.back() ? 2 : 1));
        painter.drawRect(QRectF(area.left(), row.top(), area.width(), row.height()));
        painter.setPen(QPen(Qt::white, 1));
        painter.drawRect(rectOf(pin, pooled).adjusted(2, 2, -2, -2));
    }
    if (m_hovered) {
        QRectF frame = rectOf(*m_hovered, pooled);
        const auto seen = m_map->source()->visible(m_map->head().layer, m_hovered->query);
        const QRectF row(QPointF(xAxis->coordToPixel(seen.begin), frame.top()),
                         QPointF(xAxis->coordToPixel(seen.end), frame.bottom()));
        QPen dashes(p.dark ? Qt::white : QColor("#1A1F26"), 1, Qt::CustomDashLine);
        dashes.setDashPattern({3, 3});
        painter.setPen(QPen(p.dark ? QColor("#1A1F26") : Qt::white, 1));
        painter.drawRect(row);
        painter.setPen(dashes);
        painter.drawRect(row);
        if (frame.width() < 9) frame = QRectF(frame.center().x() - 5, frame.center().y() - 5, 10, 10);
        painter.setPen(QPen(p.dark ? QColor("#1A1F26") : Qt::white, 1));
        painter.drawRect(frame.adjusted(-2, -2, 2, 2));
        painter.drawRect(frame.adjusted(2, 2, -2, -2));
        painter.setPen(QPen(p.dark ? Qt::white : QColor("#1A1F26"), 2));
        painter.drawRect(frame);
    }
    if (m_drag == Drag::box) {
        painter.setPen(QPen(p.accent, 1));
        painter.setBrush(QColor(p.accent.red(), p.accent.green(), p.accent.blue(), 40));
        painter.drawRect(QRectF(m_pressed, m_dragged).normalized());
    }
    painter.restore();
    const auto lit = m_hovered ? m_hovered : pinned();
    if (!lit) return;
    // The lit tokens again, in their colours, over the plain ones; one without a label has one as long as it
    // is lit.
    const auto only = [](const TokenAxisLayout& layout, int token) {
        TokenAxisLayout out = layout;
        std::erase_if(out.labels, [token](const TokenAxisLabel& label) { return label.token != token; });
        out.minorTicks.clear();
        return out;
    };
    const QFontMetricsF tokens(tokenFont(11));
    const auto widthOf = [&tokens](const QString& text) { return tokens.horizontalAdvance(text); };
    const auto again = [&](const TokenAxisLayout& layout, bool across, int token, const QColor& color) {
        if (layout.form == TokenAxisForm::ticks) {
            painter.setPen(QPen(color, 3));
            const double at = across ? xAxis->coordToPixel(token + 0.5) : yAxis->coordToPixel(token + 0.5);
            if (across && at >= area.left() && at <= area.right())
                painter.drawLine(QPointF(at, area.top() - 6), QPointF(at, area.top() - 2));
            if (!across && at >= area.top() && at <= area.bottom())
                painter.drawLine(QPointF(area.left() - 6, at), QPointF(area.left() - 2, at));
            return;
        }
        TokenAxisLayout shown = only(layout, token);
        TokenAxisPaint paint{double(area.left()), double(area.top()), across, -1, 11, kLine};
        if (shown.labels.empty()) {
            const double at = across ? xAxis->coordToPixel(token + 0.5) - area.left()
                                     : yAxis->coordToPixel(token + 0.5) - area.top();
            if (at < 0 || at > (across ? area.width() : area.height())) return;
            const double turned = layout.form == TokenAxisForm::turned60 ? 1.1 : 1;
            const double room = std::max(40.0, (layout.breadth - layout.indexBreadth) * turned);
            // Neighbours that it would cut make way whole.
            paint.ground = p.panel;
            TokenAxisLayout away = layout;
            std::erase_if(away.labels, [&](const TokenAxisLabel& label) {
                return std::abs(label.at - at) >= kLine * turned;
            });
            away.minorTicks.clear();
            paintTokenAxis(painter, away, paint, p.panel, p.panel, p.panel);
            shown.labels = {
                {token, at, elided(labelOf(across ? m_keyLabels : m_queryLabels, token), room, widthOf)}};
            shown.minorTicks = {at};
        }
        paintTokenAxis(painter, shown, paint, color, color, color);
    };
    again(m_keyAxis, true, lit->key, p.keyMark);
    again(m_queryAxis, false, lit->query, p.accent);
    if (m_hovered && m_drag == Drag::none) paintHoverCard(painter, *m_hovered);
}

// Stands beside the cell and never covers it.
void HeatmapView::paintHoverCard(QCPPainter& painter, Cell cell) {
    const auto& source = *m_map->source();
    const HeadId head = m_map->head();
    if (head.layer >= source.layersReady()) return;
    const auto& p = ui::palette();
    const int pooled = pooledCells();
    struct Row {
        QString name, value, token;
        QColor color;
    };
    std::vector<Row> rows;
    const bool masked = !source.info().visibility.sees(head.layer, cell.query, cell.key);
    if (pooled == 1) {
        std::vector<float> weights(static_cast<std::size_t>(keys()));
        source.row(head, cell.query, weights);
        const float weight = weights[static_cast<std::size_t>(cell.key)];
        rows = {{tr("query"), countText(cell.query), labelOf(m_queryLabels, cell.query), p.accent},
                {tr("key"), countText(cell.key), labelOf(m_keyLabels, cell.key), p.keyMark},
                {m_valueTitle, masked ? tr("masked") : weightText(weight), {}, p.text}};
        if (!masked) {
            const auto above =
                std::ranges::count_if(weights, [weight](float other) { return other > weight; });
            rows.push_back({tr("rank"),
                            tr("%1 of %2 in its row")
                                .arg(countText(above + 1), countText(source.info().visibility.visibleCount(
                                                               head.layer, cell.query))),
                            {},
                            p.text});
        }
    } else {
        const int firstQuery = cell.query / pooled * pooled, firstKey = cell.key / pooled * pooled;
        rows = {{tr("queries"), range(firstQuery, pooled, queries()), {}, p.accent},
                {tr("keys"), range(firstKey, pooled, keys()), {}, p.keyMark}};
        float largest = kMaskedCell;
        double sum = 0;
        int count = 0;
        std::vector<float> weights(static_cast<std::size_t>(keys()));
        for (int query = firstQuery; query < std::min(queries(), firstQuery + pooled); ++query) {
            source.row(head, query, weights);
            for (int key = firstKey; key < std::min(keys(), firstKey + pooled); ++key) {
                if (!source.info().visibility.sees(head.layer, query, key)) continue;
                largest = std::max(largest, weights[static_cast<std::size_t>(key)]);
                sum += weights[static_cast<std::size_t>(key)];
                ++count;
            }
        }
        rows.push_back({tr("max"), count ? weightText(largest) : tr("masked"), {}, p.text});
        if (count)
            rows.push_back({tr("mean"),
                            tr("%1 over %2 cells").arg(weightText(sum / count), countText(count)),
                            {},
                            p.text});
    }

    const double lineHeight = 19, nameWidth = 58;
    const QFontMetricsF numbers(interfaceFont(12)), tokens(tokenFont(12));
    const auto elide = [&](const QString& text) {
        return elided(text, 150, [&](const QString& part) { return tokens.horizontalAdvance(part); });
    };
    double wide = 150;
    for (const auto& row : rows)
        wide = std::max(wide, nameWidth + 30 + numbers.horizontalAdvance(row.value) +
                                  (row.token.isEmpty() ? 0 : 8 + tokens.horizontalAdvance(elide(row.token))));
    const QRectF at = rectOf(cell, pooled);
    QRectF card(at.right() + 10, at.bottom() + 8, wide, rows.size() * lineHeight + 12);
    if (card.right() > width() - 4) card.moveRight(at.left() - 10);
    if (card.bottom() > height() - 4) card.moveBottom(at.top() - 8);
    if (card.left() < 4) card.moveLeft(4);
    if (card.top() < 4) card.moveTop(4);
    painter.setAntialiasing(true);
    painter.setPen(p.line);
    painter.setBrush(p.panel);
    painter.drawRoundedRect(card.translated(0.5, 0.5), 4, 4);
    painter.setAntialiasing(false);
    double y = card.top() + 6;
    for (const auto& row : rows) {
        painter.setFont(interfaceFont(12));
        painter.setPen(p.secondaryText);
        painter.drawText(QRectF(card.left() + 10, y, nameWidth, lineHeight), Qt::AlignLeft | Qt::AlignVCenter,
                         row.name);
        const bool strong = &row == &rows[2];
        painter.setFont(interfaceFont(12, strong || row.color != p.text ? QFont::DemiBold : QFont::Normal));
        painter.setPen(row.color);
        const QRectF place(card.left() + 10 + nameWidth, y, wide, lineHeight);
        painter.drawText(place, Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine, row.value);
        if (!row.token.isEmpty()) {
            const double left = place.left() + QFontMetricsF(painter.font()).horizontalAdvance(row.value) + 8;
            painter.setFont(tokenFont(12));
            drawTokenText(painter, QRectF(left, y, card.right() - left, lineHeight),
                          Qt::AlignLeft | Qt::AlignVCenter, elide(row.token), p.text, p.secondaryText);
        }
        y += lineHeight;
    }
}

}  // namespace attnviz::ui
