#include "ui/panes/weight_table.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "ui/theme/appearance.h"
#include "ui/widgets/number_text.h"
#include "ui/widgets/table_columns.h"

namespace attnviz::ui {

void WeightTable::setWeights(const QStringList& labels, std::vector<float> weights, bool ofKeys,
                             const QString& heading) {
    beginResetModel();
    m_labels = labels;
    m_heading = heading;
    m_weights = std::move(weights);
    m_ofKeys = ofKeys;
    m_order.resize(m_weights.size());
    std::iota(m_order.begin(), m_order.end(), 0);
    m_ranks.assign(m_weights.size(), 0);
    std::vector<int> byWeight = m_order;
    std::ranges::stable_sort(byWeight, [this](int a, int b) { return value(a) > value(b); });
    for (std::size_t i = 0; i < byWeight.size(); ++i)
        m_ranks[static_cast<std::size_t>(byWeight[i])] = static_cast<int>(i) + 1;
    m_strongest = byWeight.empty() ? 0 : std::max(0.0F, value(byWeight.front()));
    sortRows();
    endResetModel();
    emit headerDataChanged(Qt::Horizontal, 0, columns - 1);
}

int WeightTable::rowOf(int token) const {
    const auto found = std::ranges::find(m_order, token);
    return found == m_order.end() ? -1 : static_cast<int>(found - m_order.begin());
}

QString WeightTable::values() const {
    if (m_order.empty()) return {};
    QString text = (m_ofKeys ? QStringLiteral("key") : QStringLiteral("query")) + "\ttoken\tweight\trank\n";
    for (const int at : m_order) {
        const float shown = m_weights[static_cast<std::size_t>(at)];
        const bool masked = std::isnan(shown);
        text += QStringList{QString::number(at), m_labels.value(at),
                            masked ? QString() : QString::number(shown, 'g', 9),
                            masked ? QString() : QString::number(m_ranks[static_cast<std::size_t>(at)])}
                    .join('\t') +
                "\n";
    }
    return text;
}

int WeightTable::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_order.size());
}

int WeightTable::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : columns;
}

QVariant WeightTable::data(const QModelIndex& index, int role) const {
    const int at = tokenAt(index.row());
    const float shown = m_weights[static_cast<std::size_t>(at)];
    const bool masked = std::isnan(shown);
    if (role == kBarShareRole && index.column() == weight && !masked && m_strongest > 0)
        return shown / m_strongest;
    if (role == kColorRole && index.column() == token && !masked &&
        m_ranks[static_cast<std::size_t>(at)] == 1)
        return m_ofKeys ? ui::palette().keyMark : ui::palette().accent;
    if (role == kColorRole && index.column() == token && masked) return ui::palette().secondaryText;
    if (role != Qt::DisplayRole) return {};
    switch (index.column()) {
        case number:
            return countText(at);
        case token:
            return m_labels.value(at);
        case weight:
            return masked ? tr("masked") : weightText(shown);
        case rank:
            return masked ? QString() : countText(m_ranks[static_cast<std::size_t>(at)]);
        default:
            return {};
    }
}

QVariant WeightTable::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant(section == number || section == rank ? Qt::AlignRight | Qt::AlignVCenter
                                                             : Qt::AlignLeft | Qt::AlignVCenter);
    if (role != Qt::DisplayRole) return {};
    const QStringList names{QStringLiteral("#"), m_ofKeys ? tr("Key") : tr("Query"), m_heading, tr("Rank")};
    return names.value(section);
}

void WeightTable::sort(int column, Qt::SortOrder order) {
    emit layoutAboutToBeChanged();
    m_byWeight = column == weight || column == rank;
    m_descending = column == rank ? order == Qt::AscendingOrder : order == Qt::DescendingOrder;
    sortRows();
    emit layoutChanged();
}

float WeightTable::value(int token) const {
    const float weight = m_weights[static_cast<std::size_t>(token)];
    return std::isnan(weight) ? -1.0F : weight;
}

void WeightTable::sortRows() {
    std::ranges::stable_sort(m_order, [this](int a, int b) {
        if (!m_byWeight) return m_descending ? a > b : a < b;
        return m_descending ? value(a) > value(b) : value(a) < value(b);
    });
}

}  // namespace attnviz::ui
