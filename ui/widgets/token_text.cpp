#include "ui/widgets/token_text.h"

#include <QColor>
#include <QFontMetricsF>
#include <QPainter>
#include <QRectF>
#include <QTextDocument>

#include "core/base/readable.h"

namespace attnviz::ui {

QString tokenText(std::string_view text) {
    // Cut first, at a character's beginning: a hostile token may be very long.
    std::size_t cut = std::min<std::size_t>(text.size(), kLongestTokenText * 4);
    while (cut < text.size() && cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;
    std::string visible;
    bool leading = true;
    for (const char c : text.substr(0, cut)) {
        if (c == ' ' && leading) {
            visible += "·";
            continue;
        }
        leading = leading && (c == '\n' || c == '\t');
        if (c == '\n')
            visible += "↵";
        else if (c == '\t')
            visible += "⇥";
        else
            visible += c;
    }
    QString out = QString::fromStdString(harmless(visible));
    if (out.isEmpty()) return QStringLiteral("∅");
    if (out.size() > kLongestTokenText || cut < text.size())
        out = out.left(kLongestTokenText - 1) + QChar(0x2026);
    return out;
}

QStringList tokenTexts(const std::vector<Token>& tokens) {
    QStringList out;
    out.reserve(static_cast<qsizetype>(tokens.size()));
    for (const auto& token : tokens) out.append(tokenText(token.text));
    return out;
}

QString plainToolTip(const QString& text) {
    return Qt::mightBeRichText(text) || text.contains('<') || text.contains('&')
               ? "<qt>" + text.toHtmlEscaped().replace('\n', "<br>") + "</qt>"
               : text;
}

void drawTokenText(QPainter& painter, const QRectF& place, int alignment, const QString& text,
                   const QColor& color, const QColor& dimColor) {
    qsizetype dim = 0;
    while (dim < text.size() && text[dim] == QChar(0xB7)) ++dim;
    if (dim == 0 || dim == text.size()) {
        painter.setPen(dim == 0 ? color : dimColor);
        painter.drawText(place, alignment | Qt::TextSingleLine, text);
        return;
    }
    const QFontMetricsF metrics(painter.font());
    const double marks = metrics.horizontalAdvance(text.left(dim));
    const double whole = marks + metrics.horizontalAdvance(text.mid(dim));
    double left = place.left();
    if (alignment & Qt::AlignRight) left = place.right() - whole;
    if (alignment & Qt::AlignHCenter) left = place.center().x() - whole / 2;
    const int vertical =
        (alignment & Qt::AlignVertical_Mask) | Qt::AlignLeft | Qt::TextSingleLine | Qt::TextDontClip;
    painter.setPen(dimColor);
    painter.drawText(QRectF(left, place.top(), marks + 1, place.height()), vertical, text.left(dim));
    painter.setPen(color);
    painter.drawText(QRectF(left + marks, place.top(), whole - marks + 1, place.height()), vertical,
                     text.mid(dim));
}

}  // namespace attnviz::ui
