// All heads with their scores and roles, as rows that can be sorted by any of them and filtered by role.
#pragma once

#include <QAbstractTableModel>
#include <QStyledItemDelegate>
#include <vector>

#include "core/analysis/head_roles.h"
#include "core/attention/attention_source.h"

namespace attnviz::ui {

class RoleTable final : public QAbstractTableModel {
    Q_OBJECT
 public:
    enum Column { name, role, firstScore, columns = firstScore + static_cast<int>(kHeadScores) };

    using QAbstractTableModel::QAbstractTableModel;
    void setRoles(std::vector<HeadRole> roles);
    // A head has a role if its best score is above this.
    void setThreshold(double above);
    // Only heads of this role; empty: all.
    void setFilter(std::string_view role);
    void setLongHeadings(bool longOnes);

    // Whether any head has this score: on some texts nothing can earn it.
    bool known(HeadScore score) const;
    QString sortedBy() const;  // "previous token ↓"

    const std::vector<HeadRole>& roles() const { return m_roles; }
    const HeadRole& roleAt(int row) const { return m_roles[m_rows[static_cast<std::size_t>(row)]]; }
    HeadId headAt(int row) const { return {roleAt(row).layer, roleAt(row).head}; }
    int rowOf(HeadId head) const;  // -1: filtered out, or there is none

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    void sort(int column, Qt::SortOrder order) override;

 private:
    void makeRows();
    std::vector<HeadRole> m_roles;
    std::vector<std::size_t> m_rows;
    std::string_view m_filter;  // a name of the roles themselves, which live as long as the program
    double m_above = 0.5;
    int m_sortColumn = name;
    Qt::SortOrder m_sortOrder = Qt::AscendingOrder;
    bool m_longHeadings = false;
};

// A bar as long as the score, in the accent where it makes the role; with the number where there is room.
class ScoreColumn final : public QStyledItemDelegate {
 public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;
};

}  // namespace attnviz::ui
