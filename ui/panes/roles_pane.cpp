// Head roles: what each head does, by eight scores; a table to sort and to filter, and to choose heads in.
#include <QComboBox>
#include <QCoreApplication>
#include <QDoubleSpinBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QScrollBar>
#include <QSettings>
#include <QTableView>
#include <map>
#include <numeric>

#include "ui/panes/pane.h"
#include "ui/panes/panes.h"
#include "ui/panes/role_table.h"
#include "ui/state/file_controller.h"
#include "ui/state/filtering.h"
#include "ui/state/role_names.h"
#include "ui/widgets/eliding_label.h"
#include "ui/widgets/number_text.h"
#include "ui/widgets/pane_parts.h"
#include "ui/widgets/table_columns.h"

namespace attnviz::ui {
namespace {

constexpr int kNameWidth = 56, kLeastRole = 84, kWholeRole = 114, kMostRole = 130, kLeastScore = 26,
              kGoodScore = 36, kLongHeading = 96, kArrowFrom = 44;
constexpr int kScores = static_cast<int>(kHeadScores);

class RolesPane final : public Pane {
 public:
    static QString tr(const char* text) { return QCoreApplication::translate("RolesPane", text); }
    RolesPane(Workspace& workspace, QWidget* parent);
    QWidget* picture() const override { return bodyShown() && m_model->rowCount() > 0 ? m_table : nullptr; }
    QString values() const override;

 protected:
    void resizeEvent(QResizeEvent* event) override {
        Pane::resizeEvent(event);
        shareWidth();
    }
    bool eventFilter(QObject* watched, QEvent* event) override;

 private:
    void refresh(unsigned changes) override;
    void judge();
    void showFilters();
    void showChosen();
    void showCaption();
    void shareWidth();
    void choose();

    QComboBox* m_filter;
    QDoubleSpinBox* m_above;
    RoleTable* m_model;
    QTableView* m_table;
    std::shared_ptr<const AttentionSource> m_source;  // whose roles are shown
    bool m_following = false;
};

RolesPane::RolesPane(Workspace& shared, QWidget* parent)
    : Pane(shared, "roles", kRun | kSource | kChosen | kRunning | kTheme, parent) {
    QBoxLayout* row = &controls();
    row->parentWidget()->setMinimumWidth(1);
    m_filter = new QComboBox(this);
    m_filter->setAccessibleName(tr("Show heads of the role"));
    m_filter->setToolTip(m_filter->accessibleName());
    m_filter->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    m_filter->setMinimumContentsLength(14);
    row->addWidget(m_filter, 1);
    row->addStretch(1);
    row->addWidget(plainLabel(tr("Role above"), "secondary", this));
    m_above = new QDoubleSpinBox(this);
    m_above->setButtonSymbols(QAbstractSpinBox::NoButtons);
    m_above->setMaximumWidth(56);
    m_above->setLocale(QLocale::c());
    m_above->setRange(0, 1);
    m_above->setSingleStep(0.05);
    m_above->setDecimals(2);
    m_above->setAccessibleName(tr("A head has a role if its best score is above this"));
    m_above->setToolTip(m_above->accessibleName());
    m_above->setValue(QSettings(stateFile(), QSettings::IniFormat).value("roles/above", 0.5).toDouble());
    row->addWidget(m_above);

    m_model = new RoleTable(this);
    m_model->setThreshold(m_above->value());
    m_table = new QTableView(this);
    m_table->setModel(m_model);
    m_table->setAccessibleName(tr("Heads and their roles"));
    dressTable(*m_table, 22);
    m_table->setSelectionMode(QAbstractItemView::ExtendedSelection);
    m_table->setHorizontalScrollBarPolicy(Qt::ScrollBarAsNeeded);
    m_table->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    auto* header = m_table->horizontalHeader();
    header->setObjectName("narrowHeader");
    header->setSectionResizeMode(QHeaderView::Fixed);
    auto* text = new TableColumn(ColumnKind::text, this);
    m_table->setItemDelegateForColumn(RoleTable::name, text);
    m_table->setItemDelegateForColumn(RoleTable::role, text);
    auto* scores = new ScoreColumn(this);
    for (int column = RoleTable::firstScore; column < RoleTable::columns; ++column)
        m_table->setItemDelegateForColumn(column, scores);
    header->setSortIndicator(RoleTable::role, Qt::AscendingOrder);
    m_table->setSortingEnabled(true);
    m_table->viewport()->installEventFilter(this);
    setBody(m_table);
    addCaption();
    showFilters();

    connect(m_above, &QDoubleSpinBox::valueChanged, this, [this](double above) {
        QSettings(stateFile(), QSettings::IniFormat).setValue("roles/above", above);
        m_model->setThreshold(above);
        showFilters();
        showChosen();
        showCaption();
    });
    connect(m_filter, &QComboBox::activated, this, [this] {
        m_model->setFilter(headRoleKey(m_filter->currentData().toString()));
        showChosen();
        showCaption();
    });
    connect(m_table->selectionModel(), &QItemSelectionModel::selectionChanged, this, &RolesPane::choose);
    connect(header, &QHeaderView::sortIndicatorChanged, this, [this] {
        showChosen();
        showCaption();
    });
    connect(m_table, &QTableView::entered, this,
            [this](const QModelIndex& index) { workspace().setHoveredHead(m_model->headAt(index.row())); });
}

bool RolesPane::eventFilter(QObject* watched, QEvent* event) {
    if (watched == m_table->viewport() && event->type() == QEvent::Leave)
        workspace().setHoveredHead(std::nullopt);
    return Pane::eventFilter(watched, event);
}

void RolesPane::refresh(unsigned changes) {
    if ((changes & kRun) != 0) {
        cancel("roles");
        m_source.reset();
        m_model->setRoles({});
    }
    if (workspace().isEmpty() || waitsForLayers()) {
        m_source.reset();
        if (!workspace().isEmpty()) return;
        m_left->clear();
        m_right->setText({});
        return showSentence(tr("Open a session or run a text to see what its heads do."));
    }
    if (workspace().headsSource() != m_source) return judge();
    if ((changes & kChosen) != 0) showChosen();
}

void RolesPane::judge() {
    m_source = workspace().headsSource();
    if (m_model->roles().empty()) showSentence(tr("Judging heads…"));
    std::vector<int> layers(static_cast<std::size_t>(m_source->layersReady()));
    std::iota(layers.begin(), layers.end(), 0);
    compute(
        "roles",
        [run = workspace().run(), source = m_source, layers, progress = progressOf("roles")](
            std::stop_token stop) { return headRoles(*run, *source, {.layers = layers}, progress, stop); },
        [this](Result<std::vector<HeadRole>> found) {
            if (!found) {
                m_model->setRoles({});
                m_left->clear();
                m_right->setText({});
                return showSentence(QString::fromStdString(found.error().sentence()));
            }
            m_model->setRoles(*std::move(found));
            showFilters();
            showBody();
            shareWidth();
            showChosen();
            showCaption();
        });
}

// Roles that there are, with their numbers; the one that is chosen stays, even if no head has it any more.
void RolesPane::showFilters() {
    const QString chosen = m_filter->currentData().toString();
    std::map<std::string_view, int> counts;
    for (const auto& role : m_model->roles()) ++counts[role.role];
    const QSignalBlocker quiet(m_filter);
    m_filter->clear();
    m_filter->addItem(tr("All roles (%1)").arg(countText(static_cast<qint64>(m_model->roles().size()))),
                      QString());
    const auto add = [&](std::string_view key) {
        const QString id = QString::fromUtf8(key.data(), static_cast<qsizetype>(key.size()));
        if (counts[key] == 0 && id != chosen) return;
        m_filter->addItem(tr("%1 (%2)").arg(roleName(key), countText(counts[key])), id);
    };
    for (std::size_t score = 0; score < kHeadScores; ++score)
        add(headScoreName(static_cast<HeadScore>(score)));
    add("mixed");
    m_filter->setCurrentIndex(std::max(0, m_filter->findData(chosen)));
}

void RolesPane::showChosen() {
    const auto& selection = workspace().selection();
    m_following = true;
    QItemSelection rows;
    for (const auto head : selection.heads)
        if (const int row = m_model->rowOf(head); row >= 0)
            rows.select(m_model->index(row, 0), m_model->index(row, RoleTable::columns - 1));
    m_table->selectionModel()->select(rows, QItemSelectionModel::ClearAndSelect);
    if (const int row = m_model->rowOf(selection.head); row >= 0) {
        m_table->selectionModel()->setCurrentIndex(m_model->index(row, 0), QItemSelectionModel::NoUpdate);
        m_table->scrollTo(m_model->index(row, 0));
    }
    m_following = false;
}

void RolesPane::choose() {
    if (m_following) return;
    std::vector<HeadId> heads;
    for (const auto& index : m_table->selectionModel()->selectedRows())
        heads.push_back(m_model->headAt(index.row()));
    if (heads.empty()) return;
    const QModelIndex current = m_table->currentIndex();
    HeadId shown = heads.front();
    if (current.isValid() && m_table->selectionModel()->isRowSelected(current.row()))
        shown = m_model->headAt(current.row());
    workspace().setHeads(std::move(heads), shown);
}

void RolesPane::showCaption() {
    if (!bodyShown() || !m_source) return;
    qint64 judged = 0;
    for (const auto& role : m_model->roles()) judged += role.role != "mixed";
    m_left->setText(tr("%1 of %2 have a role")
                        .arg(countText(judged), countText(static_cast<qint64>(m_model->roles().size()))));
    QStringList right{tr("role above %1, else mixed").arg(scoreText(m_above->value(), 2))};
    if (m_source->info().renormalized) right << tr("renormalized");
    if (m_source->layersReady() < m_source->info().layers)
        right << tr("%1 of %2 layers").arg(m_source->layersReady()).arg(m_source->info().layers);
    if (!m_table->horizontalHeader()->isSortIndicatorShown()) right << tr("by %1").arg(m_model->sortedBy());
    m_right->setText(right.join(" · "));
}

// Scores share what name and role leave; narrow ones are bars alone, wide ones have numbers. Those that no
// head can earn on this text stay away.
void RolesPane::shareWidth() {
    const int bar = m_table->verticalScrollBar()->isVisible() ? m_table->verticalScrollBar()->width() : 10;
    const int room = m_table->width() - bar - kNameWidth - 2;
    int scores = 0;
    for (int score = 0; score < kScores; ++score) {
        const bool known = m_model->roles().empty() || m_model->known(static_cast<HeadScore>(score));
        m_table->setColumnHidden(RoleTable::firstScore + score, !known);
        scores += known;
    }
    // Roles are read whole while bars have the least that they need.
    const int role = std::max({kLeastRole, std::min(kMostRole, room - scores * kGoodScore),
                               std::min(kWholeRole, room - scores * kLeastScore)});
    const int score = std::max(kLeastScore, (room - role) / std::max(1, scores));
    m_table->setColumnWidth(RoleTable::name, kNameWidth);
    m_table->setColumnWidth(RoleTable::role, role);
    for (int column = RoleTable::firstScore; column < RoleTable::columns; ++column)
        m_table->setColumnWidth(column, score);
    m_model->setLongHeadings(score >= kLongHeading);
    // The arrow would take a narrow heading's place: the caption says it then.
    m_table->horizontalHeader()->setSortIndicatorShown(score >= kArrowFrom);
    showCaption();
}

QString RolesPane::values() const {
    if (!bodyShown() || m_model->rowCount() == 0) return {};
    QString text = "layer\thead\trole";
    for (std::size_t score = 0; score < kHeadScores; ++score) {
        const auto key = headScoreName(static_cast<HeadScore>(score));
        text += "\t" + QString::fromUtf8(key.data(), static_cast<qsizetype>(key.size()));
    }
    text += "\n";
    for (int row = 0; row < m_model->rowCount(); ++row) {
        const HeadRole& role = m_model->roleAt(row);
        text += QString("%1\t%2\t%3")
                    .arg(role.layer)
                    .arg(role.head)
                    .arg(QString::fromUtf8(role.role.data(), static_cast<qsizetype>(role.role.size())));
        for (const double score : role.scores)
            text += "\t" + (std::isfinite(score) ? QString::number(score, 'g', 9) : QString());
        text += "\n";
    }
    return text;
}

Pane* create(Workspace& workspace, QWidget* parent) {
    return new RolesPane(workspace, parent);
}

}  // namespace

extern const PaneDescriptor kRolesPane{
    .id = "roles",
    .title = QT_TRANSLATE_NOOP("Pane", "Head roles"),
    .accessible = QT_TRANSLATE_NOOP("Pane", "What each head does, by its scores"),
    .place = PanePlace::rightBottom,
    .create = &create};

}  // namespace attnviz::ui
