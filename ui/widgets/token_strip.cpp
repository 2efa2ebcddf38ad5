#include "ui/widgets/token_strip.h"

#include <QFontMetricsF>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QScrollBar>
#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/base/readable.h"
#include "ui/theme/appearance.h"
#include "ui/widgets/accessible_value.h"
#include "ui/widgets/number_text.h"
#include "ui/widgets/token_text.h"

namespace attnviz::ui {
namespace {

constexpr double kMargin = 10, kLine = 24, kBox = 20;
constexpr int kUnfoldedTokens = 400, kContext = 24, kShortestFold = 24, kShortestPadding = 2, kPeaks = 12;

}  // namespace

TokenStrip::TokenStrip(QWidget* parent) : QAbstractScrollArea(parent) {
    setAccessibleRole(*this, QAccessible::StaticText);
    setFrameShape(QFrame::NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    viewport()->setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Tokens as running text"));
    connect(&Appearance::instance(), &Appearance::changed, this, [this] { viewport()->update(); });
}

void TokenStrip::setWritten(int first) {
    m_written = first;
    viewport()->update();
}

void TokenStrip::setContent(KeyRange tokens) {
    m_content = tokens;
    layOut();
}

void TokenStrip::setTokens(const std::vector<Token>& tokens, const QStringList& labels) {
    m_written = -1;
    m_texts.clear();
    m_breakAfter.clear();
    m_special.clear();
    bool spaced = false;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        const std::string& text = tokens[i].text;
        m_breakAfter.push_back(text.find('\n') != std::string::npos);
        m_special.push_back(tokens[i].special);
        QString shown =
            i < static_cast<std::size_t>(labels.size()) ? labels[static_cast<qsizetype>(i)] : QString();
        // Running text has spaces, not their marks; a token of nothing else keeps its mark, to be seen.
        qsizetype marks = 0;
        while (marks < shown.size() && shown[marks] == QChar(0xB7)) ++marks;
        if (marks > 0 && marks < shown.size()) shown = " " + shown.mid(marks);
        spaced = spaced || marks > 0;
        m_texts.push_back(shown);
    }
    // Pieces of words without any mark of a space (WordPiece, whole words): what does not go on is a new
    // word.
    for (std::size_t i = 1; !spaced && i < m_texts.size(); ++i) {
        const bool adjoins = tokens[i].end > tokens[i].begin && tokens[i].begin == tokens[i - 1].end;
        if (m_texts[i].startsWith("##"))
            m_texts[i].remove(0, 2);
        else if (!adjoins)
            m_texts[i].prepend(' ');
    }
    m_weights.clear();
    m_queries.reset();
    m_keys.reset();
    m_hovered.reset();
    m_pressed.reset();
    m_open.assign(m_texts.size(), false);
    m_content = {0, static_cast<int>(m_texts.size())};
    verticalScrollBar()->setValue(0);
    describe();
    layOut();
}

void TokenStrip::setWeights(std::vector<float> weights, bool logarithmic, bool sums) {
    m_sums = sums;
    m_weights = std::move(weights);
    m_logarithmic = logarithmic;
    m_strongest = 0;
    for (const float weight : m_weights)
        if (!std::isnan(weight)) m_strongest = std::max<double>(m_strongest, weight);
    describe();
    refold();
}

bool TokenStrip::isLong() const {
    return static_cast<int>(m_texts.size()) > kUnfoldedTokens;
}

// Text that moved under the pointer would pick other tokens than a drag goes over.
void TokenStrip::refold() {
    if (isLong() && !m_pressed)
        layOut();
    else
        viewport()->update();
}

void TokenStrip::setFramed(std::optional<KeyRange> queries, std::optional<KeyRange> keys, int step) {
    m_step = step;
    const bool same = queries == m_queries && keys == m_keys;
    m_queries = queries;
    m_keys = keys;
    describe();
    if (!same) refold();
}

void TokenStrip::setHovered(std::optional<int> token) {
    if (token == m_hovered) return;
    m_hovered = token;
    describe();
    viewport()->update();
}

void TokenStrip::describe() {
    const auto at = static_cast<std::size_t>(m_hovered.value_or(m_step));
    if (at >= m_texts.size()) return setAccessibleValue(*this, {});
    const QString token = tr("Token %1 %2").arg(countText(static_cast<qint64>(at)), m_texts[at].trimmed());
    const bool weighed = at < m_weights.size() && !std::isnan(m_weights[at]);
    setAccessibleValue(*this, weighed ? tr("%1, weight %2").arg(token, weightText(m_weights[at])) : token);
}

int TokenStrip::foldedTokens() const {
    int count = 0;
    for (const auto& piece : m_pieces)
        if (piece.count > 1) count += piece.count;
    return count;
}

std::vector<std::pair<int, int>> TokenStrip::folds() const {
    std::vector<std::pair<int, int>> out;
    // What was opened stays open, whatever the weights become.
    const auto fold = [&](int from, int end, int shortest) {
        for (int first = from; first < end;) {
            int last = first;
            while (last < end && !m_open[static_cast<std::size_t>(last)]) ++last;
            if (last - first >= shortest) out.emplace_back(first, last);
            first = last + 1;
        }
    };
    fold(0, m_content.begin, kShortestPadding);
    int shownUntil = m_content.begin;
    for (const int token : keptTokens()) {
        fold(shownUntil, std::min(m_content.end, token - kContext), kShortestFold);
        shownUntil = std::max(shownUntil, std::min(m_content.end, token + kContext / 2));
    }
    if (shownUntil > m_content.begin) fold(shownUntil, m_content.end, kShortestFold);
    fold(m_content.end, static_cast<int>(m_texts.size()), kShortestPadding);
    return out;
}

// Of a long text the strongest tokens and the framed ones, ascending: there is context around them, and long
// stretches between are folded. Of a short one none.
std::vector<int> TokenStrip::keptTokens() const {
    if (!isLong() || m_weights.size() != m_texts.size()) return {};
    std::vector<int> order(m_weights.size());
    std::iota(order.begin(), order.end(), 0);
    const auto weightOf = [this](int token) {
        const float weight = m_weights[static_cast<std::size_t>(token)];
        return std::isnan(weight) ? -1.0F : weight;
    };
    std::partial_sort(order.begin(), order.begin() + kPeaks, order.end(),
                      [&](int a, int b) { return weightOf(a) > weightOf(b); });
    std::vector<int> kept(order.begin(), order.begin() + kPeaks);
    const int last = static_cast<int>(m_texts.size()) - 1;
    for (const auto& range : {m_queries, m_keys})
        if (range) {
            kept.push_back(std::clamp(range->begin, 0, last));
            kept.push_back(std::clamp(range->end - 1, 0, last));
        }
    std::ranges::sort(kept);
    return kept;
}

QString TokenStrip::foldText(int first, int end) const {
    const QString count = countText(end - first);
    if (end <= m_content.begin || first >= m_content.end) return tr("%1 padding tokens").arg(count);
    double mass = 0;
    for (int token = first; token < end; ++token) {
        const float weight = m_weights[static_cast<std::size_t>(token)];
        if (!std::isnan(weight)) mass = m_sums ? mass + weight : std::max<double>(mass, weight);
    }
    return (m_sums ? tr("%1 tokens, weight %2") : tr("%1 tokens, at most %2")).arg(count, scoreText(mass));
}

void TokenStrip::layOut() {
    m_pieces.clear();
    const QFontMetricsF metrics(interfaceFont(14));
    const double right = viewport()->width() - kMargin;
    double x = kMargin, y = kMargin;
    const auto stretches = folds();
    auto fold = stretches.begin();
    const int count = static_cast<int>(m_texts.size());
    for (int token = 0; token < count; ++token) {
        if (fold != stretches.end() && token == fold->first) {
            if (x > kMargin) y += kLine;
            Piece piece{
                fold->first, fold->second - fold->first, QRectF(kMargin, y, right - kMargin, kLine), {}};
            piece.text = foldText(fold->first, fold->second);
            m_pieces.push_back(piece);
            x = kMargin;
            y += kLine;
            token = fold->second - 1;
            ++fold;
            continue;
        }
        const QString& text = m_texts[static_cast<std::size_t>(token)];
        const double width =
            std::min(metrics.horizontalAdvance(text) + (m_special[static_cast<std::size_t>(token)] ? 6 : 1),
                     right - kMargin);
        if (x + width > right && x > kMargin) {
            x = kMargin;
            y += kLine;
        }
        m_pieces.push_back({token, 1, QRectF(x, y + 2, width, kBox), text});
        x += width;
        if (m_breakAfter[static_cast<std::size_t>(token)]) {
            x = kMargin;
            y += kLine;
        }
    }
    const double before = std::exchange(m_height, y + kLine + kMargin);
    verticalScrollBar()->setPageStep(viewport()->height());
    verticalScrollBar()->setSingleStep(static_cast<int>(kLine));
    verticalScrollBar()->setRange(0, std::max(0, static_cast<int>(m_height) - viewport()->height()));
    viewport()->update();
    if (before != m_height) emit contentHeightChanged();
}

QColor TokenStrip::groundOf(float weight) const {
    const auto& p = ui::palette();
    if (std::isnan(weight) || m_strongest <= 0) return p.panel;
    double share = weight / m_strongest;
    if (m_logarithmic) share = share <= 1e-3 ? 0 : 1 + std::log10(share) / 3;
    return mixed(p.panel, p.strongToken, std::clamp(share, 0.0, 1.0) * p.strongTokenShare);
}

void TokenStrip::paintEvent(QPaintEvent*) {
    QPainter painter(viewport());
    const auto& p = ui::palette();
    painter.fillRect(viewport()->rect(), p.panel);
    const double offset = verticalScrollBar()->value();
    painter.setFont(interfaceFont(14));
    for (const auto& piece : m_pieces) {
        const QRectF place = piece.place.translated(0, -offset);
        if (place.bottom() < 0) continue;
        if (place.top() > viewport()->height()) break;
        if (piece.count > 1) {
            painter.setFont(interfaceFont(11));
            const double half = QFontMetricsF(painter.font()).horizontalAdvance(piece.text) / 2 + 8;
            painter.setPen(p.line);
            const double y = std::round(place.center().y()) + 0.5, middle = place.center().x();
            painter.drawLine(QPointF(place.left(), y), QPointF(middle - half, y));
            painter.drawLine(QPointF(middle + half, y), QPointF(place.right(), y));
            painter.setPen(p.secondaryText);
            painter.drawText(place, Qt::AlignCenter | Qt::TextSingleLine, piece.text);
            painter.setFont(interfaceFont(14));
            continue;
        }
        const auto at = static_cast<std::size_t>(piece.token);
        const float weight = at < m_weights.size() ? m_weights[at] : 0.0F;
        const bool unseen = !m_weights.empty() && std::isnan(weight);
        // The space before a word belongs to nobody's ground.
        const double lead =
            piece.text.startsWith(' ') ? QFontMetricsF(painter.font()).horizontalAdvance(' ') : 0;
        const QRectF ground = place.adjusted(lead > 0 ? lead - 1 : 0, 0, 0, 0);
        if (!m_weights.empty() && !unseen) painter.fillRect(ground, groundOf(weight));
        if (m_written >= 0 && piece.token >= m_written) {
            painter.setPen(QPen(p.text, 1, Qt::DotLine));
            const double y = std::round(ground.bottom()) - 2.5;
            painter.drawLine(QPointF(ground.left() + 1, y), QPointF(ground.right() - 1, y));
        }
        if (m_hovered == piece.token) {
            painter.setPen(QPen(p.keyMark, 2));
            painter.drawLine(QPointF(ground.left(), ground.bottom()),
                             QPointF(ground.right(), ground.bottom()));
        }
        painter.setPen(unseen || m_special[at] ? p.secondaryText : p.text);
        painter.drawText(place.adjusted(0, 0, 2, 0), Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine,
                         piece.text);
        paintFrame(painter, piece.token, place, ground);
    }
    if (m_keyboardFocus) {
        painter.setPen(QPen(p.accent, 2));
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(viewport()->rect().adjusted(1, 1, -1, -1));
    }
}

// Frames of neighbours are one: tokens that are chosen together are framed together.
void TokenStrip::paintFrame(QPainter& painter, int token, const QRectF& place, const QRectF& ground) const {
    const auto& p = ui::palette();
    const auto frame = [&](const std::optional<KeyRange>& range, const QColor& color, double inset) {
        if (!range || !range->contains(token)) return;
        const bool first = token == range->begin, last = token == range->end - 1;
        const QRectF box = (first ? ground : place).adjusted(0, inset, 0, -1 - inset);
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(color, 2));
        painter.drawLine(box.topLeft(), box.topRight());
        painter.drawLine(box.bottomLeft(), box.bottomRight());
        if (first) painter.drawLine(box.topLeft(), box.bottomLeft());
        if (last) painter.drawLine(box.topRight(), box.bottomRight());
    };
    frame(m_keys, p.keyMark, m_queries && m_queries->contains(token) ? 2 : 0);
    frame(m_queries, p.accent, 0);
}

void TokenStrip::resizeEvent(QResizeEvent*) {
    layOut();
}

QRect TokenStrip::rectOf(int token) const {
    for (const auto& piece : m_pieces)
        if (piece.count == 1 && piece.token == token)
            return piece.place.translated(0, -verticalScrollBar()->value()).toRect();
    return {};
}

QRect TokenStrip::foldAt(int index) const {
    for (const auto& piece : m_pieces)
        if (piece.count > 1 && index-- == 0)
            return piece.place.translated(0, -verticalScrollBar()->value()).toRect();
    return {};
}

void TokenStrip::openFold(int index) {
    for (const auto& piece : m_pieces)
        if (piece.count > 1 && index-- == 0) {
            std::fill_n(m_open.begin() + piece.token, piece.count, true);
            return layOut();
        }
}

std::optional<int> TokenStrip::tokenAt(const QPoint& position) const {
    const QPointF at(position.x(), position.y() + verticalScrollBar()->value());
    for (const auto& piece : m_pieces)
        if (piece.count == 1 && piece.place.contains(at)) return piece.token;
    return std::nullopt;
}

void TokenStrip::mouseMoveEvent(QMouseEvent* event) {
    const auto token = tokenAt(event->position().toPoint());
    if (token == m_hovered) return;
    setHovered(token);
    if (m_pressed && event->buttons().testFlag(Qt::LeftButton)) {
        if (token) emit tokenPicked(*token, event->modifiers(), true);
        return;
    }
    emit tokenHovered(token);
}

void TokenStrip::mousePressEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton) return;
    const QPoint at = event->position().toPoint();
    for (int fold = 0; !foldAt(fold).isEmpty(); ++fold)
        if (foldAt(fold).contains(at)) return openFold(fold);
    m_pressed = tokenAt(at);
    if (m_pressed) emit tokenPicked(*m_pressed, event->modifiers(), false);
}

void TokenStrip::mouseReleaseEvent(QMouseEvent*) {
    if (std::exchange(m_pressed, std::nullopt)) refold();
}

void TokenStrip::leaveEvent(QEvent*) {
    if (!m_hovered) return;
    setHovered(std::nullopt);
    emit tokenHovered(std::nullopt);
}

void TokenStrip::focusInEvent(QFocusEvent* event) {
    m_keyboardFocus = event->reason() == Qt::TabFocusReason || event->reason() == Qt::BacktabFocusReason;
    viewport()->update();
}

void TokenStrip::focusOutEvent(QFocusEvent*) {
    m_keyboardFocus = false;
    viewport()->update();
}

void TokenStrip::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) {
        // The first fold after the token where arrow keys stand.
        int fold = 0;
        for (const auto& piece : m_pieces) {
            if (piece.count == 1) continue;
            if (piece.token > m_step) break;
            ++fold;
        }
        return openFold(foldAt(fold).isEmpty() ? std::max(0, fold - 1) : fold);
    }
    const int step = event->key() == Qt::Key_Left ? -1 : event->key() == Qt::Key_Right ? 1 : 0;
    if (step == 0 || m_texts.empty()) return QAbstractScrollArea::keyPressEvent(event);
    const int next = std::clamp(m_step + step, 0, static_cast<int>(m_texts.size()) - 1);
    emit tokenPicked(next, event->modifiers(), false);
}

}  // namespace attnviz::ui
