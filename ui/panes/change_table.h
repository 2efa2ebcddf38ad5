// The largest changes between two documents as rows: query, key, A, B, B - A with a bar.
#pragma once

#include <QAbstractTableModel>
#include <memory>

#include "ui/state/compared_documents.h"

namespace attnviz::ui {

class ChangeTable final : public QAbstractTableModel {
    Q_OBJECT
 public:
    enum Column { query, key, left, right, change, columns };
    using QAbstractTableModel::QAbstractTableModel;

    void setMaps(std::shared_ptr<const ComparedMaps> maps);
    const ComparedChange* changeAt(int row) const;  // null beyond the rows
    int rowOf(Cell joint) const;                    // -1 if it is not among them
    QString text() const;                           // tab-separated, with a header line

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
    std::shared_ptr<const ComparedMaps> m_maps;
};

// "+0.1741", with a true minus; "0" has no sign.
QString signedText(double weight);
// "20 ·play"; "20 (B 21) ·play" where the sides count differently.
QString jointTokenText(const ComparedPair& pair, Cell joint, bool ofQuery);

}  // namespace attnviz::ui
