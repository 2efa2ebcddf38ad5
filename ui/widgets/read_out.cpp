#include "ui/widgets/read_out.h"

#include <QFontMetricsF>
#include <QPainter>

#include "ui/theme/appearance.h"
#include "ui/widgets/token_axis.h"
#include "ui/widgets/token_text.h"

namespace attnviz::ui {
namespace {

bool isToken(ReadOutPart::Kind kind) {
    return kind == ReadOutPart::Kind::token || kind == ReadOutPart::Kind::query ||
           kind == ReadOutPart::Kind::key;
}

QFont fontOf(ReadOutPart::Kind kind) {
    if (isToken(kind)) return tokenFont(12, kind == ReadOutPart::Kind::token ? QFont::Normal : QFont::Bold);
    const bool strong = kind == ReadOutPart::Kind::strong;
    return interfaceFont(strong ? 12 : 11, strong ? QFont::DemiBold : QFont::Normal);
}

}  // namespace

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

// Whole facts only: what no longer fits is left out from the end, up to its separator.
std::vector<ReadOutPart> ReadOut::fitting(double room) const {
    std::vector<ReadOutPart> out;
    std::size_t whole = 0;
    double x = 0;
    for (const auto& part : m_parts) {
        if (part.kind == ReadOutPart::Kind::separator) whole = out.size();
        x += part.kind == ReadOutPart::Kind::separator
                 ? 16
                 : std::min(180.0, QFontMetricsF(fontOf(part.kind)).horizontalAdvance(part.text)) + 6;
        if (x > room && whole > 0) {
            out.resize(whole);
            break;
        }
        out.push_back(part);
    }
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
    for (const auto& part : fitting(end - x)) {
        if (part.kind == ReadOutPart::Kind::separator) {
            painter.setPen(p.line);
            painter.drawLine(QPointF(x + 4, 8), QPointF(x + 4, height() - 7));
            x += 16;
            continue;
        }
        painter.setFont(fontOf(part.kind));
        const bool token = isToken(part.kind), strong = part.kind == ReadOutPart::Kind::strong;
        const QColor color = part.kind == ReadOutPart::Kind::query ? p.accent
                             : part.kind == ReadOutPart::Kind::key ? p.keyMark
                             : strong || token                     ? p.text
                                                                   : p.secondaryText;
        const QFontMetricsF metrics(painter.font());
        const auto widthOf = [&metrics](const QString& text) { return metrics.horizontalAdvance(text); };
        const QString text = elided(part.text, std::min(end - x, 180.0), widthOf);
        const double wide = widthOf(text);
        drawTokenText(painter, QRectF(x, 1, wide + 2, height() - 1), Qt::AlignLeft | Qt::AlignVCenter, text,
                      color, token ? p.secondaryText : color);
        x += wide + 6;
    }
}

}  // namespace attnviz::ui
