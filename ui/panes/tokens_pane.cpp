// Tokens: the running text coloured by attention from or to the chosen tokens or by importance, and the same
// as a table.
#include <QCheckBox>
#include <QCoreApplication>
#include <QEvent>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QSettings>
#include <QTableView>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/analysis/importance.h"
#include "core/text/words.h"
#include "ui/panes/pane.h"
#include "ui/panes/panes.h"
#include "ui/panes/token_weights.h"
#include "ui/panes/weight_table.h"
#include "ui/state/file_controller.h"
#include "ui/widgets/eliding_label.h"
#include "ui/widgets/map_content.h"
#include "ui/widgets/number_text.h"
#include "ui/widgets/pane_parts.h"
#include "ui/widgets/segments.h"
#include "ui/widgets/table_columns.h"
#include "ui/widgets/token_strip.h"

namespace attnviz::ui {
namespace {

// A table of more tokens than are seen at once begins with the strongest, until a person sorts it.
constexpr int kTableInOrder = 64;

enum Direction { attendsTo, attendedBy, importance };

class TokensPane final : public Pane {
 public:
    static QString tr(const char* text) { return QCoreApplication::translate("TokensPane", text); }
    TokensPane(Workspace& workspace, QWidget* parent);
    QWidget* picture() const override { return bodyShown() ? m_picture : nullptr; }
    QString values() const override { return bodyShown() ? m_model->values() : QString(); }

 protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override {
        Pane::resizeEvent(event);
        m_table->setColumnHidden(WeightTable::rank, width() < 280);  // before the weights are cut
        shareRoom();
    }

 private:
    void refresh(unsigned changes) override;
    void makeControls();
    void makeTable();
    Direction direction() const { return static_cast<Direction>(m_direction->chosen()); }
    bool rollout() const { return m_rollout->isChecked(); }
    bool square() const { return workspace().source()->info().square(); }
    bool stripOfKeys() const { return direction() != attendedBy; }
    // Where both edges are the same text, the text is also where the token is chosen whose row is seen.
    bool picksQueries() const { return square() ? direction() == attendsTo : direction() == attendedBy; }
    KeyRange shownQueries() const;
    KeyRange shownKeys() const;
    void showTokens();
    void showWritten(int shown, bool words);
    void showCurrent();
    void showImportance();
    void showWeights(std::vector<float> weights, const QString& heading, const QString& left,
                     const QString& right);
    void showMarks();
    void showNone(const QString& sentence);
    QString nameOf(KeyRange tokens, bool queries) const;
    void showMean(std::vector<float> weights, KeyRange tokens, bool queries);
    void pick(int token, Qt::KeyboardModifiers modifiers, bool drag);
    void pin(int token);
    void pickRow(int row);
    void hover(std::optional<int> token);
    // Short texts leave the room to the table; long ones take half.
    void shareRoom() {
        m_strip->setMaximumHeight(
            std::clamp(m_strip->contentHeight() + 2, 48, std::max(60, height() / 2 - 30)));
    }

    QWidget* m_picture;
    Segments* m_direction;
    QCheckBox* m_rollout;
    TokenStrip* m_strip;
    WeightTable* m_model;
    QTableView* m_table;
    bool m_sortedByHand = false;
    QString m_written;         // how many tokens the model wrote, in words; empty: none
    int m_anchor = 0;          // where a range began
    bool m_followPins = true;  // what was pinned last counts, not what was chosen before
};

TokensPane::TokensPane(Workspace& shared, QWidget* parent)
    : Pane(shared, "tokens", kRun | kSource | kHead | kHover | kPins | kTokens | kView | kTheme, parent) {
    makeControls();
    m_picture = new QWidget(this);
    auto* column = new QVBoxLayout(m_picture);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    m_strip = new TokenStrip(this);
    column->addWidget(m_strip, 5);
    makeTable();
    column->addWidget(m_table, 6);
    // Both scroll: a low window shows fewer lines, it is not held open.
    for (QWidget* part : {static_cast<QWidget*>(m_strip), static_cast<QWidget*>(m_table)})
        part->setMinimumHeight(48);
    setBody(m_picture);
    addCaption();

    connect(m_strip, &TokenStrip::tokenPicked, this, &TokensPane::pick);
    connect(m_strip, &TokenStrip::tokenHovered, this, &TokensPane::hover);
    connect(m_strip, &TokenStrip::contentHeightChanged, this, &TokensPane::shareRoom);
    connect(m_table, &QTableView::clicked, this, [this](const QModelIndex& index) { pickRow(index.row()); });
    connect(m_table, &QTableView::activated, this,
            [this](const QModelIndex& index) { pickRow(index.row()); });
    connect(m_table, &QTableView::entered, this,
            [this](const QModelIndex& index) { hover(m_model->tokenAt(index.row())); });
}

void TokensPane::makeControls() {
    m_direction =
        new Segments(tr("Direction"), {tr("Attends to"), tr("Attended by"), tr("Importance")}, this);
    controls().addWidget(m_direction);
    controls().addStretch(1);
    m_rollout = new QCheckBox(tr("Rollout"), this);
    m_rollout->setToolTip(tr(
        "Where the shown layer draws from, through all layers below, instead of what a token receives in the "
        "shown head"));
    controls().addWidget(m_rollout);
    const QSettings kept(stateFile(), QSettings::IniFormat);
    m_direction->choose(std::clamp(kept.value("tokens/direction", 0).toInt(), 0, 2));
    m_rollout->setChecked(kept.value("tokens/rollout", false).toBool());
    m_rollout->setVisible(direction() == importance);
    connect(m_direction, &Segments::chosenChanged, this, [this](int index) {
        QSettings(stateFile(), QSettings::IniFormat).setValue("tokens/direction", index);
        m_rollout->setVisible(direction() == importance);
        noteChange(kRun);
    });
    connect(m_rollout, &QCheckBox::toggled, this, [this](bool on) {
        QSettings(stateFile(), QSettings::IniFormat).setValue("tokens/rollout", on);
        noteChange(kSource);
    });
}

void TokensPane::makeTable() {
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
    connect(header, &QHeaderView::sectionClicked, this, [this] { m_sortedByHand = true; });
    m_table->viewport()->installEventFilter(this);
}

bool TokensPane::eventFilter(QObject* watched, QEvent* event) {
    if (watched == m_table->viewport() && event->type() == QEvent::Leave) hover(std::nullopt);
    return Pane::eventFilter(watched, event);
}

void TokensPane::refresh(unsigned changes) {
    if (workspace().isEmpty()) {
        for (const char* tag : {"mean", "importance"}) cancel(tag);
        m_left->clear();
        m_right->setText({});
        return showSentence(tr("Open a session or run a text to read it here."));
    }
    showBody();
    if ((changes & (kTokens | kRun)) != 0)
        m_followPins = false;
    else if ((changes & kPins) != 0)
        m_followPins = true;
    if ((changes & kTheme) != 0) m_strip->viewport()->update();
    if ((changes & kRun) != 0) showTokens();
    if (direction() != importance) return showCurrent();
    // A score does not follow the pointer, and only a rollout is of a chosen query.
    const unsigned marks = kHover | kPins | (rollout() ? 0U : kTokens);
    if ((changes & ~marks) == 0 && m_model->rowCount() > 0) return showMarks();
    showImportance();
}

void TokensPane::showTokens() {
    const bool words = workspace().view().filters.words;
    const auto& labels = stripOfKeys() ? workspace().keyTexts() : workspace().queryTexts();
    std::vector<Token> tokens = stripOfKeys() ? workspace().keyTokens() : workspace().queryTokens();
    if (words && tokens.size() != static_cast<std::size_t>(labels.size())) {
        tokens.assign(static_cast<std::size_t>(labels.size()), Token{});
        for (auto& token : tokens) token.text = "w";
    }
    m_strip->setTokens(tokens, labels);
    if (const auto& source = workspace().source()) {
        const MapContent content = contentOf(source->info());
        m_strip->setContent(stripOfKeys() ? content.keys : content.queries);
    }
    showWritten(static_cast<int>(labels.size()), words);
    m_model->setWeights({}, {}, true, {});
}

// Where the model wrote on by itself: said in the caption, and seen in the text.
void TokensPane::showWritten(int shown, bool words) {
    m_written.clear();
    const auto& run = *workspace().run();
    const auto& raw = *workspace().rawSource();
    const TokenizedText& text = stripOfKeys() ? run.keysOf(raw) : run.queriesOf(raw);
    if (run.generated <= 0 || &text != &run.continued()) return;
    const int given = static_cast<int>(text.tokens.size()) - run.generated;
    int first = given;
    if (words && shown != static_cast<int>(text.tokens.size())) {
        const auto ranges = wordsOf(text);  // a word that was begun before is the person's
        first = static_cast<int>(
            std::ranges::count_if(ranges, [given](const TokenRange& word) { return word.begin < given; }));
    }
    m_strip->setWritten(first);
    m_written = tr("dots: %1 written").arg(countText(run.generated));
}

// Chosen tokens, or the pinned one where that is newer, or the one under the pointer.
KeyRange TokensPane::shownQueries() const {
    const auto& chosen = workspace().selection().queries;
    if (chosen && !(m_followPins && workspace().pinned())) return *chosen;
    const int query = workspace().activeQuery();
    return {query, query + 1};
}

KeyRange TokensPane::shownKeys() const {
    const auto& chosen = workspace().selection().keys;
    if (chosen && !(m_followPins && workspace().pinned())) return *chosen;
    const int key = workspace().activeKey().value_or(0);
    return {key, key + 1};
}

void TokensPane::showNone(const QString& sentence) {
    m_strip->setWeights({}, false);
    m_model->setWeights({}, {}, true, {});
    m_left->setText(sentence);
    m_right->setText({});
}

QString TokensPane::nameOf(KeyRange tokens, bool queries) const {
    const auto& labels = queries ? workspace().queryTexts() : workspace().keyTexts();
    if (tokens.size() == 1) return countText(tokens.begin) + " " + labels.value(tokens.begin);
    return queries ? tr("mean of %1 queries").arg(countText(tokens.size()))
                   : tr("mean of %1 keys").arg(countText(tokens.size()));
}

void TokensPane::showCurrent() {
    cancel("importance");
    if (!workspace().headReady()) {
        cancel("mean");
        return showNone(tr("This layer is not computed yet"));
    }
    const auto source = workspace().source();
    const HeadId head = workspace().shownHead();
    const bool queries = direction() == attendsTo;
    const KeyRange tokens = queries ? shownQueries() : shownKeys();
    showMarks();
    if (queries && tokens.size() == 1) {
        cancel("mean");
        if (auto row = meanRow(*source, head, tokens, {})) showMean(*std::move(row), tokens, queries);
        return;
    }
    compute(
        "mean",
        [source, head, tokens, queries](std::stop_token stop) {
            return queries ? meanRow(*source, head, tokens, stop) : meanColumn(*source, head, tokens, stop);
        },
        [this, source, tokens, queries](Result<std::vector<float>> weights) {
            if (source != workspace().source()) return;
            if (!weights) return showNone(QString::fromStdString(weights.error().sentence()));
            showMean(*std::move(weights), tokens, queries);
        });
}

void TokensPane::showMean(std::vector<float> weights, KeyRange tokens, bool queries) {
    double sum = 0;
    for (const float weight : weights) sum += std::isnan(weight) ? 0 : weight;
    const bool one = tokens.size() == 1;
    const QString name = nameOf(tokens, queries);
    const QString range = QString("%1–%2").arg(countText(tokens.begin), countText(tokens.end - 1));
    const QString who = !one      ? QString("%1 (%2)").arg(name, range)
                        : queries ? tr("Query %1").arg(name)
                                  : tr("Key %1").arg(name);
    const auto& combined = workspace().source()->info().combined;
    const HeadId head = workspace().head();
    const QString where = combined.empty()
                              ? QString("L%1 H%2").arg(head.layer).arg(head.head)
                              : QString("L%1 %2").arg(head.layer).arg(QString::fromStdString(combined));
    QString right = queries ? (one ? tr("row sums to %1") : tr("sums to %1")).arg(scoreText(sum, 4))
                            : tr("receives %1").arg(scoreText(sum, 3));
    if (workspace().source()->info().renormalized) right = tr("renormalized") + " · " + right;
    const QString heading = !one      ? tr("Mean weight")
                            : queries ? tr("Weight from %1").arg(name)
                                      : tr("Weight on %1").arg(name);
    showWeights(std::move(weights), heading, who + " · " + where, right);
}

void TokensPane::showWeights(std::vector<float> weights, const QString& heading, const QString& left,
                             const QString& right) {
    m_strip->setWeights(weights, workspace().view().logarithmic, direction() != importance);
    m_model->setWeights(stripOfKeys() ? workspace().keyTexts() : workspace().queryTexts(), std::move(weights),
                        stripOfKeys(), heading);
    if (!m_sortedByHand) {
        const bool strongestFirst = m_model->rowCount() > kTableInOrder;
        m_table->sortByColumn(strongestFirst ? WeightTable::weight : WeightTable::number,
                              strongestFirst ? Qt::DescendingOrder : Qt::AscendingOrder);
    }
    showMarks();
    m_left->setText(left);
    m_right->setText(m_written.isEmpty() ? right : right + " · " + m_written);
}

// Whose weights are seen, what is chosen, and what the pointer is over.
void TokensPane::showMarks() {
    const auto& chosen = workspace().selection();
    std::optional<KeyRange> queries, keys;
    if (square() || !stripOfKeys()) queries = chosen.queries;
    if (square() || stripOfKeys()) keys = chosen.keys;
    if (square() && direction() == attendsTo) queries = shownQueries();
    if (square() && direction() == attendedBy) keys = shownKeys();
    const auto& current = picksQueries() ? queries : keys;
    m_strip->setFramed(queries, keys, current ? current->begin : 0);
    std::optional<int> marked;
    if (direction() == attendsTo)
        marked = workspace().activeKey();
    else if (const auto cell = workspace().hovered())
        marked = direction() == attendedBy ? cell->query : cell->key;
    m_strip->setHovered(marked);
    const QSignalBlocker quiet(m_table->selectionModel());
    const auto& chosenHere = stripOfKeys() ? keys : queries;
    const int token = marked ? *marked : chosenHere ? chosenHere->begin : -1;
    if (const int row = token < 0 ? -1 : m_model->rowOf(token); row >= 0)
        m_table->selectRow(row);
    else
        m_table->clearSelection();
    m_table->viewport()->update();
}

void TokensPane::showImportance() {
    cancel("mean");
    const auto& info = workspace().source()->info();
    if (!workspace().headReady()) {
        cancel("importance");
        return showNone(tr("This layer is not computed yet"));
    }
    if (rollout() && !info.square()) {
        cancel("importance");
        return showNone(tr("Cross attention has incoming shares alone"));
    }
    const HeadId shown = workspace().shownHead(), head = workspace().head();
    ImportanceOptions options;
    options.method = rollout() ? ImportanceMethod::rollout : ImportanceMethod::incoming;
    options.layers = {shown.layer};
    if (rollout()) {
        options.layers.resize(static_cast<std::size_t>(shown.layer) + 1);
        std::iota(options.layers.begin(), options.layers.end(), 0);
        if (const auto& chosen = workspace().selection().queries; chosen && chosen->size() == 1)
            options.query = chosen->begin;
    } else {
        options.heads = {shown.head};
    }
    const bool apart = rollout() && info.combined.empty();
    const auto source = apart ? workspace().headsSource() : workspace().source();
    const QString heads = apart ? headCountText(source->info().heads) : QString::fromStdString(info.combined);
    const QString title = workspace().headTitle();
    showMarks();
    compute(
        "importance",
        [source, options, progress = progressOf("importance")](std::stop_token stop) {
            return tokenImportance(*source, options, progress, stop);
        },
        [this, head, title, heads, renormalized = info.renormalized](Result<TokenImportance> found) {
            if (!found) return showNone(QString::fromStdString(found.error().sentence()));
            std::vector<float> scores;
            for (const double score : found->scores) scores.push_back(static_cast<float>(score));
            const bool rolled = found->method == ImportanceMethod::rollout;
            const QString left = rolled ? tr("Rollout, layers 0–%1").arg(head.layer) : title;
            QString right = !rolled ? tr("per query that sees the token")
                            : found->query
                                ? tr("of query %1").arg(nameOf({*found->query, *found->query + 1}, true))
                                : tr("mean over all queries");
            if (rolled) right = tr("%1 · %2").arg(heads, right);
            if (renormalized) right = tr("renormalized") + " · " + right;
            showWeights(std::move(scores), rolled ? tr("Rollout") : tr("Incoming share"), left, right);
        });
}

// A click chooses, and pins whose attention is shown: the query's row, or the key's column. Shift and a drag
// extend from where the choice began, Ctrl adds or takes away at its ends.
void TokensPane::pick(int token, Qt::KeyboardModifiers modifiers, bool drag) {
    if (workspace().isEmpty()) return;
    const auto& selection = workspace().selection();
    const bool queries = picksQueries();
    const auto chosen = queries ? selection.queries : selection.keys;
    std::optional<KeyRange> range = KeyRange{token, token + 1};
    const auto spanned = [&] { return KeyRange{std::min(m_anchor, token), std::max(m_anchor, token) + 1}; };
    if (drag) {
        range = spanned();
    } else if (modifiers.testFlag(Qt::ShiftModifier)) {
        if (!chosen)
            m_anchor = queries ? workspace().activeQuery() : workspace().activeKey().value_or(0);
        else if (!chosen->contains(m_anchor))
            m_anchor = chosen->begin;
        range = spanned();
    } else if (modifiers.testFlag(Qt::ControlModifier) && chosen) {
        m_anchor = token;
        if (token == chosen->end)
            range = KeyRange{chosen->begin, token + 1};
        else if (token == chosen->begin - 1)
            range = KeyRange{token, chosen->end};
        else if (token == chosen->begin)
            range = KeyRange{token + 1, chosen->end};
        else if (token == chosen->end - 1)
            range = KeyRange{chosen->begin, token};
        if (range->size() == 0) range.reset();
    } else {
        m_anchor = token;
        pin(token);
    }
    workspace().setTokens(queries ? range : selection.queries, queries ? selection.keys : range);
}

void TokensPane::pin(int token) {
    if (direction() == importance) return;
    Cell cell =
        workspace().pinned().value_or(workspace().hovered().value_or(Cell{workspace().activeQuery(), 0}));
    if (direction() == attendsTo) {
        if (!square()) return;
        cell = {token, std::min(cell.key, token)};
    } else {
        cell = square() ? Cell{cell.query, token} : Cell{token, cell.key};
    }
    workspace().setPinned(cell);
}

// In the table the other end is chosen: of a query's row a key, of a key's column a query.
void TokensPane::pickRow(int row) {
    const int token = m_model->tokenAt(row);
    const KeyRange range{token, token + 1};
    const auto& selection = workspace().selection();
    if (stripOfKeys())
        workspace().setTokens(selection.queries, range);
    else
        workspace().setTokens(range, selection.keys);
}

void TokensPane::hover(std::optional<int> token) {
    if (workspace().isEmpty()) return;
    if (!token) return workspace().setHovered(std::nullopt);
    if (direction() == attendedBy)
        workspace().setHovered(Cell{*token, shownKeys().begin});
    else
        workspace().setHovered(Cell{shownQueries().begin, *token});
}

Pane* create(Workspace& workspace, QWidget* parent) {
    return new TokensPane(workspace, parent);
}

}  // namespace

extern const PaneDescriptor kTokensPane{
    .id = "tokens",
    .title = QT_TRANSLATE_NOOP("Pane", "Tokens"),
    .accessible = QT_TRANSLATE_NOOP("Pane", "The text, coloured by attention or importance"),
    .place = PanePlace::rightTop,
    .create = &create};

}  // namespace attnviz::ui
