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
#include "ui/panes/pane.h"
#include "ui/panes/panes.h"
#include "ui/state/file_controller.h"
#include "ui/theme/appearance.h"
#include "ui/widgets/color_bar.h"
#include "ui/widgets/eliding_label.h"
#include "ui/widgets/head_grid.h"
#include "ui/widgets/number_text.h"
#include "ui/widgets/pane_parts.h"
#include "ui/widgets/table_columns.h"

namespace attnviz::ui {
namespace {

class HeadsPane final : public Pane {
 public:
    HeadsPane(Workspace& workspace, QWidget* parent);
    QWidget* picture() const override { return bodyShown() ? m_grid : nullptr; }
    QString values() const override;

 private:
    void refresh(unsigned changes) override;
    static QString tr(const char* text) { return QCoreApplication::translate("HeadsPane", text); }
    void showScores();
    void showColors();
    void showChosen();
    void showRunning();

    QComboBox* m_metric;
    HeadGrid* m_grid;
    ColorBar* m_legend;
    HeadTable* m_model;
    QTableView* m_table;
    bool m_following = false;  // the table follows the selection just now
};

HeadsPane::HeadsPane(Workspace& shared, QWidget* parent)
    : Pane(shared, "heads", kRun | kSource | kChosen | kRunning | kView | kTheme, parent) {
    controls().addWidget(plainLabel(tr("Colour by"), "secondary", this));
    m_metric = new QComboBox(this);
    m_metric->setAccessibleName(tr("Score that colours the heads"));
    for (const auto& metric : headMetrics())
        m_metric->addItem(QCoreApplication::translate("HeadMetric", metric.title), metric.id);
    controls().addWidget(m_metric, 1);
    auto* whole = new QWidget(this);
    auto* column = new QVBoxLayout(whole);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);

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
    setBody(whole);
    addCaption();

    const QString kept = QSettings(stateFile(), QSettings::IniFormat).value("heads/metric").toString();
    m_metric->setCurrentIndex(std::max(0, m_metric->findData(headMetric(kept).id)));
    connect(m_metric, &QComboBox::currentIndexChanged, this, [this] {
        QSettings(stateFile(), QSettings::IniFormat).setValue("heads/metric", m_metric->currentData());
        noteChange(kRun);
    });
    connect(m_grid, &HeadGrid::headClicked, &shared, &Workspace::setHead);
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
            [this](const QModelIndex& index) {
                if (index.isValid() && !m_following) workspace().setHead(m_model->headAt(index.row()));
            });
}

void HeadsPane::refresh(unsigned changes) {
    if ((changes & (kRun | kSource)) != 0) return showScores();
    if ((changes & (kView | kTheme)) != 0) showColors();
    if ((changes & kChosen) != 0) showChosen();
    if ((changes & kRunning) != 0) showRunning();
}

// Scores are those of the heads as the model has them: a combination has no grid of its own.
void HeadsPane::showScores() {
    const auto& source = workspace().rawSource();
    const auto& metric = headMetric(m_metric->currentData().toString());
    if (!source) {
        m_grid->setScores(0, 0, 0, {});
        m_model->setHeads(nullptr, metric, {}, 1);
        m_left->clear();
        m_right->setText({});
        return showSentence(tr("Open a session or run a text to see its heads."));
    }
    showBody();
    auto scores = headScores(*source, metric);
    const auto& info = source->info();
    const QSignalBlocker quiet(m_table->selectionModel());
    m_model->setHeads(source, metric, scores, scoreScaleEnd(scores, metric));
    m_grid->setScores(info.layers, info.heads, source->layersReady(), std::move(scores));
    const bool waiting = source->layersReady() < info.layers;
    showRunning();
    const auto ready = static_cast<qint64>(source->layersReady()) * info.heads;
    const auto all = static_cast<qint64>(info.layers) * info.heads;
    m_left->setText(waiting ? tr("%1 of %2 heads ready").arg(countText(ready), countText(all))
                            : tr("%1 heads").arg(countText(all)));
    m_right->setText(QCoreApplication::translate("HeadMetric", metric.help));
    showColors();
    showChosen();
}

// How far the layer is that is being computed; the run's own fraction is of all layers.
void HeadsPane::showRunning() {
    const auto& source = workspace().rawSource();
    const double whole = workspace().running();
    if (!source || whole < 0) return m_grid->setRunning({}, -1);
    const double layer = whole * source->info().layers - source->layersReady();
    m_grid->setRunning(tr("waiting"), std::clamp(layer, 0.0, 1.0));
}

void HeadsPane::showColors() {
    const auto map = findColormap(workspace().view().colormap.toStdString());
    if (!map || !workspace().rawSource()) return;
    const auto& metric = headMetric(m_metric->currentData().toString());
    const ColorScale scale(**map, 0, scoreScaleEnd(headScores(*workspace().rawSource(), metric), metric),
                           false);
    m_grid->setScale(scale);
    m_legend->setScale(scale);
    m_model->setScale(workspace().scale(), ui::palette().masked);
}

void HeadsPane::showChosen() {
    const HeadId head = workspace().head();
    m_grid->setChosen(head);
    const int row = m_model->rowOf(head);
    m_following = true;
    if (row >= 0 && m_table->currentIndex().row() != row) {
        m_table->selectRow(row);
        m_table->scrollTo(m_model->index(row, 0));
    }
    m_following = false;
}

// All heads in the table's order.
QString HeadsPane::values() const {
    if (!workspace().rawSource()) return {};
    QString text = tr("layer") + "\t" + tr("head") + "\t" + m_metric->currentText() + "\n";
    const auto& metric = headMetric(m_metric->currentData().toString());
    for (int row = 0; row < m_model->rowCount(); ++row) {
        const HeadId head = m_model->headAt(row);
        text += QString("%1\t%2\t%3\n")
                    .arg(head.layer)
                    .arg(head.head)
                    .arg(workspace().rawSource()->summary(head).*metric.value, 0, 'g', 9);
    }
    return text;
}

Pane* create(Workspace& workspace, QWidget* parent) {
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
