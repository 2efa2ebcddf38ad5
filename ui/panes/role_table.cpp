#include "ui/panes/role_table.h"

#include <QPainter>
#include <algorithm>
#include <cmath>
#include <tuple>

#include "ui/state/role_names.h"
#include "ui/theme/appearance.h"
#include "ui/widgets/number_text.h"
#include "ui/widgets/table_columns.h"

namespace attnviz::ui {
namespace {

constexpr int kRoleScoreRole = Qt::UserRole + 20;  // whether this score makes the head's role
constexpr double kNumberWidth = 40, kNumberFrom = 62;

std::size_t scoreOf(int column) {
    return static_cast<std::size_t>(column - RoleTable::firstScore);
}

}  // namespace

void RoleTable::setRoles(std::vector<HeadRole> roles) {
    beginResetModel();
    m_roles = std::move(roles);
    for (auto& role : m_roles) role.role = headRole(role.scores, m_above);
    makeRows();
    endResetModel();
}

void RoleTable::setThreshold(double above) {
    beginResetModel();
    m_above = above;
    for (auto& role : m_roles) role.role = headRole(role.scores, m_above);
    makeRows();
    endResetModel();
}

void RoleTable::setFilter(std::string_view role) {
    beginResetModel();
    m_filter = role;
    makeRows();
    endResetModel();
}

void RoleTable::setLongHeadings(bool longOnes) {
    if (longOnes == m_longHeadings) return;
    m_longHeadings = longOnes;
    emit headerDataChanged(Qt::Horizontal, firstScore, columns - 1);
}

bool RoleTable::known(HeadScore score) const {
    return std::ranges::any_of(m_roles,
                               [score](const HeadRole& head) { return std::isfinite(head.score(score)); });
}

QString RoleTable::sortedBy() const {
    const QString what = m_sortColumn == name   ? tr("head")
                         : m_sortColumn == role ? tr("role")
                                                : scoreName(static_cast<HeadScore>(scoreOf(m_sortColumn)));
    return what + ' ' + (m_sortOrder == Qt::DescendingOrder ? QChar(0x2193) : QChar(0x2191));
}

int RoleTable::rowOf(HeadId head) const {
    for (std::size_t row = 0; row < m_rows.size(); ++row)
        if (m_roles[m_rows[row]].layer == head.layer && m_roles[m_rows[row]].head == head.head)
            return static_cast<int>(row);
    return -1;
}

int RoleTable::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int RoleTable::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : columns;
}

QVariant RoleTable::data(const QModelIndex& index, int role) const {
    const HeadRole& head = roleAt(index.row());
    const QString label = QString("L%1 H%2").arg(head.layer).arg(head.head);
    if (index.column() < firstScore) {
        if (role == Qt::AccessibleTextRole) return label + ", " + roleName(head.role);
        if (role != Qt::DisplayRole) return {};
        return index.column() == name ? label : roleName(head.role);
    }
    const auto score = static_cast<HeadScore>(scoreOf(index.column()));
    const double value = head.score(score);
    switch (role) {
        case Qt::DisplayRole:
            return scoreText(value);
        case Qt::AccessibleTextRole:
            return scoreName(score) + " " + scoreText(value);
        case Qt::ToolTipRole:
            return (label + " · " + scoreName(score) + " " + scoreText(value)).toHtmlEscaped();
        case kBarShareRole:
            return std::isfinite(value) ? QVariant(value) : QVariant();
        case kRoleScoreRole:
            return head.role == headScoreName(score);
        default:
            return {};
    }
}

QVariant RoleTable::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return {};
    if (section < firstScore) {
        if (role != Qt::DisplayRole) return {};
        return section == name ? tr(" Head") : tr(" Role");
    }
    const auto score = static_cast<HeadScore>(scoreOf(section));
    if (role == Qt::DisplayRole) return m_longHeadings ? scoreName(score) : scoreHeading(score);
    if (role == Qt::ToolTipRole) return (scoreName(score) + ": " + scoreDefinition(score)).toHtmlEscaped();
    return {};
}

void RoleTable::sort(int column, Qt::SortOrder order) {
    emit layoutAboutToBeChanged();
    m_sortColumn = column;
    m_sortOrder = order;
    makeRows();
    emit layoutChanged();
}

void RoleTable::makeRows() {
    m_rows.clear();
    for (std::size_t head = 0; head < m_roles.size(); ++head)
        if (m_filter.empty() || m_roles[head].role == m_filter) m_rows.push_back(head);
    const bool down = m_sortOrder == Qt::DescendingOrder;
    if (m_sortColumn == name) {
        if (down) std::ranges::reverse(m_rows);
    } else if (m_sortColumn == role) {
        // Within a role the surest first; "mixed" is always last.
        const auto best = [](const HeadRole& head) {
            double most = -1;
            for (const double score : head.scores)
                if (score > most) most = score;
            return most;
        };
        std::ranges::stable_sort(m_rows, [&](std::size_t a, std::size_t b) {
            const HeadRole &left = m_roles[a], &right = m_roles[b];
            const bool leftMixed = left.role == "mixed", rightMixed = right.role == "mixed";
            if (leftMixed != rightMixed) return rightMixed;
            if (left.role != right.role) return down ? left.role > right.role : left.role < right.role;
            return best(left) > best(right);
        });
    } else {
        const auto score = scoreOf(m_sortColumn);
        std::ranges::stable_sort(m_rows, [&](std::size_t a, std::size_t b) {
            const double left = m_roles[a].scores[score], right = m_roles[b].scores[score];
            if (std::isnan(left) || std::isnan(right)) return !std::isnan(left) && std::isnan(right);
            return down ? left > right : left < right;
        });
    }
}

void ScoreColumn::paint(QPainter* painter, const QStyleOptionViewItem& option,
                        const QModelIndex& index) const {
    const auto& p = ui::palette();
    const bool selected = option.state.testFlag(QStyle::State_Selected);
    if (selected)
        painter->fillRect(option.rect, p.selectedRow);
    else if (option.state.testFlag(QStyle::State_MouseOver))
        painter->fillRect(option.rect, p.hoveredRow);
    const bool number = option.rect.width() >= kNumberFrom;
    const QRectF place = QRectF(option.rect).adjusted(2, 0, number ? -8 : -3, 0);
    const QRectF track(place.left(), std::round(place.center().y()) - 3,
                       place.width() - (number ? kNumberWidth : 0), 6);
    const QVariant share = index.data(kBarShareRole);
    if (share.isValid()) {
        painter->fillRect(track, selected ? mixed(p.selectedRow, p.panel, 0.5) : p.hairline);
        const bool makes = index.data(kRoleScoreRole).toBool();
        const QColor plain = selected ? mixed(p.tableBar, p.selectedText, 0.4) : p.tableBar;
        painter->fillRect(
            QRectF(track.topLeft(), QSizeF(track.width() * std::clamp(share.toDouble(), 0.0, 1.0), 6)),
            makes ? p.accent : plain);
    }
    painter->save();
    painter->setFont(interfaceFont(number ? 12 : 11));
    painter->setPen(selected ? p.selectedText : share.isValid() ? p.text : p.secondaryText);
    if (number)
        painter->drawText(place, Qt::AlignRight | Qt::AlignVCenter, index.data(Qt::DisplayRole).toString());
    else if (!share.isValid())
        painter->drawText(place, Qt::AlignCenter, index.data(Qt::DisplayRole).toString());
    painter->restore();
}

}  // namespace attnviz::ui
