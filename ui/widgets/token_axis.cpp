#include "ui/widgets/token_axis.h"

#include <QFontMetricsF>
#include <QPainter>
#include <algorithm>
#include <cmath>

#include "ui/theme/appearance.h"
#include "ui/widgets/number_text.h"
#include "ui/widgets/token_text.h"

namespace attnviz::ui {
namespace {

constexpr double kSin60 = 0.8660254037844386;
constexpr double kThinned = 0.86;  // lines of thinned labels, or turned ones, stand so far apart
constexpr int kMostStep = 20;
constexpr double kLongestTurned = 104, kLongestTick = 52, kGap = 6, kTickLength = 5;

int niceStep(double atLeast) {
    for (int power = 1; power <= 100'000'000; power *= 10)
        for (const int factor : {1, 2, 5})
            if (power * factor >= atLeast) return power * factor;
    return 1'000'000'000;
}

class Layouter {
 public:
    explicit Layouter(const TokenAxisRequest& request)
        : m_request(request),
          m_cell(request.upper > request.lower ? request.length / (request.upper - request.lower) : 0),
          m_first(std::max(0, static_cast<int>(std::floor(request.lower)))),
          m_end(std::min(static_cast<int>(request.labels->size()),
                         static_cast<int>(std::ceil(request.upper)))) {}

    TokenAxisLayout layout() {
        if (m_cell <= 0 || m_end <= m_first || !m_request.widthOf) return m_layout;
        const double line = m_request.lineHeight;
        m_layout.step = stepFor(line);
        const double pitch = m_cell * m_layout.step;
        if (m_request.across && m_cell >= 12 && fitsAcross()) {
            m_layout.step = 1;
            horizontalAcross();
        } else if (pitch < line * m_request.tightest || (m_request.across && m_request.maxBreadth < 40)) {
            ticks();
        } else if (!m_request.across) {
            horizontalDown();
        } else if (pitch * kSin60 >= line * kThinned) {
            turned(TokenAxisForm::turned60, kSin60);
        } else {
            turned(TokenAxisForm::turned90, 1.0);
        }
        if (m_layout.step > 1 && m_layout.form != TokenAxisForm::ticks)
            for (const auto& label : m_layout.labels) m_layout.minorTicks.push_back(label.at);
        return m_layout;
    }

 private:
    double middleOf(int token) const { return (token + 0.5 - m_request.lower) * m_cell; }
    bool isSeen(int token) const {
        const double at = middleOf(token);
        return at >= 0 && at <= m_request.length;
    }
    const QString& label(int token) const { return (*m_request.labels)[token]; }

    bool fitsAcross() const {
        for (int token = m_first; token < m_end; ++token)
            if (isSeen(token) && m_request.widthOf(label(token)) + kGap > m_cell) return false;
        return true;
    }
    void add(int token, QString text) {
        m_layout.labels.push_back({token, middleOf(token), std::move(text)});
    }

    // Every token's label where lines may touch, else as few left out as give each a line of its own.
    int stepFor(double line) const {
        if (m_cell >= line * m_request.tightest) return 1;
        for (const int step : {2, 3, 4, 5, 10, kMostStep})
            if (m_cell * step >= line * kThinned) return step;
        return 1;
    }
    int firstLabelled() const { return (m_first + m_layout.step - 1) / m_layout.step * m_layout.step; }

    void horizontalAcross() {
        m_layout.form = TokenAxisForm::horizontal;
        m_layout.breadth = m_request.lineHeight;
        for (int token = m_first; token < m_end; ++token)
            if (isSeen(token)) add(token, label(token));
    }

    void turned(TokenAxisForm form, double sine) {
        m_layout.form = form;
        const double room = std::min(kLongestTurned, (m_request.maxBreadth - kGap) / sine);
        double longest = 0;
        for (int token = firstLabelled(); token < m_end; token += m_layout.step) {
            if (!isSeen(token)) continue;
            add(token, elided(label(token), room, m_request.widthOf));
            longest = std::max(longest, m_request.widthOf(m_layout.labels.back().text));
        }
        m_layout.breadth =
            longest * sine + (form == TokenAxisForm::turned60 ? m_request.lineHeight / 2 : 0) + 2;
    }

    void horizontalDown() {
        m_layout.form = TokenAxisForm::horizontal;
        // Which one a thinned label is matters more than that its lines stand apart.
        m_layout.indices = m_request.indices && (m_layout.step > 1 || m_cell >= m_request.lineHeight);
        if (m_layout.indices) m_layout.indexBreadth = m_request.widthOf(countText(m_end - 1)) + 2 * kGap;
        const double room = std::max(24.0, m_request.maxBreadth - m_layout.indexBreadth);
        double longest = 0;
        for (int token = firstLabelled(); token < m_end; token += m_layout.step) {
            if (!isSeen(token)) continue;
            add(token, elided(label(token), room, m_request.widthOf));
            longest = std::max(longest, m_request.widthOf(m_layout.labels.back().text));
        }
        m_layout.breadth = longest + m_layout.indexBreadth;
    }

    // Index and the first characters of what follows, every so many tokens.
    void ticks() {
        m_layout.form = TokenAxisForm::ticks;
        m_layout.step = 1;
        const double each = m_request.across ? kLongestTick + 2 * kGap : m_request.lineHeight * 2.5;
        const int step = niceStep(each / m_cell);
        const int begin = (m_first + step - 1) / step * step;
        double longest = 0, index = 0;
        for (int token = begin; token < m_end; token += step) {
            if (!isSeen(token)) continue;
            QString text;
            for (int next = token; next < m_end && text.size() < 8; ++next) text += label(next);
            add(token, elided(text, kLongestTick, m_request.widthOf));
            longest = std::max(longest, m_request.widthOf(m_layout.labels.back().text));
            index = std::max(index, m_request.widthOf(countText(token)));
        }
        m_layout.indices = true;
        m_layout.indexBreadth = index + kGap;
        m_layout.breadth = m_request.across ? 2 * m_request.lineHeight + kTickLength
                                            : longest + m_layout.indexBreadth + kTickLength + kGap;
        const int minor = std::max(1, step / (step % 5 == 0 ? 5 : 4));
        for (int token = (m_first + minor - 1) / minor * minor; token < m_end; token += minor)
            if (token % step != 0 && isSeen(token)) m_layout.minorTicks.push_back(middleOf(token));
    }

    const TokenAxisRequest& m_request;
    double m_cell;
    int m_first, m_end;
    TokenAxisLayout m_layout;
};

}  // namespace

TokenAxisLayout layoutTokenAxis(const TokenAxisRequest& request) {
    return request.labels ? Layouter(request).layout() : TokenAxisLayout{};
}

QString elided(const QString& text, double width, const std::function<double(const QString&)>& widthOf) {
    if (widthOf(text) <= width) return text;
    qsizetype low = 0, high = text.size();
    while (low < high) {  // the greatest length that still fits
        const auto middle = (low + high + 1) / 2;
        if (widthOf(text.left(middle) + QChar(0x2026)) <= width)
            low = middle;
        else
            high = middle - 1;
    }
    if (low > 0 && text[low - 1].isHighSurrogate()) --low;
    return text.left(low) + QChar(0x2026);
}

void paintTokenAxis(QPainter& painter, const TokenAxisLayout& layout, const TokenAxisPaint& paint,
                    const QColor& text, const QColor& dim, const QColor& markColor) {
    painter.save();
    const double line = paint.lineHeight;
    const bool ticks = layout.form == TokenAxisForm::ticks;
    // Over others: what lies below is covered.
    const auto cover = [&](const QString& words, QPointF left, double beyond) {
        if (!paint.ground.isValid()) return;
        const double wide = QFontMetricsF(painter.font()).horizontalAdvance(words) + beyond;
        painter.fillRect(QRectF(left.x() - 2, left.y() - line / 2, wide + 4, line), paint.ground);
    };
    const auto numberOf = [&paint](int token) {
        const int number = paint.numbers ? paint.numbers->at(static_cast<std::size_t>(token)) : token;
        return number < 0 ? QString() : countText(number);
    };
    for (const auto& label : layout.labels) {
        const bool marked = label.token == paint.marked;
        const bool bold = paint.bold && !ticks && paint.bold->at(static_cast<std::size_t>(label.token));
        const QColor color = marked ? markColor : bold ? paint.boldColor : text;
        painter.setFont(tokenFont(paint.fontPixels, marked || bold ? QFont::Bold : QFont::Normal));
        if (paint.across && layout.form == TokenAxisForm::horizontal) {
            drawTokenText(painter, QRectF(paint.x + label.at - 200, paint.y - line - 3, 400, line),
                          Qt::AlignHCenter | Qt::AlignVCenter, label.text, color, dim);
        } else if (paint.across && !ticks) {
            painter.save();
            const bool steep = layout.form == TokenAxisForm::turned90;
            painter.translate(paint.x + label.at + (steep ? 0 : line * 0.18), paint.y - 4);
            painter.rotate(steep ? -90 : -60);
            cover(label.text, {}, 0);
            drawTokenText(painter, QRectF(0, -line / 2, 400, line), Qt::AlignLeft | Qt::AlignVCenter,
                          label.text, color, dim);
            painter.restore();
        } else if (paint.across) {
            painter.setPen(dim);
            painter.drawLine(QPointF(paint.x + label.at, paint.y - kTickLength),
                             QPointF(paint.x + label.at, paint.y - 1));
            painter.setFont(interfaceFont(paint.fontPixels));
            painter.setPen(color);
            painter.drawText(QRectF(paint.x + label.at - 60, paint.y - kTickLength - 2 * line, 120, line),
                             Qt::AlignCenter, numberOf(label.token));
            painter.setFont(tokenFont(paint.fontPixels - 1));
            drawTokenText(painter, QRectF(paint.x + label.at - 60, paint.y - kTickLength - line, 120, line),
                          Qt::AlignHCenter | Qt::AlignVCenter, label.text, dim, dim);
        } else {
            double right = paint.x - kGap;
            const double top = paint.y + label.at - line / 2;
            if (ticks) {
                painter.setPen(dim);
                painter.drawLine(QPointF(paint.x - kTickLength, paint.y + label.at),
                                 QPointF(paint.x - 1, paint.y + label.at));
                right -= kTickLength - 2;
            }
            const double number = layout.indices ? layout.indexBreadth : 0;
            if (!ticks)
                cover(label.text,
                      {right - number - QFontMetricsF(painter.font()).horizontalAdvance(label.text),
                       paint.y + label.at},
                      number);
            if (layout.indices) {
                painter.setFont(interfaceFont(paint.fontPixels));
                painter.setPen(ticks ? color : dim);
                painter.drawText(QRectF(right - 80, top, 80, line), Qt::AlignRight | Qt::AlignVCenter,
                                 numberOf(label.token));
                right -= layout.indexBreadth;
                painter.setFont(tokenFont(ticks ? paint.fontPixels - 1 : paint.fontPixels,
                                          marked || bold ? QFont::Bold : QFont::Normal));
            }
            drawTokenText(painter, QRectF(right - 400, top, 400, line), Qt::AlignRight | Qt::AlignVCenter,
                          label.text, ticks ? dim : color, dim);
        }
    }
    painter.setPen(dim);
    for (const double at : layout.minorTicks) {
        if (paint.across)
            painter.drawLine(QPointF(paint.x + at, paint.y - 3), QPointF(paint.x + at, paint.y - 1));
        else
            painter.drawLine(QPointF(paint.x - 3, paint.y + at), QPointF(paint.x - 1, paint.y + at));
    }
    painter.restore();
}

}  // namespace attnviz::ui
