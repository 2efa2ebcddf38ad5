// Heads: the layers x heads map, coloured by a metric, and below it all heads as a table that can be sorted.
// The home screen: a click shows the head everywhere.
#include <QComboBox>
#include <QCoreApplication>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QSettings>
#include <QTableView>
#include <QVBoxLayout>

#include "ui/panes/head_table.h"
#include "ui/panes/panes.h"
#include "ui/state/file_controller.h"
#include "ui/state/workspace.h"
#include "ui/theme/appearance.h"
#include "ui/widgets/color_bar.h"
#include "ui/widgets/eliding_label.h"
#include "ui/widgets/head_grid.h"
#include "ui/widgets/number_text.h"
#include "ui/widgets/pane_parts.h"
#include "ui/widgets/table_columns.h"

namespace attnviz::ui {
namespace {

class HeadsPane final : public QWidget {
 public:
    HeadsPane(Workspace& workspace, QWidget* parent);

 private:
    static QString tr(const char* text) { return QCoreApplication::translate("HeadsPane", text); }
    void showScores();
    void showColors();
    void showChosen();
    void showRunning();

    Workspace& m_workspace;
    QComboBox* m_metric;
    HeadGrid* m_grid;
    ColorBar* m_legend;
    HeadTable* m_model;
    QTableView* m_table;
    QLabel* m_count;
    ElidingLabel* m_help;
    bool m_following = false;  // the table follows the selection just now
};

HeadsPane::HeadsPane(Workspace& workspace, QWidget* parent) : QWidget(parent), m_workspace(workspace) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    QBoxLayout* row = nullptr;
    column->addWidget(controlRow(this, row));
    row->addWidget(plainLabel(tr("Colour by"), "secondary", this));
    m_metric = new QComboBox(this);
    m_metric->setAccessibleName(tr("Score that colours the heads"));
    for (const auto& metric : headMetrics())
        m_metric->addItem(QCoreApplication::translate("HeadMetric", metric.title), metric.id);
    row->addWidget(m_metric, 1);

    auto* body = new QVBoxLayout;
    body->setContentsMargins(10, 0, 10, 4);
    body->setSpacing(6);
    m_grid = new HeadGrid(this);
    m_legend = new ColorBar(this);
    body->addWidget(m_grid);
    auto* legendRow = new QHBoxLayout;
    legendRow->setContentsMargins(22, 0, 38, 0);
    legendRow->addWidget(m_legend);
    body->addLayout(legendRow);
    column->addLayout(body);

    m_model = new HeadTable(this);
    m_table = new QTableView(this);
    m_table->setModel(m_model);
    m_table->setAccessibleName(tr("Heads, sorted"));
    dressTable(*m_table, 24);
    m_table->setItemDelegateForColumn(HeadTable::thumbnail, new TableColumn(ColumnKind::thumbnail, this));
    m_table->setItemDelegateForColumn(HeadTable::name, new TableColumn(ColumnKind::text, this));
    m_table->setItemDelegateForColumn(HeadTable::score, new TableColumn(ColumnKind::bar, this));
    m_table->setItemDelegateForColumn(HeadTable::distance, new TableColumn(ColumnKind::number, this));
    auto* header = m_table->horizontalHeader();
    header->setSectionResizeMode(QHeaderView::Fixed);
    header->setSectionResizeMode(HeadTable::score, QHeaderView::Stretch);
    m_table->setColumnWidth(HeadTable::thumbnail, 30);
    m_table->setColumnWidth(HeadTable::name, 60);
    m_table->setColumnWidth(HeadTable::distance, 62);
    m_table->setSortingEnabled(true);
    m_table->sortByColumn(HeadTable::score, Qt::DescendingOrder);
    column->addWidget(m_table, 1);
    column->addWidget(captionLine(this, m_count, m_help));

    const QString kept = QSettings(stateFile(), QSettings::IniFormat).value("heads/metric").toString();
    m_metric->setCurrentIndex(std::max(0, m_metric->findData(headMetric(kept).id)));
    connect(m_metric, &QComboBox::currentIndexChanged, this, [this] {
        QSettings(stateFile(), QSettings::IniFormat).setValue("heads/metric", m_metric->currentData());
        showScores();
    });
    connect(m_grid, &HeadGrid::headClicked, &workspace, &Workspace::setHead);
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
            [this](const QModelIndex& index) {
                if (index.isValid() && !m_following) m_workspace.setHead(m_model->headAt(index.row()));
            });
    connect(&workspace, &Workspace::runChanged, this, &HeadsPane::showScores);
    connect(&workspace, &Workspace::sourceChanged, this, &HeadsPane::showScores);
    connect(&workspace, &Workspace::headChosen, this, &HeadsPane::showChosen);
    connect(&workspace, &Workspace::runningChanged, this, &HeadsPane::showRunning);
    connect(&workspace, &Workspace::viewChanged, this, &HeadsPane::showColors);
    connect(&Appearance::instance(), &Appearance::changed, this, &HeadsPane::showColors);
    showScores();
}

// Scores are those of the heads as the model has them: a combination has no grid of its own.
void HeadsPane::showScores() {
    const auto& source = m_workspace.rawSource();
    const auto& metric = headMetric(m_metric->currentData().toString());
    if (!source) {
        m_grid->setScores(0, 0, 0, {});
        m_model->setHeads(nullptr, metric, {}, 1);
        return;
    }
    auto scores = headScores(*source, metric);
    const auto& info = source->info();
    const QSignalBlocker quiet(m_table->selectionModel());
    m_model->setHeads(source, metric, scores, scoreScaleEnd(scores, metric));
    m_grid->setScores(info.layers, info.heads, source->layersReady(), std::move(scores));
    const bool waiting = source->layersReady() < info.layers;
    showRunning();
    const auto ready = static_cast<qint64>(source->layersReady()) * info.heads;
    const auto all = static_cast<qint64>(info.layers) * info.heads;
    m_count->setText(waiting ? tr("%1 of %2 heads ready").arg(countText(ready), countText(all))
                             : tr("%1 heads").arg(countText(all)));
    m_help->setText(QCoreApplication::translate("HeadMetric", metric.help));
    showColors();
    showChosen();
}

// How far the layer is that is being computed; the run's own fraction is of all layers.
void HeadsPane::showRunning() {
    const auto& source = m_workspace.rawSource();
    const double whole = m_workspace.running();
    if (!source || whole < 0) return m_grid->setRunning({}, -1);
    const double layer = whole * source->info().layers - source->layersReady();
    m_grid->setRunning(tr("waiting"), std::clamp(layer, 0.0, 1.0));
}

void HeadsPane::showColors() {
    const auto map = findColormap(m_workspace.view().colormap.toStdString());
    if (!map || !m_workspace.rawSource()) return;
    const auto& metric = headMetric(m_metric->currentData().toString());
    const ColorScale scale(**map, 0, scoreScaleEnd(headScores(*m_workspace.rawSource(), metric), metric),
                           false);
    m_grid->setScale(scale);
    m_legend->setScale(scale);
    m_model->setScale(m_workspace.scale(), ui::palette().masked);
}

void HeadsPane::showChosen() {
    const HeadId head = m_workspace.head();
    m_grid->setChosen(head);
    const int row = m_model->rowOf(head);
    m_following = true;
    if (row >= 0 && m_table->currentIndex().row() != row) {
        m_table->selectRow(row);
        m_table->scrollTo(m_model->index(row, 0));
    }
    m_following = false;
}

QWidget* create(Workspace& workspace, QWidget* parent) {
    return new HeadsPane(workspace, parent);
}

}  // namespace

extern const PaneDescriptor kHeadsPane{
    .id = "heads",
    .title = QT_TRANSLATE_NOOP("Pane", "Heads"),
    .accessible = QT_TRANSLATE_NOOP("Pane", "Every head by layer, coloured by a score"),
    .place = PanePlace::left,
    .create = &create};

}  // namespace attnviz::ui
