// What the comparison paints around and over its maps: titles, tokens, hatches, the marked cell, colour bars.
#include <algorithm>
#include <cmath>

#include "ui/theme/appearance.h"
#include "ui/widgets/color_bar.h"
#include "ui/widgets/compare_view.h"

namespace attnviz::ui {
namespace {

constexpr double kHatchedFrom = 3;  // pixels a cell

std::size_t index(int value) {
    return static_cast<std::size_t>(value);
}

}  // namespace

// Colours of the cells, and paints all again.
void CompareView::dress() {
    const auto& p = ui::palette();
    setBackground(p.panel);
    for (const auto& placed : m_placed) {
        auto& cells = *m_panels[index(placed.map)].cells;
        const bool difference = m_maps[index(placed.map)].difference;
        cells.setScale(difference ? m_differences : m_weights);
        cells.setMaskedGround(difference ? p.maskedDiverging : p.masked);
        cells.setAloneGround(placed.cell >= kHatchedFrom ? p.panel : mixed(p.panel, p.disabledText, 0.3));
    }
    replot(rpQueuedReplot);
}

void CompareView::paintHatches(QCPPainter& painter, const Placed& placed) const {
    const auto& map = m_maps[index(placed.map)];
    if (!map.difference || placed.cell < kHatchedFrom) return;
    const auto& panel = m_panels[index(placed.map)];
    const bool causal = map.source->info().visibility.causal();
    const KeyRange queries = seenQueries(placed.map), keys = seenKeys(placed.map);
    painter.save();
    painter.setClipRect(placed.rect);
    painter.setPen(Qt::NoPen);
    painter.setBrush(QBrush(ui::palette().controlOutline, Qt::BDiagPattern));
    painter.setOpacity(0.45);
    for (int query = queries.begin; query < queries.end; ++query) {
        const int lastKey = causal ? std::min(keys.end, query + 1) : keys.end;
        for (int key = keys.begin; key < lastKey;) {
            int end = key;
            while (end < lastKey && (map.queryNumbers[index(query)] < 0 || map.keyNumbers[index(end)] < 0))
                ++end;
            if (end > key)
                painter.drawRect(
                    QRectF(QPointF(panel.keys->coordToPixel(key), panel.queries->coordToPixel(query)),
                           QPointF(panel.keys->coordToPixel(end), panel.queries->coordToPixel(query + 1))));
            key = std::max(end, key + 1);
        }
    }
    painter.restore();
}

void CompareView::paintMap(QCPPainter& painter, const Placed& placed) const {
    const auto& map = m_maps[index(placed.map)];
    const auto& p = ui::palette();
    const QRectF& rect = placed.rect;
    paintHatches(painter, placed);
    painter.setPen(p.line);
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(rect.adjusted(-1, -1, 0, 0));

    const double top = rect.top() - m_labels.y() - kTitle + 3;
    painter.setFont(interfaceFont(12, QFont::DemiBold));
    painter.setPen(p.text);
    const double mark = QFontMetricsF(painter.font()).horizontalAdvance(map.mark) + 10;
    painter.drawText(QRectF(rect.left(), top, mark, kTitle - 4), Qt::AlignVCenter | Qt::TextSingleLine,
                     map.mark);
    painter.setFont(interfaceFont(11));
    painter.setPen(p.secondaryText);
    const double room = std::max(20.0, rect.width() - mark);
    painter.drawText(QRectF(rect.left() + mark, top, room, kTitle - 4), Qt::AlignVCenter | Qt::TextSingleLine,
                     QFontMetricsF(painter.font()).elidedText(map.title, Qt::ElideRight, room));

    const auto own = m_hovered ? ownCell(map, *m_hovered) : std::nullopt;
    TokenAxisPaint paint;
    paint.fontPixels = placed.font;
    paint.lineHeight = placed.font < 11 ? 11 : 16;
    paint.x = rect.left();
    paint.y = rect.top();
    paint.marked = own ? own->key : -1;
    paint.boldColor = p.text;
    paint.bold = &map.boldKeys;
    paint.numbers = map.keyNumbers.empty() ? nullptr : &map.keyNumbers;
    paintTokenAxis(painter, placed.keys, paint, p.secondaryText, p.secondaryText, p.keyMark);
    paint.across = false;
    paint.marked = own ? own->query : -1;
    paint.bold = &map.boldQueries;
    paint.numbers = map.queryNumbers.empty() ? nullptr : &map.queryNumbers;
    paintTokenAxis(painter, placed.queries, paint, p.secondaryText, p.secondaryText, p.accent);
}

// The frame of the cell, and dotted lines to its tokens.
void CompareView::paintHovered(QCPPainter& painter, const Placed& placed) const {
    QRectF cell = m_hovered ? cellRect(placed.map, *m_hovered) : QRectF();
    if (cell.isEmpty()) return;
    const auto& p = ui::palette();
    const bool light = !m_maps[index(placed.map)].difference;
    painter.save();
    painter.setClipRect(placed.rect.adjusted(-3, -3, 3, 3));
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(light ? QColor(255, 255, 255, 200) : p.secondaryText, 1, Qt::DotLine));
    painter.drawLine(QPointF(placed.rect.left(), cell.center().y()), QPointF(cell.left(), cell.center().y()));
    painter.drawLine(QPointF(cell.center().x(), placed.rect.top()), QPointF(cell.center().x(), cell.top()));
    // Cells below a few pixels are framed as a mark of a size that can be seen.
    const double more = std::max(0.0, 6 - placed.cell) / 2;
    cell.adjust(-more, -more, more, more);
    painter.setPen(QPen(p.dark ? Qt::black : Qt::white, 4));
    painter.drawRect(cell);
    painter.setPen(QPen(p.dark ? Qt::white : Qt::black, 2));
    painter.drawRect(cell);
    painter.restore();
}

// One bar below the maps of weights, one below the difference.
void CompareView::paintBars(QCPPainter& painter) const {
    QRectF weights, difference;
    for (const auto& placed : m_placed)
        (m_maps[index(placed.map)].difference ? difference : weights) |= placed.rect;
    const auto& p = ui::palette();
    for (const auto& [span, scale] : {std::pair(weights, &m_weights), std::pair(difference, &m_differences)})
        if (!span.isEmpty())
            paintColorBar(painter, *scale,
                          {QRectF(span.left(), span.bottom() + 9, span.width(), 7),
                           false,
                           p.secondaryText,
                           p.line,
                           {},
                           11});
}

void CompareView::paintFurniture(QCPPainter& painter) {
    for (const auto& placed : m_placed) paintMap(painter, placed);
    if (m_bars) paintBars(painter);
}

void CompareView::paintOverlay(QCPPainter& painter) {
    const auto& p = ui::palette();
    for (const auto& placed : m_placed) paintHovered(painter, placed);
    if (m_drag == Drag::box) {
        painter.setPen(QPen(p.accent, 1));
        painter.setBrush(QColor(p.accent.red(), p.accent.green(), p.accent.blue(), 40));
        painter.drawRect(QRectF(m_pressed, m_dragged).normalized());
    }
    if (m_keyboardFocus) {
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(p.accent, 2));
        painter.drawRect(rect().adjusted(1, 1, -1, -1));
    }
}

}  // namespace attnviz::ui
