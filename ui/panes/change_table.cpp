#include "ui/panes/change_table.h"

#include <cmath>

#include "ui/widgets/number_text.h"
#include "ui/widgets/table_columns.h"

namespace attnviz::ui {

QString signedText(double weight) {
    return weight > 0 ? "+" + weightText(weight) : weightText(weight);
}

QString jointTokenText(const ComparedPair& pair, Cell joint, bool ofQuery) {
    const TokenPair& token = ofQuery ? pair.queries[static_cast<std::size_t>(joint.query)]
                                     : pair.keys[static_cast<std::size_t>(joint.key)];
    const auto& side = token.left >= 0 ? pair.left : pair.right;
    const int own = token.left >= 0 ? token.left : token.right;
    const QString text = (ofQuery ? side.queries : side.keys).value(own);
    if (token.left < 0) return QString("B %1 %2").arg(countText(own), text);
    return token.right < 0 || token.right == token.left
               ? countText(own) + " " + text
               : QString("%1 (B %2) ").arg(countText(own), countText(token.right)) + text;
}

void ChangeTable::setMaps(std::shared_ptr<const ComparedMaps> maps) {
    beginResetModel();
    m_maps = std::move(maps);
    endResetModel();
}

const ComparedChange* ChangeTable::changeAt(int row) const {
    return row >= 0 && row < rowCount() ? &m_maps->changes[static_cast<std::size_t>(row)] : nullptr;
}

int ChangeTable::rowOf(Cell joint) const {
    for (int row = 0; row < rowCount(); ++row)
        if (changeAt(row)->joint == joint) return row;
    return -1;
}

QString ChangeTable::text() const {
    QString out = "query\tquery_token\tkey\tkey_token\ta\tb\tdifference\n";
    for (int row = 0; row < rowCount(); ++row) {
        const auto& at = *changeAt(row);
        const Cell own = m_maps->pair->own(at.joint, &TokenPair::left);
        out += QString::number(own.query) + "\t" + m_maps->pair->left.queries.value(own.query) + "\t" +
               QString::number(own.key) + "\t" + m_maps->pair->left.keys.value(own.key);
        for (const float value : {at.left, at.right, at.change()})
            out += "\t" + QString::number(static_cast<double>(value), 'g', 9);
        out += "\n";
    }
    return out;
}

int ChangeTable::rowCount(const QModelIndex& parent) const {
    return parent.isValid() || !m_maps ? 0 : static_cast<int>(m_maps->changes.size());
}

int ChangeTable::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : columns;
}

QVariant ChangeTable::data(const QModelIndex& index, int role) const {
    const auto& at = *changeAt(index.row());
    const auto name = [&](bool ofQuery) { return jointTokenText(*m_maps->pair, at.joint, ofQuery); };
    const double difference = at.change();
    if (role == Qt::AccessibleTextRole)
        return QString("%1 → %2, %3").arg(name(true), name(false), signedText(difference));
    if (role == kBarShareRole && index.column() == change)
        return std::abs(difference) / std::max(1e-12, m_maps->largestChange);
    if (role != Qt::DisplayRole) return {};
    switch (index.column()) {
        case query:
            return name(true);
        case key:
            return name(false);
        case left:
            return weightText(at.left);
        case right:
            return weightText(at.right);
        case change:
            return signedText(difference);
        default:
            return {};
    }
}

QVariant ChangeTable::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::TextAlignmentRole && (section == left || section == right))
        return QVariant(Qt::AlignRight | Qt::AlignVCenter);
    if (role != Qt::DisplayRole) return {};
    switch (section) {
        case query:
            return tr("Query");
        case key:
            return tr("Key");
        case left:
            return QStringLiteral("A");
        case right:
            return QStringLiteral("B");
        case change:
            return tr("B − A");
        default:
            return {};
    }
}

}  // namespace attnviz::ui
