#include "ui/widgets/head_grid.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QPainter>
#include <QToolTip>
#include <algorithm>
#include <cmath>

#include "ui/theme/appearance.h"
#include "ui/widgets/accessible_value.h"
#include "ui/widgets/number_text.h"

namespace attnviz::ui {
namespace {

constexpr double kIndexWidth = 22, kIndexHeight = 16, kMeanWidth = 38, kMostCell = 44, kLeastCell = 7;

// The indices to write so that they have room: every one, or every 2nd, 4th, 5th, …
int labelStep(double cell, double needed) {
    for (const int step : {1, 2, 4, 5, 8, 10, 16, 20, 32, 50})
        if (cell * step >= needed) return step;
    return 100;
}

}  // namespace

HeadGrid::HeadGrid(QWidget* parent) : QWidget(parent) {
    setAccessibleRole(*this, QAccessible::Graphic);
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Heads by layer"));
    QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
    connect(&Appearance::instance(), &Appearance::changed, this, qOverload<>(&QWidget::update));
}

void HeadGrid::setScores(int layers, int heads, int layersReady, std::vector<double> scores) {
    const bool resized = layers != m_layers || heads != m_heads;
    m_layers = layers;
    m_heads = heads;
    m_layersReady = layersReady;
    m_scores = std::move(scores);
    if (resized) updateGeometry();
    describe();
    update();
}

void HeadGrid::setScale(const ColorScale& scale) {
    m_scale = scale;
    update();
}

void HeadGrid::setChosen(HeadId head, std::vector<HeadId> chosen) {
    std::erase(chosen, head);
    if (head == m_chosen && chosen == m_others) return;
    m_chosen = head;
    m_others = std::move(chosen);
    describe();
    update();
}

void HeadGrid::setHovered(std::optional<HeadId> head) {
    if (head == m_hovered) return;
    m_hovered = head;
    describe();
    update();
}

int HeadGrid::largestHeight() const {
    return static_cast<int>(kIndexHeight + kMostCell * m_layers + 3);
}

void HeadGrid::setRings(bool shown) {
    m_rings = shown;
    update();
}

void HeadGrid::describe() {
    const HeadId head = m_hovered.value_or(m_chosen);
    if (m_layers == 0) return setAccessibleValue(*this, {});
    setAccessibleValue(
        *this,
        tr("Layer %1, head %2, score %3").arg(head.layer).arg(head.head).arg(scoreText(scoreAt(head))));
}

void HeadGrid::setGroups(int headsPerGroup) {
    m_groupSize = std::max(1, headsPerGroup);
    update();
}

void HeadGrid::setPatterns(std::function<QImage(HeadId)> patterns) {
    m_patterns = std::move(patterns);
    update();
}

double HeadGrid::groupGap() const {
    return m_groupSize > 1 && m_groupSize < m_heads ? 4 : 0;
}

void HeadGrid::setRunning(const QString& words, double fraction) {
    m_runningWords = words;
    m_runningFraction = fraction;
    update();
}

double HeadGrid::cellWidth() const {
    if (m_heads == 0) return 0;
    const int groupsBefore = (m_heads - 1) / m_groupSize;
    const double gaps = groupGap() * groupsBefore;
    return std::max(1.0, std::min(kMostCell, (width() - kIndexWidth - kMeanWidth - 2 - gaps) / m_heads));
}

double HeadGrid::cellHeight() const {
    const double room = m_layers == 0 ? 0 : (height() - kIndexHeight - 2.0) / m_layers;
    return std::min({cellWidth(), room, kMostCell});
}

int HeadGrid::heightForWidth(int width) const {
    if (m_heads == 0) return 80;
    const double cell = std::min(kMostCell, (width - kIndexWidth - kMeanWidth - 2) / m_heads);
    const double rows = std::clamp(cell, kLeastCell, 24.0) * m_layers;
    return static_cast<int>(kIndexHeight + std::min(rows, 420.0) + 3);
}

QSize HeadGrid::sizeHint() const {
    return {280, heightForWidth(280)};
}

QRectF HeadGrid::rectOf(HeadId head) const {
    const double w = cellWidth(), h = cellHeight();
    const int groupsBefore = head.head / m_groupSize;
    const double gaps = groupGap() * groupsBefore;
    return {kIndexWidth + head.head * w + gaps, kIndexHeight + head.layer * h, w, h};
}

std::optional<HeadId> HeadGrid::headAt(const QPointF& position) const {
    const double w = cellWidth(), h = cellHeight();
    if (w <= 0 || h <= 0) return std::nullopt;
    const int layer = static_cast<int>(std::floor((position.y() - kIndexHeight) / h));
    if (layer < 0 || layer >= m_layers) return std::nullopt;
    const double group = m_groupSize * w + groupGap();
    const double x = position.x() - kIndexWidth;
    const int groupsBefore = static_cast<int>(std::floor(x / group));
    const int first = groupsBefore * (groupGap() > 0 ? m_groupSize : 1);
    const int head = groupGap() > 0 ? first + static_cast<int>(std::floor((x - groupsBefore * group) / w))
                                    : static_cast<int>(std::floor(x / w));
    if (x < 0 || head < 0 || head >= m_heads || (groupGap() > 0 && head >= first + m_groupSize))
        return std::nullopt;
    return HeadId{layer, head};
}

double HeadGrid::scoreAt(HeadId head) const {
    const auto at = static_cast<std::size_t>(head.layer) * static_cast<std::size_t>(m_heads) +
                    static_cast<std::size_t>(head.head);
    return head.layer < m_layersReady && at < m_scores.size() ? m_scores[at] : std::nan("");
}

void HeadGrid::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    const auto& p = ui::palette();
    if (m_layers == 0) return;
    const double w = cellWidth(), h = cellHeight();
    painter.setFont(interfaceFont(11));
    painter.setPen(p.secondaryText);
    const int headStep =
        labelStep(w, QFontMetricsF(painter.font()).horizontalAdvance(QString::number(m_heads - 1)) + 5);
    for (int head = 0; head < m_heads; head += headStep)
        painter.drawText(QRectF(rectOf({0, head}).left() - 20, 0, w + 40, kIndexHeight - 2), Qt::AlignCenter,
                         QString::number(head));
    const double right = rectOf({0, m_heads - 1}).right();
    const int layerStep = labelStep(h, 12);
    for (int layer = 0; layer < m_layers; layer += layerStep)
        painter.drawText(QRectF(0, kIndexHeight + layer * h - 10, kIndexWidth - 6, h + 20),
                         Qt::AlignRight | Qt::AlignVCenter, QString::number(layer));
    painter.drawText(QRectF(right + 6, 0, kMeanWidth, kIndexHeight - 2), Qt::AlignLeft | Qt::AlignVCenter,
                     tr("mean"));

    const double gap = std::min(w, h) >= 6 ? 1 : 0;
    for (int layer = 0; layer < m_layers; ++layer) {
        double sum = 0;
        int count = 0;
        for (int head = 0; head < m_heads; ++head) {
            const double score = scoreAt({layer, head});
            QColor color = p.masked;
            if (!std::isnan(score)) {
                color = QColor::fromRgb(m_scale.color(static_cast<float>(score)));
                sum += score;
                ++count;
            }
            const QRectF cell = rectOf({layer, head});
            const QRectF snapped(QPointF(std::round(cell.left()), std::round(cell.top())),
                                 QPointF(std::round(cell.right()) - gap, std::round(cell.bottom()) - gap));
            if (m_patterns && !std::isnan(score))
                painter.drawImage(snapped, m_patterns({layer, head}));
            else
                painter.fillRect(snapped, color);
        }
        if (count > 0) {
            const double share = m_scale.zeroToOne(sum / count);
            const double thick = std::clamp(h * 0.24, 1.0, 5.0);
            painter.fillRect(QRectF(right + 7, kIndexHeight + (layer + 0.5) * h - thick / 2,
                                    std::max(1.0, share * (kMeanWidth - 10)), thick),
                             p.tableBar);
        }
    }
    if (m_layersReady < m_layers) {
        const QRectF current(kIndexWidth, kIndexHeight + m_layersReady * h, right - kIndexWidth, h);
        painter.setPen(p.secondaryText);
        if (m_runningFraction >= 0 && h >= 6) {
            painter.fillRect(QRectF(current.left(), current.bottom() - 4, current.width(), 3), p.line);
            painter.fillRect(QRectF(current.left(), current.bottom() - 4,
                                    current.width() * std::min(1.0, m_runningFraction), 3),
                             p.accent);
        }
        const QRectF waiting(current.left(), current.top(), current.width(), (m_layers - m_layersReady) * h);
        if (waiting.height() >= 14)
            painter.drawText(waiting, Qt::AlignCenter | Qt::TextSingleLine,
                             m_runningWords.isEmpty() ? tr("not computed") : m_runningWords);
    }

    const auto ring = [&](HeadId head, const QColor& color, double thick) {
        const QRectF cell = rectOf(head).adjusted(0, 0, -gap, -gap);
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(Qt::white, thick + 2));
        painter.drawRect(cell);
        painter.setPen(QPen(color, thick));
        painter.drawRect(cell);
    };
    painter.setRenderHint(QPainter::Antialiasing);
    if (!m_rings) return;
    for (const auto& head : m_others)
        if (head.layer < m_layers && head.head < m_heads) ring(head, p.text, 1);
    if (m_hovered && m_hovered->layer < m_layers && m_hovered->head < m_heads) ring(*m_hovered, p.text, 1);
    if (m_chosen.layer < m_layers && m_chosen.head < m_heads) ring(m_chosen, p.accent, 2);
    if (m_keyboardFocus) {
        painter.setPen(QPen(p.accent, 2));
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 3, 3);
    }
}

void HeadGrid::mousePressEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton) return;
    if (const auto head = headAt(event->position())) emit headClicked(*head, event->modifiers());
}

void HeadGrid::hover(std::optional<HeadId> head) {
    if (head == m_hovered) return;
    m_hovered = head;
    update();
    emit headHovered(head);
}

void HeadGrid::mouseMoveEvent(QMouseEvent* event) {
    hover(headAt(event->position()));
}

void HeadGrid::leaveEvent(QEvent*) {
    hover(std::nullopt);
}

void HeadGrid::keyPressEvent(QKeyEvent* event) {
    HeadId head = m_chosen;
    switch (event->key()) {
        case Qt::Key_Left:
            --head.head;
            break;
        case Qt::Key_Right:
            ++head.head;
            break;
        case Qt::Key_Up:
            --head.layer;
            break;
        case Qt::Key_Down:
            ++head.layer;
            break;
        case Qt::Key_Home:
            head.head = 0;
            break;
        case Qt::Key_End:
            head.head = m_heads - 1;
            break;
        case Qt::Key_PageUp:
            head.layer = 0;
            break;
        case Qt::Key_PageDown:
            head.layer = m_layers - 1;
            break;
        default:
            return QWidget::keyPressEvent(event);
    }
    if (m_layers == 0) return;
    head = {std::clamp(head.layer, 0, m_layers - 1), std::clamp(head.head, 0, m_heads - 1)};
    // Arrows move; with Shift they take in what lies between, Space with Ctrl adds.
    if (head != m_chosen) emit headClicked(head, event->modifiers());
}

bool HeadGrid::event(QEvent* event) {
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        if (const auto head = headAt(help->pos())) {
            const QString score =
                head->layer < m_layersReady ? scoreText(scoreAt(*head)) : tr("not computed yet");
            QToolTip::showText(help->globalPos(),
                               tr("L%1 H%2  %3").arg(head->layer).arg(head->head).arg(score), this);
        } else {
            QToolTip::hideText();
        }
        return true;
    }
    return QWidget::event(event);
}

void HeadGrid::focusInEvent(QFocusEvent* event) {
    m_keyboardFocus = event->reason() == Qt::TabFocusReason || event->reason() == Qt::BacktabFocusReason;
    update();
}

void HeadGrid::focusOutEvent(QFocusEvent*) {
    m_keyboardFocus = false;
    update();
}

}  // namespace attnviz::ui
