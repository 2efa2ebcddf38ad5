#include "ui/panes/head_table.h"

#include <QCoreApplication>
#include <algorithm>
#include <cmath>

#include "ui/state/head_metrics.h"
#include "ui/widgets/number_text.h"
#include "ui/widgets/table_columns.h"

namespace attnviz::ui {

HeadTable::HeadTable(QObject* parent) : QAbstractTableModel(parent), m_metric(&headMetrics().front()) {}

void HeadTable::setHeads(std::shared_ptr<const AttentionSource> source, const HeadMetric& metric,
                         const std::vector<double>& scores, const std::vector<HeadRole>& roles,
                         double scaleEnd) {
    beginResetModel();
    if (source != m_source) m_thumbnails.clear();
    m_source = std::move(source);
    m_metric = &metric;
    m_scaleEnd = scaleEnd;
    m_rows.clear();
    if (m_source) {
        const auto& info = m_source->info();
        for (int layer = 0; layer < m_source->layersReady(); ++layer)
            for (int head = 0; head < info.heads; ++head) {
                const auto at = static_cast<std::size_t>(layer) * static_cast<std::size_t>(info.heads) +
                                static_cast<std::size_t>(head);
                const auto role = std::ranges::find_if(
                    roles, [&](const HeadRole& known) { return known.layer == layer && known.head == head; });
                m_rows.push_back(
                    {{layer, head}, scores[at], role == roles.end() ? QString() : roleText(role->role)});
            }
    }
    sortRows();
    endResetModel();
}

void HeadTable::setScale(const ColorScale& scale, QColor masked) {
    m_scale = scale;
    m_masked = masked.rgb();
    m_thumbnails.clear();
    if (!m_rows.empty()) emit dataChanged(index(0, thumbnail), index(rowCount() - 1, thumbnail));
}

int HeadTable::rowOf(HeadId head) const {
    const auto found = std::ranges::find(m_rows, head, &Row::head);
    return found == m_rows.end() ? -1 : static_cast<int>(found - m_rows.begin());
}

int HeadTable::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int HeadTable::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : columns;
}

QImage HeadTable::thumbnailOf(HeadId head) const {
    const int key = head.layer * 100'000 + head.head;
    if (const auto found = m_thumbnails.find(key); found != m_thumbnails.end()) return *found;
    const auto& overview = m_source->overview(head);
    QImage image(std::max(1, overview.columns), std::max(1, overview.rows), QImage::Format_RGB32);
    image.fill(m_masked);
    for (int row = 0; row < overview.rows; ++row)
        for (int column = 0; column < overview.columns; ++column) {
            const float value = overview.maxAt(row, column);
            if (value != kMaskedCell) image.setPixel(column, row, m_scale.color(value));
        }
    return *m_thumbnails.insert(key, image);
}

QVariant HeadTable::data(const QModelIndex& index, int role) const {
    const Row& row = m_rows[static_cast<std::size_t>(index.row())];
    const QString label = QString("L%1 H%2").arg(row.head.layer).arg(row.head.head);
    if (role == Qt::AccessibleTextRole)
        return label + ", " + QCoreApplication::translate("HeadMetric", m_metric->title) + " " +
               scoreText(row.score, m_metric->decimals);
    switch (index.column()) {
        case thumbnail:
            if (role == kImageRole) return thumbnailOf(row.head);
            break;
        case name:
            if (role == Qt::DisplayRole) return label;
            break;
        case score:
            if (role == Qt::DisplayRole) return scoreText(row.score, m_metric->decimals);
            if (role == kBarShareRole && std::isfinite(row.score)) return row.score / m_scaleEnd;
            break;
        case Column::role:
            if (role == Qt::DisplayRole) return row.role;
            break;
        default:
            break;
    }
    return {};
}

QVariant HeadTable::headerData(int section, Qt::Orientation orientation, int what) const {
    if (orientation != Qt::Horizontal) return {};
    if (what == Qt::TextAlignmentRole) return QVariant(Qt::AlignLeft | Qt::AlignVCenter);
    if (what != Qt::DisplayRole) return {};
    switch (section) {
        case name:
            return tr("Head");
        case score:
            return QCoreApplication::translate("HeadMetric", m_metric->heading);
        case role:
            return tr("Role");
        default:
            return {};
    }
}

void HeadTable::sort(int column, Qt::SortOrder order) {
    if (column == thumbnail) return;
    emit layoutAboutToBeChanged();
    m_sortColumn = column;
    m_sortOrder = order;
    sortRows();
    emit layoutChanged();
}

void HeadTable::sortRows() {
    const bool down = m_sortOrder == Qt::DescendingOrder;
    if (m_sortColumn == role) {
        std::ranges::stable_sort(m_rows, [&](const Row& a, const Row& b) {
            const int order = QString::localeAwareCompare(a.role, b.role);
            return order != 0 ? (down ? order > 0 : order < 0) : a.score > b.score;
        });
        return;
    }
    const auto value = [this](const Row& row) {
        return m_sortColumn == score ? row.score : row.head.layer * 100'000.0 + row.head.head;
    };
    std::ranges::stable_sort(m_rows, [&](const Row& a, const Row& b) {
        const double x = value(a), y = value(b);
        if (std::isnan(x) || std::isnan(y))
            return !std::isnan(x) && std::isnan(y);  // what is missing comes last
        return down ? x > y : x < y;
    });
}

}  // namespace attnviz::ui
