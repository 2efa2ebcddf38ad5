#include "ui/widgets/eliding_label.h"

#include <QStyle>

#include "ui/widgets/token_text.h"

namespace attnviz::ui {
namespace {

constexpr int kFewLetters = 6;

}  // namespace

ElidingLabel::ElidingLabel(const char* role, QWidget* parent) : QLabel(parent) {
    setTextFormat(Qt::PlainText);
    setProperty("role", role);
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
}

void ElidingLabel::setText(const QString& text) {
    if (text == m_whole) return;
    m_whole = text;
    setAccessibleName(text);
    updateGeometry();
    elide();
}

// What the style puts around the text (a chip's frame) stands in the hint of the label itself.
QSize ElidingLabel::sizeHint() const {
    const int around = QLabel::sizeHint().width() - fontMetrics().horizontalAdvance(QLabel::text());
    return {fontMetrics().horizontalAdvance(m_whole) + around + 1, QLabel::sizeHint().height()};
}

QSize ElidingLabel::minimumSizeHint() const {
    return {0, QLabel::minimumSizeHint().height()};
}

void ElidingLabel::resizeEvent(QResizeEvent* event) {
    QLabel::resizeEvent(event);
    elide();
}

void ElidingLabel::elide() {
    const int around = QLabel::sizeHint().width() - fontMetrics().horizontalAdvance(QLabel::text());
    QString shown = fontMetrics().elidedText(m_whole, Qt::ElideRight, std::max(0, width() - around));
    // A few letters in a frame say nothing.
    if (shown != m_whole && shown.size() < kFewLetters && property("role") == "chip") shown.clear();
    if (shown != QLabel::text()) QLabel::setText(shown);
    // Of which no letter has room, not even its frame is seen.
    setAttribute(Qt::WA_StyledBackground, shown.size() > 1 || shown == m_whole);
    setToolTip(shown == m_whole ? QString() : plainToolTip(m_whole));
}

}  // namespace attnviz::ui
