// Importance: the tokens, most important first, by what they receive or by where the top layer draws from.
#include <QAbstractTableModel>
#include <QComboBox>
#include <QCoreApplication>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QSettings>
#include <QTableView>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/analysis/importance.h"
#include "ui/panes/pane.h"
#include "ui/panes/panes.h"
#include "ui/state/file_controller.h"
#include "ui/state/filtering.h"
#include "ui/theme/appearance.h"
#include "ui/widgets/eliding_label.h"
#include "ui/widgets/number_text.h"
#include "ui/widgets/segments.h"
#include "ui/widgets/table_columns.h"

namespace attnviz::ui {
namespace {

// Tokens as rows: rank, index, token, score. Those without a score come last, and say so.
class ImportanceTable final : public QAbstractTableModel {
 public:
    enum Column { rank, number, token, score, columns };
    static QString tr(const char* text) { return QCoreApplication::translate("ImportancePane", text); }
    using QAbstractTableModel::QAbstractTableModel;

    void setScores(const TokenImportance& found, const QStringList& labels) {
        beginResetModel();
        m_scores = found.scores;
        m_labels = labels;
        m_ranks.assign(m_scores.size(), 0);
        for (std::size_t place = 0; place < found.ranking.size(); ++place)
            m_ranks[static_cast<std::size_t>(found.ranking[place])] = static_cast<int>(place) + 1;
        m_largest = found.ranking.empty() ? 0 : m_scores[static_cast<std::size_t>(found.ranking.front())];
        m_order.resize(m_scores.size());
        sortRows();
        endResetModel();
    }
    int tokenAt(int row) const { return m_order[static_cast<std::size_t>(row)]; }
    int rowOf(int key) const {
        const auto found = std::ranges::find(m_order, key);
        return found == m_order.end() ? -1 : static_cast<int>(found - m_order.begin());
    }
    double scoreAt(int row) const { return m_scores[static_cast<std::size_t>(tokenAt(row))]; }
    int rankAt(int row) const { return m_ranks[static_cast<std::size_t>(tokenAt(row))]; }
    QString labelAt(int row) const { return m_labels.value(tokenAt(row)); }

    int rowCount(const QModelIndex& parent = {}) const override {
        return parent.isValid() ? 0 : static_cast<int>(m_order.size());
    }
    int columnCount(const QModelIndex& parent = {}) const override { return parent.isValid() ? 0 : columns; }
    QVariant data(const QModelIndex& index, int role) const override {
        const int key = tokenAt(index.row());
        const double value = scoreAt(index.row());
        const bool known = !std::isnan(value);
        if (role == kBarShareRole && index.column() == score && known && m_largest > 0)
            return value / m_largest;
        if (role == kColorRole && index.column() == token)
            return known ? QVariant() : QVariant(ui::palette().secondaryText);
        if (role == Qt::AccessibleTextRole)
            return QString("%1 %2, %3").arg(countText(key), m_labels.value(key), scoreText(value, 4));
        if (role != Qt::DisplayRole) return {};
        switch (index.column()) {
            case rank:
                return known ? countText(rankAt(index.row())) : QStringLiteral("–");
            case number:
                return countText(key);
            case token:
                return m_labels.value(key);
            case score:
                return known ? weightText(value) : tr("not seen");
            default:
                return {};
        }
    }
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override {
        if (orientation != Qt::Horizontal) return {};
        if (role == Qt::TextAlignmentRole)
            return QVariant(section == rank || section == number ? Qt::AlignRight | Qt::AlignVCenter
                                                                 : Qt::AlignLeft | Qt::AlignVCenter);
        if (role != Qt::DisplayRole) return {};
        return QStringList{tr("Rank"), QStringLiteral("#"), tr("Token"), tr("Importance")}.value(section);
    }
    void sort(int column, Qt::SortOrder order) override {
        emit layoutAboutToBeChanged();
        m_byNumber = column == number || column == token;
        m_reversed = (column == score) == (order == Qt::AscendingOrder);
        sortRows();
        emit layoutChanged();
    }

 private:
    void sortRows() {
        std::iota(m_order.begin(), m_order.end(), 0);
        if (m_byNumber) {
            if (m_reversed) std::ranges::reverse(m_order);
            return;
        }
        std::ranges::stable_sort(m_order, [this](int a, int b) {
            const int left = m_ranks[static_cast<std::size_t>(a)],
                      right = m_ranks[static_cast<std::size_t>(b)];
            if (left == 0 || right == 0) return left != 0 && right == 0;
            return m_reversed ? left > right : left < right;
        });
    }
    std::vector<double> m_scores;
    std::vector<int> m_ranks, m_order;  // ranks by key, 0: none
    QStringList m_labels;
    double m_largest = 0;
    bool m_byNumber = false, m_reversed = false;
};

class ImportancePane final : public Pane {
 public:
    static QString tr(const char* text) { return QCoreApplication::translate("ImportancePane", text); }
    ImportancePane(Workspace& workspace, QWidget* parent);
    QWidget* picture() const override { return bodyShown() && m_model->rowCount() > 0 ? m_table : nullptr; }
    QString values() const override;

 protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

 private:
    void refresh(unsigned changes) override;
    bool rollout() const { return m_method->chosen() == 1; }
    bool shownLayer() const { return m_layers->currentIndex() == 1; }
    const std::shared_ptr<const AttentionSource>& weighed() const;
    void measure();
    void showFound(const TokenImportance& found, int layer);
    void showChosen();
    void choose(int row);

    Segments* m_method;
    QComboBox* m_layers;
    ImportanceTable* m_model;
    QTableView* m_table;
    bool m_following = false;
};

ImportancePane::ImportancePane(Workspace& shared, QWidget* parent)
    : Pane(shared, "importance", kRun | kSource | kHead | kTokens | kHover | kRunning | kTheme, parent) {
    QBoxLayout* row = &controls();
    row->parentWidget()->setMinimumWidth(1);
    m_method = new Segments(tr("What makes a token important"), {tr("Incoming"), tr("Rollout")}, this);
    m_method->button(0)->setToolTip(
        tr("What a token receives of the queries that can see it, mean over heads"));
    m_method->button(1)->setToolTip(
        tr("Where the top layer draws from, through all layers (attention rollout)"));
    row->addWidget(m_method);
    m_layers = new QComboBox(this);
    m_layers->setAccessibleName(tr("Layers"));
    m_layers->addItems({tr("All layers"), tr("Shown layer")});
    row->addWidget(m_layers);
    row->addStretch(1);
    const QSettings kept(stateFile(), QSettings::IniFormat);
    m_method->choose(kept.value("importance/method", 0).toInt() == 1 ? 1 : 0);
    m_layers->setCurrentIndex(kept.value("importance/layers", 0).toInt() == 1 ? 1 : 0);

    m_model = new ImportanceTable(this);
    m_table = new QTableView(this);
    m_table->setModel(m_model);
    m_table->setAccessibleName(tr("Tokens by importance"));
    dressTable(*m_table, 22);
    m_table->setItemDelegateForColumn(ImportanceTable::rank, new TableColumn(ColumnKind::number, this));
    m_table->setItemDelegateForColumn(ImportanceTable::number, new TableColumn(ColumnKind::number, this));
    m_table->setItemDelegateForColumn(ImportanceTable::token, new TableColumn(ColumnKind::token, this));
    m_table->setItemDelegateForColumn(ImportanceTable::score, new TableColumn(ColumnKind::bar, this));
    auto* header = m_table->horizontalHeader();
    header->setSectionResizeMode(QHeaderView::Fixed);
    header->setSectionResizeMode(ImportanceTable::score, QHeaderView::Stretch);
    m_table->setColumnWidth(ImportanceTable::rank, 52);
    m_table->setColumnWidth(ImportanceTable::number, 52);
    m_table->setColumnWidth(ImportanceTable::token, 112);
    header->setSortIndicator(ImportanceTable::rank, Qt::AscendingOrder);
    m_table->setSortingEnabled(true);
    m_table->viewport()->installEventFilter(this);
    setBody(m_table);
    addCaption();

    connect(m_method, &Segments::chosenChanged, this, [this](int index) {
        QSettings(stateFile(), QSettings::IniFormat).setValue("importance/method", index);
        noteChange(kSource);
    });
    connect(m_layers, &QComboBox::currentIndexChanged, this, [this](int index) {
        QSettings(stateFile(), QSettings::IniFormat).setValue("importance/layers", index);
        noteChange(kSource);
    });
    // A hovered row is marked as chosen ones are: a click counts even where nothing seems to change.
    connect(m_table, &QTableView::clicked, this, [this](const QModelIndex& index) { choose(index.row()); });
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
            [this](const QModelIndex& index) {
                if (!m_following && index.isValid()) choose(index.row());
            });
    connect(m_table, &QTableView::activated, this, [this](const QModelIndex& index) { choose(index.row()); });
    connect(header, &QHeaderView::sortIndicatorChanged, this, &ImportancePane::showChosen);
    connect(m_table, &QTableView::entered, this, [this](const QModelIndex& index) {
        workspace().setHovered(Cell{workspace().activeQuery(), m_model->tokenAt(index.row())});
    });
}

bool ImportancePane::eventFilter(QObject* watched, QEvent* event) {
    if (watched == m_table->viewport() && event->type() == QEvent::Leave)
        workspace().setHovered(std::nullopt);
    return Pane::eventFilter(watched, event);
}

void ImportancePane::refresh(unsigned changes) {
    if (workspace().isEmpty() || waitsForLayers()) {
        cancel("scores");
        m_model->setScores({}, {});
        if (!workspace().isEmpty()) return;
        m_left->clear();
        m_right->setText({});
        return showSentence(tr("Open a session or run a text to see which tokens matter."));
    }
    if ((changes & kRun) != 0) m_model->setScores({}, {});
    const bool otherHead = (changes & kHead) != 0 && shownLayer();
    if ((changes & (kRun | kSource | kRunning)) != 0 || otherHead || m_model->rowCount() == 0)
        return measure();
    showChosen();
}

// All heads, or what the view combines of them.
const std::shared_ptr<const AttentionSource>& ImportancePane::weighed() const {
    const auto& shown = workspace().source();
    return shown->info().combined.empty() ? workspace().headsSource() : shown;
}

void ImportancePane::measure() {
    const auto source = weighed();
    if (rollout() && !source->info().square()) {
        m_model->setScores({}, {});
        m_left->clear();
        m_right->setText({});
        return showSentence(
            tr("Rollout goes through the layers of one text. Cross attention has incoming shares alone."));
    }
    const int layer = std::min(workspace().head().layer, source->layersReady() - 1);
    if (layer < 0) return showSentence(tr("No layer is there yet."));
    ImportanceOptions options;
    options.method = rollout() ? ImportanceMethod::rollout : ImportanceMethod::incoming;
    if (shownLayer()) {
        options.layers = {layer};
    } else {
        options.layers.resize(static_cast<std::size_t>(source->layersReady()));
        std::iota(options.layers.begin(), options.layers.end(), 0);
    }
    if (m_model->rowCount() == 0) showSentence(tr("Weighing tokens…"));
    compute(
        "scores",
        [source, options, progress = progressOf("scores")](std::stop_token stop) -> Result<TokenImportance> {
            // An incoming share is made of the heads' own numbers, which filtered heads make when asked.
            if (options.method == ImportanceMethod::incoming)
                for (std::size_t at = 0; at < options.layers.size(); ++at) {
                    progress({"Layer " + std::to_string(options.layers[at]),
                              static_cast<double>(at) / static_cast<double>(options.layers.size())});
                    for (int head = 0; head < source->info().heads; ++head)
                        if (auto done = summarizeHead(*source, {options.layers[at], head}, stop); !done)
                            return done.error();
                }
            return tokenImportance(*source, options, progress, stop);
        },
        [this, layer](Result<TokenImportance> found) {
            if (found) return showFound(*found, layer);
            m_model->setScores({}, {});
            m_left->clear();
            m_right->setText({});
            showSentence(QString::fromStdString(found.error().sentence()));
        });
}

void ImportancePane::showFound(const TokenImportance& found, int layer) {
    m_model->setScores(found, workspace().keyTexts());
    showBody();
    showChosen();
    const auto& info = weighed()->info();
    const QString layers = !shownLayer() ? tr("all layers")
                           : rollout()   ? tr("layers 0–%1").arg(layer)
                                         : tr("layer %1").arg(layer);
    const QString heads =
        info.combined.empty() ? meanOfHeadsText(info.heads) : QString::fromStdString(info.combined);
    m_left->setText(tr("%1, %2").arg(heads, layers));
    QStringList right;
    if (rollout())
        right << (found.query
                      ? tr("of query %1 %2")
                            .arg(countText(*found.query), workspace().queryTexts().value(*found.query))
                      : tr("mean over all queries"));
    else
        right << tr("per query that sees the token");
    if (info.renormalized) right << tr("renormalized");
    m_right->setText(right.join(" · "));
}

void ImportancePane::showChosen() {
    m_following = true;
    const auto& keys = workspace().selection().keys;
    const auto hovered = workspace().hovered();
    const int key = keys ? keys->begin : hovered ? hovered->key : -1;
    if (const int row = key >= 0 ? m_model->rowOf(key) : -1; row >= 0) {
        m_table->selectRow(row);
        if (!m_table->underMouse()) m_table->scrollTo(m_model->index(row, 0));
    } else {
        m_table->clearSelection();
    }
    m_following = false;
}

void ImportancePane::choose(int row) {
    const int key = m_model->tokenAt(row);
    workspace().setTokens(workspace().selection().queries, KeyRange{key, key + 1});
}

QString ImportancePane::values() const {
    if (!bodyShown() || m_model->rowCount() == 0) return {};
    QString text = "rank\tkey\ttoken\timportance\n";
    for (int row = 0; row < m_model->rowCount(); ++row) {
        const double score = m_model->scoreAt(row);
        const bool known = !std::isnan(score);
        text += QString("%1\t%2\t%3\t%4\n")
                    .arg(known ? QString::number(m_model->rankAt(row)) : QString())
                    .arg(m_model->tokenAt(row))
                    .arg(m_model->labelAt(row), known ? QString::number(score, 'g', 9) : QString());
    }
    return text;
}

Pane* create(Workspace& workspace, QWidget* parent) {
    return new ImportancePane(workspace, parent);
}

}  // namespace

extern const PaneDescriptor kImportancePane{
    .id = "importance",
    .title = QT_TRANSLATE_NOOP("Pane", "Importance"),
    .accessible = QT_TRANSLATE_NOOP("Pane", "Tokens, the most important first"),
    .place = PanePlace::rightBottom,
    .create = &create};

}  // namespace attnviz::ui
