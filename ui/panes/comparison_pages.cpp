#include "ui/panes/comparison_pages.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QTableView>

#include "ui/panes/comparison_parts.h"
#include "ui/state/tile_requests.h"
#include "ui/widgets/layer_dots.h"
#include "ui/widgets/table_columns.h"

namespace attnviz::ui {
namespace {

constexpr std::size_t kMaps = 3;
constexpr unsigned kThreadsAMap = 2;

}  // namespace

ComparisonPages::ComparisonPages(QWidget* parent) : QStackedWidget(parent) {
    makeMaps();
    makeTable();
    makeDots();
}

ComparisonPages::~ComparisonPages() = default;

void ComparisonPages::makeMaps() {
    m_maps = new CompareView(this);
    m_maps->setAccessibleName(tr("Maps of both documents and their difference"));
    addWidget(m_maps);
    for (std::size_t map = 0; map < kMaps; ++map) {
        m_tiles.push_back(std::make_unique<TileRequests>(nullptr, kThreadsAMap));
        connect(m_tiles.back().get(), &TileRequests::ready, this,
                [this, map](const TileKey& key, const TileValues& values, const AttentionSource* source) {
                    if (map < m_maps->maps().size() && m_maps->maps()[map].source.get() == source)
                        m_maps->tileReady(static_cast<int>(map), key, values);
                });
        connect(m_tiles.back().get(), &TileRequests::idleChanged, this,
                [this](bool idle) { emit computing(idle ? -1 : 1); });
    }
    connect(m_maps, &CompareView::tileWanted, this, [this](int map, const TileKey& key) {
        const auto at = static_cast<std::size_t>(map);
        m_tiles[at]->request(m_maps->maps()[at].source, key);
    });
}

void ComparisonPages::makeTable() {
    m_table = new QTableView(this);
    m_changes = new ChangeTable(this);
    m_table->setModel(m_changes);
    dressTable(*m_table, 22);
    m_table->setAccessibleName(tr("Largest changes"));
    for (const auto& [at, kind] :
         {std::pair(ChangeTable::query, ColumnKind::token), std::pair(ChangeTable::key, ColumnKind::token),
          std::pair(ChangeTable::left, ColumnKind::number), std::pair(ChangeTable::right, ColumnKind::number),
          std::pair(ChangeTable::change, ColumnKind::bar)})
        m_table->setItemDelegateForColumn(at, new TableColumn(kind, this));
    auto* header = m_table->horizontalHeader();
    header->setSectionResizeMode(QHeaderView::Stretch);
    for (const int at : {ChangeTable::left, ChangeTable::right}) {
        header->setSectionResizeMode(at, QHeaderView::Fixed);
        header->resizeSection(at, 72);
    }
    header->setSectionsClickable(false);
    addWidget(m_table);
    const auto hoverRow = [this](const QModelIndex& at) {
        if (const auto* change = m_changes->changeAt(at.row())) emit changeHovered(change->joint);
    };
    connect(m_table, &QTableView::entered, this, hoverRow);
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this, hoverRow);
    connect(m_table, &QTableView::activated, this, [this](const QModelIndex& at) {
        if (const auto* change = m_changes->changeAt(at.row())) emit changeChosen(change->joint);
    });
}

void ComparisonPages::makeDots() {
    m_dots = new QWidget(this);
    auto* row = new QHBoxLayout(m_dots);
    row->setContentsMargins(4, 0, 4, 0);
    row->setSpacing(8);
    m_divergences = new LayerDots(tr("JS divergence by layer"), tr("nats · dot = head, line = mean"), m_dots);
    m_cosines = new LayerDots(tr("Cosine by layer"), tr("dot = head, line = mean"), m_dots);
    for (auto* dots : {m_divergences, m_cosines}) {
        row->addWidget(dots, 1);
        connect(dots, &LayerDots::headClicked, this, &ComparisonPages::headClicked);
    }
    addWidget(m_dots);
}

void ComparisonPages::setMaps(const std::shared_ptr<const ComparedMaps>& maps) {
    m_maps->setMaps(compareMaps(*maps));
    m_changes->setMaps(maps);
}

void ComparisonPages::setSimilarity(const Difference& similar) {
    std::vector<LayerDot> divergences, cosines;
    std::vector<double> divergenceMeans, cosineMeans;
    for (const auto& head : similar.heads) {
        divergences.push_back({{head.layer, head.head}, head.divergence});
        cosines.push_back({{head.layer, head.head}, head.cosine});
    }
    for (const auto& layer : similar.layers) {
        divergenceMeans.push_back(layer.divergence);
        cosineMeans.push_back(layer.cosine);
    }
    m_divergences->setDots(std::move(divergences), divergenceMeans, true);
    m_cosines->setDots(std::move(cosines), cosineMeans, false);
}

void ComparisonPages::setHead(HeadId head) {
    for (auto* dots : {m_divergences, m_cosines}) dots->setChosen(head);
}

void ComparisonPages::setHovered(std::optional<Cell> joint) {
    m_maps->setHovered(joint);
    if (const int row = joint ? m_changes->rowOf(*joint) : -1; row >= 0)
        m_table->selectRow(row);
    else
        m_table->clearSelection();
}

void ComparisonPages::showMaps(std::vector<int> maps) {
    setCurrentWidget(m_maps);
    m_maps->setShown(std::move(maps));
}

void ComparisonPages::showChanges() {
    setCurrentWidget(m_table);
}

void ComparisonPages::showSimilarity() {
    setCurrentWidget(m_dots);
}

}  // namespace attnviz::ui
