// How tables of the program draw their cells: tokens in the fixed font with dim marks, scores as a bar and a
// number, numbers to the right. Everything is plain text.
#pragma once

#include <QStyledItemDelegate>

class QTableView;

namespace attnviz::ui {

enum class ColumnKind { text, number, bar, token, thumbnail };
inline constexpr int kBarShareRole = Qt::UserRole + 1;  // of a bar: 0 to 1, or invalid for none
inline constexpr int kImageRole = Qt::UserRole + 2;     // of a thumbnail: QImage
inline constexpr int kColorRole = Qt::UserRole + 3;     // of a token: QColor, where it is not the text's

class TableColumn final : public QStyledItemDelegate {
 public:
    TableColumn(ColumnKind kind, QObject* parent);
    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;

 private:
    ColumnKind m_kind;
};

// Rows of the given height, no grid, whole rows selected, no editing.
void dressTable(QTableView& table, int rowHeight);

}  // namespace attnviz::ui
