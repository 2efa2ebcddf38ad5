// Tokens: the running text coloured by attention from or to the selected token, and the same as a table.
#include <QAbstractTableModel>
#include <QCoreApplication>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QTableView>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "ui/panes/pane.h"
#include "ui/panes/panes.h"
#include "ui/theme/appearance.h"
#include "ui/widgets/eliding_label.h"
#include "ui/widgets/number_text.h"
#include "ui/widgets/pane_parts.h"
#include "ui/widgets/segments.h"
#include "ui/widgets/table_columns.h"
#include "ui/widgets/token_strip.h"

namespace attnviz::ui {
namespace {

// One token a row: index, token, weight, rank. NaN weights are masked.
class WeightTable final : public QAbstractTableModel {
 public:
    enum Column { number, token, weight, rank, columns };
    static QString tr(const char* text) { return QCoreApplication::translate("TokensPane", text); }
    using QAbstractTableModel::QAbstractTableModel;

    void setWeights(const QStringList& labels, std::vector<float> weights, bool toKeys) {
        beginResetModel();
        m_labels = labels;
        m_weights = std::move(weights);
        m_toKeys = toKeys;
        m_order.resize(m_weights.size());
        std::iota(m_order.begin(), m_order.end(), 0);
        m_ranks.assign(m_weights.size(), 0);
        std::vector<int> byWeight = m_order;
        std::ranges::stable_sort(byWeight, [this](int a, int b) { return value(a) > value(b); });
        for (std::size_t i = 0; i < byWeight.size(); ++i)
            m_ranks[static_cast<std::size_t>(byWeight[i])] = static_cast<int>(i) + 1;
        m_strongest = byWeight.empty() ? 0 : std::max(0.0F, value(byWeight.front()));
        sortRows();
        endResetModel();
    }
    int tokenAt(int row) const { return m_order[static_cast<std::size_t>(row)]; }
    int rowOf(int token) const {
        const auto found = std::ranges::find(m_order, token);
        return found == m_order.end() ? -1 : static_cast<int>(found - m_order.begin());
    }
    int rowCount(const QModelIndex& parent = {}) const override {
        return parent.isValid() ? 0 : static_cast<int>(m_order.size());
    }
    int columnCount(const QModelIndex& parent = {}) const override { return parent.isValid() ? 0 : columns; }

    QVariant data(const QModelIndex& index, int role) const override {
        const int at = tokenAt(index.row());
        const float shown = m_weights[static_cast<std::size_t>(at)];
        const bool masked = std::isnan(shown);
        if (role == kBarShareRole && index.column() == weight && !masked && m_strongest > 0)
            return shown / m_strongest;
        if (role == kColorRole && index.column() == token && !masked &&
            m_ranks[static_cast<std::size_t>(at)] == 1)
            return m_toKeys ? ui::palette().keyMark : ui::palette().accent;
        if (role == kColorRole && index.column() == token && masked) return ui::palette().secondaryText;
        if (role != Qt::DisplayRole) return {};
        switch (index.column()) {
            case number:
                return countText(at);
            case token:
                return m_labels.value(at);
            case weight:
                return masked ? tr("masked") : weightText(shown);
            case rank:
                return masked ? QString() : countText(m_ranks[static_cast<std::size_t>(at)]);
            default:
                return {};
        }
    }
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override {
        if (orientation != Qt::Horizontal) return {};
        if (role == Qt::TextAlignmentRole)
            return QVariant(section == number || section == rank ? Qt::AlignRight | Qt::AlignVCenter
                                                                 : Qt::AlignLeft | Qt::AlignVCenter);
        if (role != Qt::DisplayRole) return {};
        const QStringList names{QStringLiteral("#"), m_toKeys ? tr("Key") : tr("Query"), tr("Weight"),
                                tr("Rank")};
        return names.value(section);
    }
    void sort(int column, Qt::SortOrder order) override {
        emit layoutAboutToBeChanged();
        m_byWeight = column == weight || column == rank;
        m_descending = column == rank ? order == Qt::AscendingOrder : order == Qt::DescendingOrder;
        sortRows();
        emit layoutChanged();
    }

 private:
    float value(int token) const {
        const float weight = m_weights[static_cast<std::size_t>(token)];
        return std::isnan(weight) ? -1.0F : weight;
    }
    void sortRows() {
        std::ranges::stable_sort(m_order, [this](int a, int b) {
            if (!m_byWeight) return m_descending ? a > b : a < b;
            return m_descending ? value(a) > value(b) : value(a) < value(b);
        });
    }
    QStringList m_labels;
    std::vector<float> m_weights;
    std::vector<int> m_order, m_ranks;
    float m_strongest = 0;
    bool m_toKeys = true, m_byWeight = false, m_descending = false;
};

// Weights of one column: all queries' weight on a key, NaN where the query cannot see it.
Result<std::vector<float>> columnOf(const AttentionSource& source, HeadId head, int key,
                                    std::stop_token stop) {
    const auto& info = source.info();
    std::vector<float> out(static_cast<std::size_t>(info.queries), std::numeric_limits<float>::quiet_NaN());
    std::vector<float> tile(static_cast<std::size_t>(kTileCells) * kTileCells);
    for (int first = 0; first < info.queries; first += kTileCells) {
        if (auto done =
                source.tile({head, 0, first / kTileCells, key / kTileCells, Pooling::max}, tile, stop);
            !done)
            return done.error();
        for (int query = first; query < std::min(info.queries, first + kTileCells); ++query)
            if (info.visibility.sees(head.layer, query, key))
                out[static_cast<std::size_t>(query)] =
                    tile[static_cast<std::size_t>(query - first) * kTileCells +
                         static_cast<std::size_t>(key % kTileCells)];
    }
    return out;
}

Result<std::vector<float>> rowOf(const AttentionSource& source, HeadId head, int query) {
    const auto& info = source.info();
    std::vector<float> out(static_cast<std::size_t>(info.keys));
    source.row(head, query, out);
    for (int key = 0; key < info.keys; ++key)
        if (!info.visibility.sees(head.layer, query, key))
            out[static_cast<std::size_t>(key)] = std::numeric_limits<float>::quiet_NaN();
    return out;
}

class TokensPane final : public Pane {
 public:
    static QString tr(const char* text) { return QCoreApplication::translate("TokensPane", text); }
    TokensPane(Workspace& workspace, QWidget* parent);
    QWidget* picture() const override { return bodyShown() ? m_picture : nullptr; }

 private:
    void refresh(unsigned changes) override;
    bool attendsTo() const { return m_direction->chosen() == 0; }
    void showTokens();
    void showCurrent();
    void showWeights(std::vector<float> weights, HeadId head, int token);
    void select(int token);
    void hover(std::optional<int> token);
    // Short texts leave the room to the table; long ones take half.
    void shareRoom() {
        m_strip->setMaximumHeight(
            std::clamp(m_strip->contentHeight() + 2, 48, std::max(60, height() / 2 - 30)));
    }

    QWidget* m_picture;
    Segments* m_direction;
    TokenStrip* m_strip;
    WeightTable* m_model;
    QTableView* m_table;

 protected:
    void resizeEvent(QResizeEvent* event) override {
        Pane::resizeEvent(event);
        shareRoom();
    }
};

TokensPane::TokensPane(Workspace& shared, QWidget* parent)
    : Pane(shared, "tokens", kRun | kSource | kHead | kHover | kPins | kView | kTheme, parent) {
    m_direction = new Segments(tr("Direction"), {tr("Attends to"), tr("Attended by")}, this);
    controls().addWidget(m_direction);
    controls().addStretch(1);
    m_picture = new QWidget(this);
    auto* column = new QVBoxLayout(m_picture);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    m_strip = new TokenStrip(this);
    column->addWidget(m_strip, 5);
    m_model = new WeightTable(this);
    m_table = new QTableView(this);
    m_table->setModel(m_model);
    m_table->setAccessibleName(tr("Tokens and their weights"));
    dressTable(*m_table, 22);
    m_table->setItemDelegateForColumn(WeightTable::number, new TableColumn(ColumnKind::number, this));
    m_table->setItemDelegateForColumn(WeightTable::token, new TableColumn(ColumnKind::token, this));
    m_table->setItemDelegateForColumn(WeightTable::weight, new TableColumn(ColumnKind::bar, this));
    m_table->setItemDelegateForColumn(WeightTable::rank, new TableColumn(ColumnKind::number, this));
    auto* header = m_table->horizontalHeader();
    header->setSectionResizeMode(QHeaderView::Fixed);
    header->setSectionResizeMode(WeightTable::weight, QHeaderView::Stretch);
    m_table->setColumnWidth(WeightTable::number, 48);
    m_table->setColumnWidth(WeightTable::token, 104);
    m_table->setColumnWidth(WeightTable::rank, 56);
    header->setSortIndicator(WeightTable::number, Qt::AscendingOrder);
    m_table->setSortingEnabled(true);
    column->addWidget(m_table, 6);
    setBody(m_picture);
    addCaption();

    connect(m_direction, &Segments::chosenChanged, this, [this] { noteChange(kRun); });
    connect(m_strip, &TokenStrip::tokenClicked, this, &TokensPane::select);
    connect(m_strip, &TokenStrip::tokenHovered, this, &TokensPane::hover);
    connect(m_table, &QTableView::entered, this,
            [this](const QModelIndex& index) { hover(m_model->tokenAt(index.row())); });
    connect(m_strip, &TokenStrip::contentHeightChanged, this, &TokensPane::shareRoom);
}

void TokensPane::refresh(unsigned changes) {
    if (workspace().isEmpty()) {
        m_left->clear();
        m_right->setText({});
        return showSentence(tr("Open a session or run a text to read it here."));
    }
    showBody();
    if ((changes & kTheme) != 0) m_strip->viewport()->update();
    if ((changes & kRun) != 0) showTokens();
    showCurrent();
}

void TokensPane::showTokens() {
    const bool words = workspace().view().filters.words;
    const auto& labels = attendsTo() ? workspace().keyTexts() : workspace().queryTexts();
    std::vector<Token> tokens = attendsTo() ? workspace().keyTokens() : workspace().queryTokens();
    if (words && tokens.size() != static_cast<std::size_t>(labels.size())) {
        tokens.assign(static_cast<std::size_t>(labels.size()), Token{});
        for (auto& token : tokens) token.text = "w";
    }
    m_strip->setTokens(tokens, labels);
}

void TokensPane::showCurrent() {
    if (!workspace().headReady()) {
        m_strip->setWeights({}, false);
        m_model->setWeights({}, {}, true);
        m_left->setText(tr("This layer is not computed yet"));
        m_right->setText({});
        return;
    }
    const auto source = workspace().source();
    const HeadId head = workspace().shownHead();
    if (attendsTo()) {
        const int query = workspace().activeQuery();
        cancel("column");
        showWeights(*rowOf(*source, head, query), head, query);
        return;
    }
    const int key = workspace().activeKey().value_or(0);
    compute(
        "column",
        [source, head, key](std::stop_token stop) -> Result<std::vector<float>> {
            return columnOf(*source, head, key, stop);
        },
        [this, source, head, key](Result<std::vector<float>> weights) {
            if (weights && source == workspace().source()) showWeights(*std::move(weights), head, key);
        });
}

void TokensPane::showWeights(std::vector<float> weights, HeadId head, int token) {
    double sum = 0;
    for (const float weight : weights) sum += std::isnan(weight) ? 0 : weight;
    const auto& labels = attendsTo() ? workspace().keyTexts() : workspace().queryTexts();
    const auto& others = attendsTo() ? workspace().queryTexts() : workspace().keyTexts();
    const bool square = workspace().source()->info().square();
    m_strip->setFramed(square ? std::optional(token) : std::nullopt);
    m_strip->setWeights(weights, workspace().view().logarithmic);
    const auto marked = attendsTo() ? workspace().activeKey() : std::nullopt;
    m_strip->setHovered(marked);
    m_model->setWeights(labels, std::move(weights), attendsTo());
    if (marked)
        if (const int row = m_model->rowOf(*marked); row >= 0) {
            const QSignalBlocker quiet(m_table->selectionModel());
            m_table->selectRow(row);
        }
    const QString name = countText(token) + " " + others.value(token);
    m_left->setText((attendsTo() ? tr("Query %1 · L%2 H%3") : tr("Key %1 · L%2 H%3"))
                        .arg(name)
                        .arg(head.layer)
                        .arg(head.head));
    m_right->setText(attendsTo() ? tr("row sums to %1").arg(scoreText(sum, 4))
                                 : tr("receives %1").arg(scoreText(sum, 3)));
}

// A click chooses whose attention is shown: the query's row, or the key's column.
void TokensPane::select(int token) {
    if (workspace().isEmpty()) return;
    Cell cell =
        workspace().pinned().value_or(workspace().hovered().value_or(Cell{workspace().activeQuery(), 0}));
    const auto& info = workspace().source()->info();
    if (attendsTo()) {
        if (!info.square()) return;
        cell = {token, std::min(cell.key, token)};
    } else {
        cell = info.square() ? Cell{cell.query, token} : Cell{token, cell.key};
    }
    workspace().setPinned(cell);
}

void TokensPane::hover(std::optional<int> token) {
    if (workspace().isEmpty() || !attendsTo()) return;
    if (!token) return workspace().setHovered(std::nullopt);
    workspace().setHovered(Cell{workspace().activeQuery(), *token});
}

Pane* create(Workspace& workspace, QWidget* parent) {
    return new TokensPane(workspace, parent);
}

}  // namespace

extern const PaneDescriptor kTokensPane{
    .id = "tokens",
    .title = QT_TRANSLATE_NOOP("Pane", "Tokens"),
    .accessible = QT_TRANSLATE_NOOP("Pane", "The text, coloured by attention"),
    .place = PanePlace::rightTop,
    .create = &create};

}  // namespace attnviz::ui
