#include "ui/widgets/table_columns.h"

#include <QApplication>
#include <QHeaderView>
#include <QPainter>
#include <QTableView>

#include "ui/theme/appearance.h"
#include "ui/widgets/token_axis.h"
#include "ui/widgets/token_text.h"

namespace attnviz::ui {

TableColumn::TableColumn(ColumnKind kind, QObject* parent) : QStyledItemDelegate(parent), m_kind(kind) {}

void TableColumn::paint(QPainter* painter, const QStyleOptionViewItem& option,
                        const QModelIndex& index) const {
    const auto& p = ui::palette();
    QStyleOptionViewItem view = option;
    initStyleOption(&view, index);
    view.text.clear();
    view.icon = {};
    QApplication::style()->drawPrimitive(QStyle::PE_PanelItemViewItem, &view, painter, view.widget);
    const bool selected = option.state.testFlag(QStyle::State_Selected);
    const bool hovered = option.state.testFlag(QStyle::State_MouseOver);
    if (selected)
        painter->fillRect(option.rect, p.selectedRow);
    else if (hovered)
        painter->fillRect(option.rect, p.hoveredRow);
    const QString text = index.data(Qt::DisplayRole).toString();
    const QColor color = selected ? p.selectedText : p.text;
    QRectF place = QRectF(option.rect).adjusted(6, 0, -6, 0);
    painter->save();
    painter->setFont(interfaceFont(12));
    switch (m_kind) {
        case ColumnKind::text:
            painter->setPen(color);
            painter->drawText(place, Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine,
                              QFontMetricsF(painter->font()).elidedText(text, Qt::ElideRight, place.width()));
            break;
        case ColumnKind::number:
            painter->setPen(color);
            painter->drawText(place, Qt::AlignRight | Qt::AlignVCenter | Qt::TextSingleLine, text);
            break;
        case ColumnKind::bar: {
            const QVariant share = index.data(kBarShareRole);
            const double number = 46, room = place.width() - number;
            if (share.isValid() && room > 12) {
                const QRectF track(place.left(), place.center().y() - 3, room - 6, 6);
                painter->fillRect(track, selected ? mixed(p.selectedRow, p.panel, 0.5) : p.hairline);
                const QColor bar = selected && contrastRatio(p.tableBar, p.selectedRow) < 3
                                       ? mixed(p.tableBar, p.selectedText, 0.4)
                                       : p.tableBar;
                painter->fillRect(QRectF(track.topLeft(),
                                         QSizeF(track.width() * std::clamp(share.toDouble(), 0.0, 1.0), 6)),
                                  bar);
            }
            painter->setPen(color);
            painter->drawText(place, Qt::AlignRight | Qt::AlignVCenter | Qt::TextSingleLine, text);
            break;
        }
        case ColumnKind::token: {
            painter->setFont(tokenFont(12));
            const QFontMetricsF metrics(painter->font());
            const QColor own = index.data(kColorRole).value<QColor>();
            drawTokenText(*painter, place, Qt::AlignLeft | Qt::AlignVCenter,
                          elided(text, place.width(),
                                 [&](const QString& part) { return metrics.horizontalAdvance(part); }),
                          own.isValid() && !selected ? own : color,
                          selected ? p.selectedText : p.secondaryText);
            break;
        }
        case ColumnKind::thumbnail: {
            const QImage image = index.data(kImageRole).value<QImage>();
            if (image.isNull()) break;
            const double side = std::min(place.width() + 8, place.height() - 6);
            painter->drawImage(QRectF(place.left(), place.center().y() - side / 2, side, side), image);
            break;
        }
    }
    painter->restore();
}

void dressTable(QTableView& table, int rowHeight) {
    table.setShowGrid(false);
    table.setMouseTracking(true);
    table.setSelectionBehavior(QAbstractItemView::SelectRows);
    table.setSelectionMode(QAbstractItemView::SingleSelection);
    table.setEditTriggers(QAbstractItemView::NoEditTriggers);
    table.setFrameShape(QFrame::NoFrame);
    table.setWordWrap(false);
    table.setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    table.setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    table.setTabKeyNavigation(false);
    table.verticalHeader()->hide();
    table.verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    table.verticalHeader()->setMinimumSectionSize(rowHeight);
    table.verticalHeader()->setDefaultSectionSize(rowHeight);
    table.horizontalHeader()->setHighlightSections(false);
    table.horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    table.horizontalHeader()->setMinimumSectionSize(24);
    table.horizontalHeader()->setFixedHeight(24);
}

}  // namespace attnviz::ui
