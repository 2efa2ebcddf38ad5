#include "ui/panes/cluster_table.h"

#include <QPainter>
#include <algorithm>
#include <cmath>
#include <map>

#include "ui/state/role_names.h"
#include "ui/theme/appearance.h"
#include "ui/theme/cluster_marks.h"
#include "ui/widgets/number_text.h"

namespace attnviz::ui {
namespace {

// The largest mean score of the heads, where it is one to speak of.
QString strongestScore(const std::vector<const HeadRole*>& heads) {
    QString name;
    double best = 0.2;
    for (std::size_t score = 0; score < kHeadScores; ++score) {
        double sum = 0;
        int known = 0;
        for (const auto* head : heads)
            if (const double value = head->scores[score]; std::isfinite(value)) {
                sum += value;
                ++known;
            }
        if (known == 0 || sum / known <= best) continue;
        best = sum / known;
        name = scoreName(static_cast<HeadScore>(score));
    }
    return name;
}

ClusterWords wordsOf(const std::vector<const HeadRole*>& heads) {
    std::map<std::string_view, int> counts;
    for (const auto* head : heads) ++counts[head->role];
    std::vector<std::pair<std::string_view, int>> sorted(counts.begin(), counts.end());
    std::ranges::stable_sort(sorted, std::ranges::greater(), &std::pair<std::string_view, int>::second);
    ClusterWords words;
    if (sorted.empty()) return words;
    const auto& [role, count] = sorted.front();
    words.title = roleName(role);
    if (role == "mixed")
        if (const QString score = strongestScore(heads); !score.isEmpty()) words.title += ", " + score;
    words.counts = ClusterTable::tr("%1 of %2").arg(count).arg(heads.size());
    QStringList all;
    for (const auto& [key, number] : sorted) all << QString("%1 %2").arg(roleName(key)).arg(number);
    words.all = all.join(" · ");
    return words;
}

}  // namespace

QString headName(HeadId head) {
    return QString("L%1 H%2").arg(head.layer).arg(head.head);
}

std::vector<ClusterWords> clusterWords(const HeadClusters& found, const std::vector<HeadRole>& roles) {
    std::vector<ClusterWords> words(found.clusters.size());
    if (roles.size() != found.heads.size()) {
        for (std::size_t i = 0; i < words.size(); ++i) words[i].title = ClusterTable::tr("Cluster %1").arg(i);
        return words;
    }
    std::vector<std::vector<const HeadRole*>> members(words.size());
    for (std::size_t head = 0; head < roles.size(); ++head)
        members[static_cast<std::size_t>(found.heads[head].cluster)].push_back(&roles[head]);
    for (std::size_t i = 0; i < words.size(); ++i) words[i] = wordsOf(members[i]);
    return words;
}

void ClusterTable::setClusters(const HeadClusters& found, std::vector<ClusterWords> words) {
    beginResetModel();
    m_rows.clear();
    for (std::size_t i = 0; i < found.clusters.size(); ++i)
        m_rows.push_back({found.clusters[i], found.heads[found.clusters[i].medoid].head, words[i]});
    endResetModel();
}

int ClusterTable::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int ClusterTable::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : columns;
}

QVariant ClusterTable::data(const QModelIndex& index, int role) const {
    const Row& row = m_rows[static_cast<std::size_t>(index.row())];
    if (role == Qt::AccessibleTextRole)
        return tr("Cluster %1, mostly %2: %3 heads, mean silhouette %4, medoid %5")
            .arg(index.row())
            .arg(row.words.title)
            .arg(row.cluster.size)
            .arg(scoreText(row.cluster.silhouette, 2), headName(row.medoid));
    if (role == Qt::ToolTipRole && !row.words.all.isEmpty()) return row.words.all.toHtmlEscaped();
    if (role != Qt::DisplayRole) return {};
    switch (index.column()) {
        case mostly:
            return row.words.title;
        case heads:
            return row.words.counts.isEmpty() ? countText(row.cluster.size) : row.words.counts;
        case silhouette:
            return scoreText(row.cluster.silhouette, 2);
        case medoid:
            return headName(row.medoid);
        default:
            return {};
    }
}

QVariant ClusterTable::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant(section == heads || section == silhouette ? Qt::AlignRight | Qt::AlignVCenter
                                                                  : Qt::AlignLeft | Qt::AlignVCenter);
    if (role == Qt::ToolTipRole && section == heads) return tr("Heads that do it, of all in the cluster");
    if (role == Qt::ToolTipRole && section == medoid) return tr("The head that is nearest to the others");
    if (role != Qt::DisplayRole) return {};
    switch (section) {
        case mostly:
            return tr("Mostly");
        case heads:
            return tr("Heads");
        case silhouette:
            return tr("Silhouette");
        case medoid:
            return tr("Medoid");
        default:
            return {};
    }
}

void ClusterMarkColumn::paint(QPainter* painter, const QStyleOptionViewItem& option,
                              const QModelIndex& index) const {
    const auto& p = ui::palette();
    if (option.state.testFlag(QStyle::State_Selected))
        painter->fillRect(option.rect, p.selectedRow);
    else if (option.state.testFlag(QStyle::State_MouseOver))
        painter->fillRect(option.rect, p.hoveredRow);
    drawClusterMark(*painter, QPointF(option.rect.left() + 16, QRectF(option.rect).center().y()), index.row(),
                    8);
}

}  // namespace attnviz::ui
