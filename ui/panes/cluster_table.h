// Clusters as rows: mark, what most of its heads do, how many they are, how well they hold together, and the
// head in their middle. And the words for a cluster, which the silhouettes show too.
#pragma once

#include <QAbstractTableModel>
#include <QStyledItemDelegate>
#include <vector>

#include "core/analysis/clusters.h"
#include "core/analysis/head_roles.h"

namespace attnviz::ui {

QString headName(HeadId head);  // "L2 H4"

// What the heads of a cluster mostly are.
struct ClusterWords {
    QString title;   // the commonest role; of mixed heads also their largest mean score: "mixed, first token"
    QString counts;  // "61 of 84"
    QString all;     // every role with its number, the commonest first
};
// `roles` by head, in the order of `found.heads`; where they are not there yet, clusters are numbered.
std::vector<ClusterWords> clusterWords(const HeadClusters& found, const std::vector<HeadRole>& roles);

class ClusterTable final : public QAbstractTableModel {
    Q_OBJECT
 public:
    enum Column { mark, mostly, heads, silhouette, medoid, columns };

    using QAbstractTableModel::QAbstractTableModel;
    void setClusters(const HeadClusters& found, std::vector<ClusterWords> words);

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
    struct Row {
        HeadCluster cluster;
        HeadId medoid;
        ClusterWords words;
    };
    std::vector<Row> m_rows;
};

// Draws the mark of the row's cluster.
class ClusterMarkColumn final : public QStyledItemDelegate {
 public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;
};

}  // namespace attnviz::ui
