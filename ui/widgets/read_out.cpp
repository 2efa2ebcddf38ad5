#include "ui/widgets/read_out.h"

#include <QFontMetricsF>
#include <QPainter>

#include "ui/theme/appearance.h"
#include "ui/widgets/token_axis.h"
#include "ui/widgets/token_text.h"

namespace attnviz::ui {

ReadOut::ReadOut(QWidget* parent) : QWidget(parent) {
    setFixedHeight(28);
    setMinimumWidth(80);
    connect(&Appearance::instance(), &Appearance::changed, this, qOverload<>(&QWidget::update));
}

void ReadOut::setParts(std::vector<ReadOutPart> parts, const QString& right) {
    if (parts == m_parts && right == m_right) return;
    m_parts = std::move(parts);
    m_right = right;
    setAccessibleName(text());
    update();
}

QString ReadOut::text() const {
    QString out;
    for (const auto& part : m_parts)
        out += part.kind == ReadOutPart::Kind::separator
                   ? QStringLiteral(" | ")
                   : (out.isEmpty() || out.endsWith("| ") ? "" : " ") + part.text;
    return out;
}

void ReadOut::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    const auto& p = ui::palette();
    painter.fillRect(rect(), p.readOut);
    painter.setPen(p.line);
    painter.drawLine(0, 0, width(), 0);
    painter.setFont(interfaceFont(11));
    double end = width() - 12;
    if (!m_right.isEmpty()) {
        const double right = QFontMetricsF(painter.font()).horizontalAdvance(m_right);
        painter.setPen(p.secondaryText);
        painter.drawText(QRectF(end - right, 1, right + 1, height() - 1), Qt::AlignVCenter, m_right);
        end -= right + 16;
    }
    double x = 12;
    for (const auto& part : m_parts) {
        if (part.kind == ReadOutPart::Kind::separator) {
            painter.setPen(p.line);
            painter.drawLine(QPointF(x + 4, 8), QPointF(x + 4, height() - 7));
            x += 16;
            continue;
        }
        const bool token = part.kind == ReadOutPart::Kind::token || part.kind == ReadOutPart::Kind::query ||
                           part.kind == ReadOutPart::Kind::key;
        const bool strong = part.kind == ReadOutPart::Kind::strong;
        painter.setFont(
            token ? tokenFont(12, part.kind == ReadOutPart::Kind::token ? QFont::Normal : QFont::Bold)
                  : interfaceFont(strong ? 12 : 11, strong ? QFont::DemiBold : QFont::Normal));
        const QColor color = part.kind == ReadOutPart::Kind::query ? p.accent
                             : part.kind == ReadOutPart::Kind::key ? p.keyMark
                             : strong || token                     ? p.text
                                                                   : p.secondaryText;
        const QFontMetricsF metrics(painter.font());
        const auto widthOf = [&metrics](const QString& text) { return metrics.horizontalAdvance(text); };
        const QString text = elided(part.text, std::min(end - x, 180.0), widthOf);
        if (x >= end - 8) break;  // never over what stands on the right
        const double wide = widthOf(text);
        drawTokenText(painter, QRectF(x, 1, wide + 2, height() - 1), Qt::AlignLeft | Qt::AlignVCenter, text,
                      color, token ? p.secondaryText : color);
        x += wide + 6;
    }
}

}  // namespace attnviz::ui
