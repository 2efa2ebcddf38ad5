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
#include <cmath>

#include "ui/panes/head_table.h"
#include "ui/panes/pane.h"
#include "ui/panes/panes.h"
#include "ui/state/file_controller.h"
#include "ui/state/filtering.h"
#include "ui/state/head_metrics.h"
#include "ui/theme/appearance.h"
#include "ui/widgets/color_bar.h"
#include "ui/widgets/eliding_label.h"
#include "ui/widgets/head_grid.h"
#include "ui/widgets/number_text.h"
#include "ui/widgets/pane_parts.h"
#include "ui/widgets/segments.h"
#include "ui/widgets/table_columns.h"

namespace attnviz::ui {
namespace {

class HeadsPane final : public Pane {
 public:
    HeadsPane(Workspace& workspace, QWidget* parent);
    QWidget* picture() const override { return bodyShown() ? m_grid : nullptr; }
    QString values() const override;

 protected:
    void resizeEvent(QResizeEvent* event) override {
        Pane::resizeEvent(event);
        m_table->setColumnHidden(HeadTable::role, width() < 280);  // before the scores are cut
    }

 private:
    void refresh(unsigned changes) override;
    static QString tr(const char* text) { return QCoreApplication::translate("HeadsPane", text); }
    void showScores();
    void showColors();
    void showChosen();
    void showRunning();

    void findRoles();
    const HeadMetric& metric() const { return headMetric(m_metric->currentData().toString()); }

    QComboBox* m_metric;
    Segments* m_form;
    std::vector<HeadRole> m_roles;                               // of m_rolesOf, as far as they are known
    std::shared_ptr<const AttentionSource> m_rolesOf, m_scored;  // m_scored: whose numbers are shown
    HeadGrid* m_grid;
    ColorBar* m_legend;
    HeadTable* m_model;
    QTableView* m_table;
    bool m_following = false;  // the table follows the selection just now
};

HeadsPane::HeadsPane(Workspace& shared, QWidget* parent)
    : Pane(shared, "heads", kRun | kSource | kChosen | kRunning | kView | kTheme | kHoverHead, parent) {
    m_metric = new QComboBox(this);
    m_metric->setAccessibleName(tr("Score that colours the heads"));
    for (const auto& metric : headMetrics())
        m_metric->addItem(QCoreApplication::translate("HeadMetric", metric.title), metric.id);
    controls().addWidget(m_metric, 1);
    m_form = new Segments(tr("What a cell of the grid shows"), {tr("Scores"), tr("Maps")}, this);
    controls().addWidget(m_form);
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
    m_table->setItemDelegateForColumn(HeadTable::role, new TableColumn(ColumnKind::text, this));
    auto* header = m_table->horizontalHeader();
    header->setSectionResizeMode(QHeaderView::Fixed);
    header->setSectionResizeMode(HeadTable::score, QHeaderView::Stretch);
    m_table->setColumnWidth(HeadTable::thumbnail, 30);
    m_table->setColumnWidth(HeadTable::name, 60);
    m_table->setColumnWidth(HeadTable::role, 112);
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
    m_form->choose(QSettings(stateFile(), QSettings::IniFormat).value("heads/patterns").toBool() ? 1 : 0);
    connect(m_form, &Segments::chosenChanged, this, [this](int form) {
        QSettings(stateFile(), QSettings::IniFormat).setValue("heads/patterns", form == 1);
        noteChange(kView);
    });
    const auto choose = [this](HeadId head, Qt::KeyboardModifiers modifiers) {
        if (modifiers.testFlag(Qt::ControlModifier))
            workspace().toggleHead(head);
        else if (modifiers.testFlag(Qt::ShiftModifier))
            workspace().extendHeads(head);
        else
            workspace().setHead(head);
    };
    connect(m_grid, &HeadGrid::headClicked, this, choose);
    connect(m_grid, &HeadGrid::headHovered, &shared, &Workspace::setHoveredHead);
    connect(m_table, &QTableView::entered, this,
            [this](const QModelIndex& index) { workspace().setHoveredHead(m_model->headAt(index.row())); });
    m_table->setSelectionMode(QAbstractItemView::ExtendedSelection);
    connect(m_table->selectionModel(), &QItemSelectionModel::selectionChanged, this, [this] {
        if (m_following) return;
        std::vector<HeadId> heads;
        for (const auto& index : m_table->selectionModel()->selectedRows())
            heads.push_back(m_model->headAt(index.row()));
        if (heads.empty()) return;
        const auto current = m_table->selectionModel()->currentIndex();
        const HeadId shown = current.isValid() && m_table->selectionModel()->isSelected(current)
                                 ? m_model->headAt(current.row())
                                 : heads.front();
        workspace().setHeads(std::move(heads), shown);
    });
}

void HeadsPane::refresh(unsigned changes) {
    if ((changes & (kRun | kSource)) != 0) return showScores();
    if ((changes & (kView | kTheme)) != 0) showColors();
    if ((changes & kChosen) != 0) showChosen();
    if ((changes & kRunning) != 0) showRunning();
    if ((changes & kHoverHead) != 0) m_grid->setHovered(workspace().hoveredHead());
}

// Heads apart, seen through the filters: a combination has no grid of its own. Numbers of a filtered source
// take a pass; until they are there the last ones stay.
void HeadsPane::showScores() {
    const auto source = workspace().headsSource();
    if (!source) {
        m_grid->setScores(0, 0, 0, {});
        m_model->setHeads(nullptr, metric(), {}, {}, 1);
        m_scored.reset();
        m_left->clear();
        m_right->setText({});
        return showSentence(tr("Open a session or run a text to see its heads."));
    }
    showBody();
    if (source != workspace().rawSource() && source != m_scored) {
        m_right->setText(tr("counting through the filters…"));
        compute(
            "scores",
            [source](std::stop_token stop) -> Result<bool> {
                for (int layer = 0; layer < source->layersReady(); ++layer)
                    for (int head = 0; head < source->info().heads; ++head)
                        if (auto done = summarizeHead(*source, {layer, head}, stop); !done)
                            return done.error();
                return true;
            },
            [this, source](const Result<bool>& done) {
                if (!done || source != workspace().headsSource()) return;
                m_scored = source;
                showScores();
            });
        return;
    }
    m_scored = source;
    // Not there yet, or given up when the pane was hidden.
    if (m_rolesOf != source || (m_roles.empty() && !isComputing("roles"))) findRoles();
    auto scores = headScores(*source, metric(), m_roles);
    const auto& info = source->info();
    m_following = true;
    m_model->setHeads(source, metric(), scores, m_roles, scoreScaleEnd(scores, metric()));
    m_following = false;
    m_grid->setGroups(info.keyValueHeads > 0 ? info.heads / info.keyValueHeads : 1);
    m_grid->setScores(info.layers, info.heads, source->layersReady(), std::move(scores));
    const bool waiting = source->layersReady() < info.layers;
    showRunning();
    const auto ready = static_cast<qint64>(source->layersReady()) * info.heads;
    const auto all = static_cast<qint64>(info.layers) * info.heads;
    QString count =
        waiting ? tr("%1 of %2 heads ready").arg(countText(ready), countText(all)) : headCountText(all);
    if (info.keyValueHeads < info.heads && info.keyValueHeads > 0)
        count += tr(" · %1 key-value groups").arg(info.keyValueHeads);
    m_left->setText(count);
    QString help = QCoreApplication::translate("HeadMetric", metric().help);
    if (info.renormalized) help += tr(" · renormalized");
    m_right->setText(help);
    showColors();
    showChosen();
}

void HeadsPane::findRoles() {
    const auto source = workspace().headsSource();
    if (source->layersReady() < source->info().layers) return;  // once, at the run's end
    m_rolesOf = source;
    m_roles.clear();
    compute(
        "roles",
        [run = workspace().run(), source](std::stop_token stop) {
            return headRoles(*run, *source, {}, {}, stop);
        },
        [this, source](Result<std::vector<HeadRole>> roles) {
            if (source != workspace().headsSource()) return;
            if (!roles) {
                m_rolesOf.reset();
                return;
            }
            m_roles = *std::move(roles);
            showScores();
        });
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
    if (!map || !m_scored || m_scored != workspace().headsSource()) return;
    const ColorScale scale(**map, 0, scoreScaleEnd(headScores(*m_scored, metric(), m_roles), metric()),
                           false);
    m_grid->setScale(scale);
    m_legend->setScale(scale);
    m_model->setScale(workspace().sharedScale(), ui::palette().masked);
    m_grid->setPatterns(m_form->chosen() == 1 ? std::function<QImage(HeadId)>([this](HeadId head) {
        return m_model->thumbnailOf(head);
    })
                                              : std::function<QImage(HeadId)>());
    m_legend->setVisible(m_form->chosen() == 0);
}

void HeadsPane::showChosen() {
    const auto& selection = workspace().selection();
    m_grid->setChosen(selection.head, selection.heads);
    m_following = true;
    auto* rows = m_table->selectionModel();
    QItemSelection chosen;
    for (const auto& head : selection.heads)
        if (const int row = m_model->rowOf(head); row >= 0)
            chosen.select(m_model->index(row, 0), m_model->index(row, HeadTable::columns - 1));
    rows->select(chosen, QItemSelectionModel::ClearAndSelect);
    if (const int row = m_model->rowOf(selection.head); row >= 0) {
        if (rows->currentIndex().row() != row) {
            rows->setCurrentIndex(m_model->index(row, 0), QItemSelectionModel::NoUpdate);
            m_table->scrollTo(m_model->index(row, 0));
        }
    }
    m_following = false;
}

// All heads in the table's order.
QString HeadsPane::values() const {
    if (!m_scored) return {};
    QString text = tr("layer") + "\t" + tr("head") + "\t" + m_metric->currentText() + "\n";
    const auto scores = headScores(*m_scored, metric(), m_roles);
    for (int row = 0; row < m_model->rowCount(); ++row) {
        const HeadId head = m_model->headAt(row);
        const double score =
            scores[static_cast<std::size_t>(head.layer) * static_cast<std::size_t>(m_scored->info().heads) +
                   static_cast<std::size_t>(head.head)];
        text += QString("%1\t%2\t%3\n")
                    .arg(head.layer)
                    .arg(head.head)
                    .arg(std::isfinite(score) ? QString::number(score, 'g', 9) : QString());
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
