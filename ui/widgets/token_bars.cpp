#include "ui/widgets/token_bars.h"

#include <QPainter>
#include <algorithm>
#include <cmath>

#include "ui/theme/appearance.h"
#include "ui/widgets/accessible_value.h"
#include "ui/widgets/number_text.h"
#include "ui/widgets/token_axis.h"
#include "ui/widgets/token_text.h"

namespace attnviz::ui {
namespace {

constexpr int kRow = 22, kMostRow = 36, kMargin = 12, kIndex = 40, kToken = 112, kNumber = 60, kBetween = 24;
constexpr int kLeastColumn = kIndex + kToken + kNumber + 80;

}  // namespace

TokenBars::TokenBars(QWidget* parent) : QWidget(parent) {
    setAccessibleRole(*this, QAccessible::Chart);
    setAccessibleName(tr("Tokens by weight"));
    setMinimumSize(kLeastColumn + 2 * kMargin, 2 * kRow);
}

void TokenBars::setBars(std::vector<Bar> bars) {
    m_bars = std::move(bars);
    m_largest = 0;
    for (const auto& bar : m_bars)
        if (std::isfinite(bar.value)) m_largest = std::max(m_largest, std::abs(bar.value));
    update();
}

TokenBars::Grid TokenBars::grid() const {
    const int rows = std::max(1, (height() - kMargin) / kRow);
    const int most = std::max(1, (width() - 2 * kMargin + kBetween) / (kLeastColumn + kBetween));
    const int bars = static_cast<int>(m_bars.size()), needed = (bars + rows - 1) / rows;
    const double high = bars > 0 && bars <= rows ? (height() - kMargin) / static_cast<double>(bars) : kRow;
    return {std::clamp(needed, 1, most), rows, std::clamp<double>(high, kRow, kMostRow)};
}

int TokenBars::shown() const {
    const Grid laid = grid();
    const int room = laid.columns * laid.rows, all = static_cast<int>(m_bars.size());
    return all <= room ? all : room - 1;
}

void TokenBars::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    const auto& p = ui::palette();
    const Grid laid = grid();
    const double high = laid.rowHeight;
    const double breadth = (width() - 2.0 * kMargin - (laid.columns - 1.0) * kBetween) / laid.columns;
    const auto placeOf = [&](int at) {
        const int column = at / laid.rows, row = at % laid.rows;
        return QRectF(kMargin + column * (breadth + kBetween), kMargin / 2.0 + row * high, breadth, high);
    };
    const int count = shown();
    for (int at = 0; at < count; ++at) {
        const auto& bar = m_bars[static_cast<std::size_t>(at)];
        const QRectF place = placeOf(at);
        painter.setFont(interfaceFont(12));
        painter.setPen(p.secondaryText);
        painter.drawText(QRectF(place.left(), place.top(), kIndex - 12, high),
                         Qt::AlignRight | Qt::AlignVCenter, countText(bar.index));
        painter.setFont(tokenFont(12));
        const QFontMetricsF metrics(painter.font());
        drawTokenText(painter, QRectF(place.left() + kIndex, place.top(), kToken, high),
                      Qt::AlignLeft | Qt::AlignVCenter,
                      elided(bar.token, kToken - 8,
                             [&](const QString& part) { return metrics.horizontalAdvance(part); }),
                      p.text, p.secondaryText);
        const QRectF track(place.left() + kIndex + kToken, place.center().y() - 3,
                           place.width() - kIndex - kToken - kNumber, 6);
        painter.fillRect(track, p.hairline);
        if (std::isfinite(bar.value) && m_largest > 0)
            painter.fillRect(
                QRectF(track.topLeft(), QSizeF(track.width() * std::abs(bar.value) / m_largest, 6)),
                p.tableBar);
        painter.setFont(interfaceFont(12));
        painter.setPen(p.text);
        painter.drawText(QRectF(place.right() - kNumber, place.top(), kNumber, high),
                         Qt::AlignRight | Qt::AlignVCenter,
                         std::isfinite(bar.value) ? weightText(bar.value) : QStringLiteral("–"));
    }
    if (const int left = static_cast<int>(m_bars.size()) - count; left > 0) {
        painter.setFont(interfaceFont(11));
        painter.setPen(p.secondaryText);
        painter.drawText(placeOf(count).adjusted(kIndex, 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter,
                         tr("and %1 more").arg(countText(left)));
    }
}

}  // namespace attnviz::ui
