// Tokens as rows of a table, with the weights that they have here: index, token, weight, rank. Values go in.
#pragma once

#include <QAbstractTableModel>
#include <QStringList>
#include <vector>

namespace attnviz::ui {

// NaN weights are masked.
class WeightTable final : public QAbstractTableModel {
    Q_OBJECT
 public:
    enum Column { number, token, weight, rank, columns };
    using QAbstractTableModel::QAbstractTableModel;

    // `heading` of the weights: "Weight from 5 ·over".
    void setWeights(const QStringList& labels, std::vector<float> weights, bool ofKeys,
                    const QString& heading);
    int tokenAt(int row) const { return m_order[static_cast<std::size_t>(row)]; }
    int rowOf(int token) const;  // -1: none
    // With a header line, in the order of the rows; masked weights are empty.
    QString values() const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    void sort(int column, Qt::SortOrder order) override;

 private:
    float value(int token) const;
    void sortRows();

    QStringList m_labels;
    QString m_heading;
    std::vector<float> m_weights;
    std::vector<int> m_order, m_ranks;
    float m_strongest = 0;
    bool m_ofKeys = true, m_byWeight = false, m_descending = false;
};

}  // namespace attnviz::ui
