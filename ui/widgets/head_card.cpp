#include "ui/widgets/head_card.h"

#include <QPainter>
#include <algorithm>
#include <cmath>

#include "ui/theme/appearance.h"

namespace attnviz::ui {
namespace {

constexpr int kPad = 8, kPattern = 56, kLine = 16, kAside = 14, kMostText = 180;

}  // namespace

HeadCard::HeadCard(QWidget* parent) : QWidget(parent) {
    setAttribute(Qt::WA_TransparentForMouseEvents);
    setFocusPolicy(Qt::NoFocus);
    hide();
}

void HeadCard::setHead(const QString& name, const QStringList& lines, const QImage& pattern) {
    m_name = name;
    m_lines = lines;
    m_pattern = pattern;
    resize(sizeHint());
    update();
}

QSize HeadCard::sizeHint() const {
    double text = QFontMetricsF(interfaceFont(12, QFont::DemiBold)).horizontalAdvance(m_name);
    for (const auto& line : m_lines)
        text = std::max(text, QFontMetricsF(interfaceFont(11)).horizontalAdvance(line));
    const int lines = static_cast<int>(m_lines.size()) + 1;
    return {3 * kPad + kPattern + std::min(kMostText, static_cast<int>(std::ceil(text))) + 2,
            2 * kPad + std::max(kPattern, lines * kLine)};
}

void HeadCard::showBeside(const QPointF& position) {
    const QRect room = parentWidget()->rect();
    const auto place = [](double at, int extent, int end) {
        const double after = at + kAside, before = at - kAside - extent;
        if (after + extent <= end) return after;
        return before >= 0 ? before : std::max(0.0, static_cast<double>(end - extent));
    };
    const double x = place(position.x(), width(), room.width());
    const double y =
        std::clamp(position.y() - height() / 2.0, 0.0, std::max(0.0, room.height() - height() * 1.0));
    move(static_cast<int>(x), static_cast<int>(y));
    show();
    raise();
}

void HeadCard::paintEvent(QPaintEvent*) {
    const auto& p = ui::palette();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(p.controlOutline, 1));
    painter.setBrush(p.readOut);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
    const QRectF square(kPad, kPad, kPattern, kPattern);
    painter.setRenderHint(QPainter::Antialiasing, false);
    if (m_pattern.isNull())
        painter.fillRect(square, p.masked);
    else
        painter.drawImage(square, m_pattern);
    QRectF line(square.right() + kPad, kPad - 1, width() - square.right() - 2 * kPad, kLine);
    painter.setPen(p.text);
    painter.setFont(interfaceFont(12, QFont::DemiBold));
    painter.drawText(line, Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine, m_name);
    painter.setPen(p.secondaryText);
    painter.setFont(interfaceFont(11));
    const QFontMetricsF metrics(painter.font());
    for (const auto& text : m_lines) {
        line.translate(0, kLine);
        painter.drawText(line, Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine,
                         metrics.elidedText(text, Qt::ElideRight, line.width()));
    }
}

}  // namespace attnviz::ui
