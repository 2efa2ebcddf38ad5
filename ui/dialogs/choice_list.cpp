#include "ui/dialogs/choice_list.h"

#include <QKeyEvent>
#include <QPainter>
#include <QStyledItemDelegate>

#include "ui/dialogs/model_choices.h"
#include "ui/theme/appearance.h"
#include "ui/theme/icons.h"

namespace attnviz::ui {
namespace {

constexpr int kHeadingHeight = 28, kSentenceHeight = 28, kRowHeight = 44, kPageRows = 6;

ChoiceKind kindOf(const QModelIndex& index) {
    return static_cast<ChoiceKind>(index.data(ModelChoices::kKindRole).toInt());
}

class ChoicePainter final : public QStyledItemDelegate {
 public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex& index) const override {
        const auto kind = kindOf(index);
        return {100, kind == ChoiceKind::heading    ? kHeadingHeight
                     : kind == ChoiceKind::sentence ? kSentenceHeight
                                                    : kRowHeight};
    }

    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override {
        const auto& p = ui::palette();
        const auto kind = kindOf(index);
        const QRect row = option.rect;
        const QString title = index.data().toString();
        painter->save();
        const auto text = [&](const QFont& font, const QColor& color, const QRect& place, int alignment,
                              const QString& words) {
            painter->setFont(font);
            painter->setPen(color);
            painter->drawText(
                place, alignment | Qt::TextSingleLine,
                QFontMetrics(font).elidedText(words, Qt::ElideMiddle, place.width(), Qt::TextSingleLine));
        };
        if (kind == ChoiceKind::heading) {
            painter->fillRect(row, p.readOut);
            painter->fillRect(QRect(row.left(), row.bottom(), row.width(), 1), p.hairline);
            text(interfaceFont(11, QFont::DemiBold), p.secondaryText, row.adjusted(12, 0, -12, 0),
                 Qt::AlignLeft | Qt::AlignVCenter, title);
            return painter->restore();
        }
        if (kind == ChoiceKind::sentence) {
            text(interfaceFont(12), p.secondaryText, row.adjusted(12, 0, -12, 0),
                 Qt::AlignLeft | Qt::AlignVCenter, title);
            return painter->restore();
        }
        const bool selected = option.state.testFlag(QStyle::State_Selected);
        if (selected)
            painter->fillRect(row, p.selectedRow);
        else if (option.state.testFlag(QStyle::State_MouseOver))
            painter->fillRect(row, p.hoveredRow);
        painter->fillRect(QRect(row.left() + 12, row.bottom(), row.width() - 24, 1), p.hairline);

        const QString hurdle = index.data(ModelChoices::kHurdleRole).toString();
        const QString size = index.data(ModelChoices::kSizeRole).toString();
        const Icon mark = !hurdle.isEmpty()            ? Icon::warning
                          : kind == ChoiceKind::hub    ? Icon::drop
                          : kind == ChoiceKind::folder ? Icon::folder
                                                       : Icon::model;
        icon(mark, hurdle.isEmpty() ? IconColor::text : IconColor::secondary)
            .paint(painter, QRect(row.left() + 12, row.center().y() - 10, 20, 20));
        const QFont plain = interfaceFont(12);
        const int sizeWidth = size.isEmpty() ? 0 : QFontMetrics(plain).horizontalAdvance(size) + 12;
        const QRect words = row.adjusted(46, 5, -12 - sizeWidth, -5);
        const QColor main = selected ? p.selectedText : hurdle.isEmpty() ? p.text : p.secondaryText;
        const QColor second = selected ? p.selectedText : p.secondaryText;
        text(interfaceFont(12, QFont::DemiBold), main, QRect(words.topLeft(), QSize(words.width(), 17)),
             Qt::AlignLeft | Qt::AlignVCenter, title);
        text(plain, second, QRect(words.left(), words.top() + 17, words.width(), 17),
             Qt::AlignLeft | Qt::AlignVCenter, index.data(ModelChoices::kFactsRole).toString());
        text(plain, second, row.adjusted(row.width() - sizeWidth - 12, 0, -12, 0),
             Qt::AlignRight | Qt::AlignVCenter, size);
        painter->restore();
    }
};

}  // namespace

ChoiceList::ChoiceList(ModelChoices* choices, QWidget* parent) : QListView(parent), m_choices(choices) {
    setObjectName("choices");
    setModel(choices);
    setItemDelegate(new ChoicePainter(this));
    setAccessibleName(tr("Models"));
    setFrameShape(QFrame::NoFrame);
    setMouseTracking(true);
    setEditTriggers(NoEditTriggers);
    setSelectionMode(SingleSelection);
    setUniformItemSizes(false);
    setVerticalScrollMode(ScrollPerPixel);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    connect(&Appearance::instance(), &Appearance::changed, viewport(), [this] { viewport()->update(); });
}

void ChoiceList::step(int steps) {
    const auto next = m_choices->next(currentIndex(), steps);
    if (!next.isValid()) return;
    setCurrentIndex(next);
    // The heading above the first row is seen with it.
    if (next == m_choices->first())
        scrollToTop();
    else
        scrollTo(next);
}

void ChoiceList::stepPage(bool down) {
    step(down ? kPageRows : -kPageRows);
}

void ChoiceList::keyPressEvent(QKeyEvent* event) {
    switch (event->key()) {
        case Qt::Key_Up:
            return step(-1);
        case Qt::Key_Down:
            return step(1);
        case Qt::Key_PageUp:
            return stepPage(false);
        case Qt::Key_PageDown:
            return stepPage(true);
        case Qt::Key_Home:
            return step(-m_choices->rowCount());
        case Qt::Key_End:
            return step(m_choices->rowCount());
        case Qt::Key_Return:
        case Qt::Key_Enter:
            emit chosen();
            return;
        default:
            QListView::keyPressEvent(event);
    }
}

void ChoiceList::mouseDoubleClickEvent(QMouseEvent* event) {
    QListView::mouseDoubleClickEvent(event);
    if (m_choices->at(indexAt(event->pos()))) emit chosen();
}

void ChoiceList::resizeEvent(QResizeEvent* event) {
    QListView::resizeEvent(event);
    scheduleDelayedItemsLayout();
}

}  // namespace attnviz::ui
