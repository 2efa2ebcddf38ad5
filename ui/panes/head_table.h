// All heads as rows that can be sorted: thumbnail, name, score as a bar, role.
#pragma once

#include <QAbstractTableModel>
#include <QHash>
#include <QImage>
#include <memory>
#include <vector>

#include "core/attention/attention_source.h"
#include "ui/state/head_metrics.h"
#include "ui/widgets/color_scale.h"

namespace attnviz::ui {

class HeadTable final : public QAbstractTableModel {
    Q_OBJECT
 public:
    enum Column { thumbnail, name, score, role, columns };

    explicit HeadTable(QObject* parent = nullptr);
    // Keeps the order that was chosen. Only layers that are there have rows.
    void setHeads(std::shared_ptr<const AttentionSource> source, const HeadMetric& metric,
                  const std::vector<double>& scores, const std::vector<HeadRole>& roles, double scaleEnd);
    void setScale(const ColorScale& scale, QColor masked);
    HeadId headAt(int row) const { return m_rows[static_cast<std::size_t>(row)].head; }
    int rowOf(HeadId head) const;  // -1 if it has none
    QImage thumbnailOf(HeadId head) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    void sort(int column, Qt::SortOrder order) override;

 private:
    struct Row {
        HeadId head;
        double score = 0;
        QString role;  // empty: not known yet
    };
    void sortRows();

    std::shared_ptr<const AttentionSource> m_source;
    const HeadMetric* m_metric;
    std::vector<Row> m_rows;
    double m_scaleEnd = 1;
    ColorScale m_scale;
    QRgb m_masked = 0;
    int m_sortColumn = score;
    Qt::SortOrder m_sortOrder = Qt::DescendingOrder;
    mutable QHash<int, QImage> m_thumbnails;
};

}  // namespace attnviz::ui
