#include "ui/panes/cluster_body.h"

#include <QBoxLayout>
#include <QHeaderView>
#include <QStackedWidget>
#include <QTableView>
#include <algorithm>

#include "ui/panes/cluster_table.h"
#include "ui/widgets/accessible_value.h"
#include "ui/widgets/cluster_map.h"
#include "ui/widgets/head_card.h"
#include "ui/widgets/number_text.h"
#include "ui/widgets/silhouette_view.h"
#include "ui/widgets/table_columns.h"
#include "ui/widgets/tree_view.h"

namespace attnviz::ui {
namespace {

constexpr int kTableWide = 720, kMostTableRows = 6, kLowHeight = 150;

}  // namespace

ClusterBody::ClusterBody(QWidget* parent) : QScrollArea(parent) {
    setWidgetResizable(true);
    setFrameShape(QFrame::NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setFocusPolicy(Qt::NoFocus);
    viewport()->setAutoFillBackground(false);
    m_inner = new QWidget(this);
    m_inner->setAccessibleName(tr("Head clusters"));
    m_parts = new QBoxLayout(QBoxLayout::TopToBottom, m_inner);
    m_parts->setContentsMargins(0, 0, 0, 0);
    m_parts->setSpacing(4);
    m_pictures = new QStackedWidget(m_inner);
    m_map = new ClusterMap(m_pictures);
    m_tree = new TreeView(m_pictures);
    m_pictures->addWidget(m_map);
    m_pictures->addWidget(m_tree);
    m_silhouettes = new SilhouetteView(m_inner);
    m_model = new ClusterTable(this);
    m_table = new QTableView(m_inner);
    m_table->setModel(m_model);
    m_table->setAccessibleName(tr("Clusters"));
    dressTable(*m_table, 22);
    m_table->setItemDelegateForColumn(ClusterTable::mark, new ClusterMarkColumn(this));
    for (const int text : {ClusterTable::mostly, ClusterTable::medoid})
        m_table->setItemDelegateForColumn(text, new TableColumn(ColumnKind::text, this));
    for (const int number : {ClusterTable::heads, ClusterTable::silhouette})
        m_table->setItemDelegateForColumn(number, new TableColumn(ColumnKind::number, this));
    auto* header = m_table->horizontalHeader();
    header->setSectionResizeMode(QHeaderView::Fixed);
    header->setSectionResizeMode(ClusterTable::mostly, QHeaderView::Stretch);
    m_table->setColumnWidth(ClusterTable::mark, 28);
    m_table->setColumnWidth(ClusterTable::heads, 70);
    m_table->setColumnWidth(ClusterTable::silhouette, 70);
    m_table->setColumnWidth(ClusterTable::medoid, 62);
    m_parts->addWidget(m_pictures);
    m_parts->addWidget(m_silhouettes);
    m_parts->addWidget(m_table);
    setWidget(m_inner);
    m_inner->setAutoFillBackground(false);
    m_card = new HeadCard(m_inner);

    const auto several = [this](const std::vector<HeadId>& heads, Qt::KeyboardModifiers keys) {
        emit headsClicked(heads, std::nullopt, keys);
    };
    connect(m_map, &ClusterMap::headClicked, this, &ClusterBody::headClicked);
    connect(m_map, &ClusterMap::headsBoxed, this, several);
    connect(m_map, &ClusterMap::headHovered, this, &ClusterBody::headHovered);
    connect(m_tree, &TreeView::headClicked, this, &ClusterBody::headClicked);
    connect(m_tree, &TreeView::branchClicked, this, several);
    connect(m_tree, &TreeView::headHovered, this, &ClusterBody::headHovered);
    connect(m_silhouettes, &SilhouetteView::headClicked, this, &ClusterBody::headClicked);
    connect(m_silhouettes, &SilhouetteView::headHovered, this, &ClusterBody::headHovered);
    connect(m_silhouettes, &SilhouetteView::clusterClicked, this, &ClusterBody::chooseCluster);
    connect(m_silhouettes, &SilhouetteView::countChosen, this, &ClusterBody::countChosen);
    for (const auto chosen : {&QTableView::clicked, &QTableView::activated})
        connect(m_table, chosen, this,
                [this](const QModelIndex& index) { chooseCluster(index.row(), Qt::NoModifier); });
    arrange();
}

// A low pane leaves the map a small square: the rest is the silhouettes' and the table's.
void ClusterBody::arrange() {
    const bool beside = width() > height() * 5 / 4, low = height() < kLowHeight;
    m_parts->setDirection(beside ? QBoxLayout::LeftToRight : QBoxLayout::TopToBottom);
    m_pictures->setMinimumHeight(beside ? 60 : 190);
    m_silhouettes->setMinimumHeight(beside ? 60 : 150);
    m_table->setVisible(!beside || width() >= kTableWide);
    const int rows = std::clamp(m_model->rowCount(), 1, kMostTableRows);
    m_table->setMinimumHeight(beside ? 0 : 25 + 22 * rows);
    m_table->setMaximumHeight(beside ? QWIDGETSIZE_MAX : 25 + 22 * rows);
    m_parts->setStretch(0, !beside ? 11 : low ? 7 : 10);
    m_parts->setStretch(1, !beside ? 9 : low ? 12 : 10);
    m_parts->setStretch(2, beside ? 11 : 0);
}

void ClusterBody::resizeEvent(QResizeEvent* event) {
    QScrollArea::resizeEvent(event);
    arrange();
}

void ClusterBody::setTreeShown(bool tree) {
    m_pictures->setCurrentIndex(tree ? 1 : 0);
    m_card->hide();
}

void ClusterBody::setClusters(std::shared_ptr<const HeadClusters> found, const std::vector<HeadRole>& roles) {
    m_found = std::move(found);
    if (!m_found) return m_card->hide();
    std::vector<ClusterMap::Point> points;
    std::vector<HeadId> heads;
    std::vector<int> clusters;
    for (const auto& place : m_found->heads) {
        points.push_back({place.head, place.cluster, place.x, place.y});
        heads.push_back(place.head);
        clusters.push_back(place.cluster);
    }
    m_map->setPoints(std::move(points),
                     m_found->layout == HeadLayout::neighbours ? PlotFrame::box : PlotFrame::axes);
    m_tree->setTree(m_found->tree, heads, clusters, m_found->method == ClusterMethod::averageLinkage);
    setRoles(roles);
    arrange();
}

void ClusterBody::setRoles(const std::vector<HeadRole>& roles) {
    if (!m_found) return;
    const auto words = clusterWords(*m_found, roles);
    SilhouetteView::Silhouettes shown;
    shown.mean = m_found->silhouette;
    for (const auto& count : m_found->byCount) shown.byCount.emplace_back(count.clusters, count.silhouette);
    for (std::size_t i = 0; i < m_found->clusters.size(); ++i)
        shown.clusters.push_back({words[i].title,
                                  tr("%1 · %2").arg(headCountText(m_found->clusters[i].size),
                                                    scoreText(m_found->clusters[i].silhouette, 2)),
                                  {}});
    for (const auto& place : m_found->heads)
        shown.clusters[static_cast<std::size_t>(place.cluster)].bars.push_back(
            {place.head, place.silhouette});
    for (auto& cluster : shown.clusters)
        std::ranges::stable_sort(cluster.bars,
                                 [](const auto& a, const auto& b) { return a.silhouette > b.silhouette; });
    m_silhouettes->setSilhouettes(std::move(shown));
    m_model->setClusters(*m_found, words);
}

void ClusterBody::setChosen(const std::vector<HeadId>& heads, HeadId shown) {
    m_map->setChosen(heads, shown);
    m_tree->setChosen(heads, shown);
    m_silhouettes->setChosen(heads, shown);
    m_shown = shown;
    describeShown();
    if (const auto* place = placeOf(shown))
        m_table->selectRow(place->cluster);
    else
        m_table->clearSelection();
}

const HeadPlace* ClusterBody::placeOf(HeadId head) const {
    if (!m_found) return nullptr;
    const auto found = std::ranges::find(m_found->heads, head, &HeadPlace::head);
    return found == m_found->heads.end() ? nullptr : &*found;
}

void ClusterBody::setHovered(std::optional<HeadId> head) {
    m_map->setHovered(head);
    m_tree->setHovered(head);
    m_silhouettes->setHovered(head);
    if (head && placeOf(*head)) return;
    m_card->hide();
    describeShown();
}

// Beside the bar where the pointer or the keyboard is there, else beside the point or the leaf.
void ClusterBody::showCard(HeadId head, const QStringList& lines, const QImage& pattern) {
    QWidget* view = m_pictures->currentWidget();
    auto at = view == m_tree ? m_tree->positionOf(head) : m_map->positionOf(head);
    if (m_silhouettes->underMouse() || m_silhouettes->hasFocus()) {
        view = m_silhouettes;
        at = m_silhouettes->positionOf(head);
    }
    if (!at) return m_card->hide();
    m_card->setHead(headName(head), lines, pattern);
    m_card->showBeside(view->mapTo(m_inner, *at));
    describe(head, lines);
}

void ClusterBody::describe(HeadId head, const QStringList& lines) {
    const QString words = headName(head) + ", " + lines.join(", ");
    for (QWidget* view : std::initializer_list<QWidget*>{m_map, m_tree, m_silhouettes})
        setAccessibleValue(*view, words);
}

void ClusterBody::describeShown() {
    const auto* place = placeOf(m_shown);
    if (!place) return describe(m_shown, {tr("in no cluster")});
    describe(m_shown, {tr("cluster %1 of %2").arg(place->cluster + 1).arg(m_found->clusters.size()),
                       tr("silhouette %1").arg(scoreText(place->silhouette, 2))});
}

void ClusterBody::hideCard() {
    m_card->hide();
}

void ClusterBody::chooseCluster(int cluster, Qt::KeyboardModifiers modifiers) {
    if (!m_found || cluster < 0 || cluster >= std::ssize(m_found->clusters)) return;
    std::vector<HeadId> heads;
    for (const auto& place : m_found->heads)
        if (place.cluster == cluster) heads.push_back(place.head);
    emit headsClicked(heads, m_found->heads[m_found->clusters[static_cast<std::size_t>(cluster)].medoid].head,
                      modifiers);
}

}  // namespace attnviz::ui
