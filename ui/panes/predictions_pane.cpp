// Predictions: what the model holds likeliest next, at the position of the pinned or hovered query.
//
// Shows what the run keeps and computes nothing. A position that is not kept shows the last one that is, and
// the caption says so.
#include <QAbstractTableModel>
#include <QCoreApplication>
#include <QHeaderView>
#include <QLabel>
#include <QTableView>
#include <algorithm>

#include "core/exporting/selected_attention.h"
#include "core/text/words.h"
#include "ui/panes/pane.h"
#include "ui/panes/panes.h"
#include "ui/widgets/eliding_label.h"
#include "ui/widgets/number_text.h"
#include "ui/widgets/table_columns.h"
#include "ui/widgets/token_text.h"

namespace attnviz::ui {
namespace {

QString tr(const char* text) {
    return QCoreApplication::translate("PredictionsPane", text);
}

class PredictionTable final : public QAbstractTableModel {
 public:
    enum Column { rank, token, probability, columns };
    using QAbstractTableModel::QAbstractTableModel;

    // `next`: of what follows the position, not of the token there.
    void setPrediction(const Prediction* prediction, bool next = true) {
        beginResetModel();
        m_next = next;
        m_top = prediction ? prediction->top : std::vector<PredictedToken>();
        endResetModel();
    }
    int rowCount(const QModelIndex& parent = {}) const override {
        return parent.isValid() ? 0 : static_cast<int>(m_top.size());
    }
    int columnCount(const QModelIndex& parent = {}) const override { return parent.isValid() ? 0 : columns; }

    QVariant data(const QModelIndex& index, int role) const override {
        const auto& row = m_top[static_cast<std::size_t>(index.row())];
        if (role == Qt::AccessibleTextRole)
            return QString("%1, %2").arg(tokenText(row.text), weightText(row.probability));
        if (role == Qt::ToolTipRole)
            return plainToolTip(tr("%1 · id %2").arg(tokenText(row.text)).arg(row.id));
        if (role == kBarShareRole && index.column() == probability) return row.probability;
        if (role != Qt::DisplayRole) return {};
        switch (index.column()) {
            case rank:
                return countText(index.row() + 1);
            case token:
                return tokenText(row.text);
            case probability:
                return weightText(row.probability);
            default:
                return {};
        }
    }
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override {
        if (orientation != Qt::Horizontal) return {};
        if (role == Qt::TextAlignmentRole && section == rank)
            return QVariant(Qt::AlignRight | Qt::AlignVCenter);
        if (role != Qt::DisplayRole) return {};
        return section == rank    ? tr("Rank")
               : section == token ? (m_next ? tr("Next token") : tr("Token"))
                                  : tr("Probability");
    }

 private:
    std::vector<PredictedToken> m_top;
    bool m_next = true;
};

// "kept at 0–31", "kept at 8 only", "kept at 7 of 0–31".
QString keptWords(const std::vector<Prediction>& predictions) {
    if (predictions.size() == 1) return tr("kept at %1 only").arg(countText(predictions.front().position));
    const auto [first, last] = std::ranges::minmax(predictions, {}, &Prediction::position);
    const QString span = countText(first.position) + "–" + countText(last.position);
    return last.position - first.position + 1 == static_cast<int>(predictions.size())
               ? tr("kept at %1").arg(span)
               : tr("kept at %1 of %2").arg(countText(static_cast<qint64>(predictions.size())), span);
}

class PredictionsPane final : public Pane {
 public:
    PredictionsPane(Workspace& shared, QWidget* parent);
    QWidget* picture() const override { return bodyShown() ? m_table : nullptr; }
    QString values() const override;

 private:
    void refresh(unsigned changes) override;
    int activePosition() const;
    void showPosition();
    void clear() {
        m_shown.reset();
        m_model->setPrediction(nullptr);
    }

    QTableView* m_table;
    PredictionTable* m_model;
    std::vector<TokenRange> m_words;            // of the shown queries; empty where they are tokens
    std::shared_ptr<const Prediction> m_shown;  // keeps its run
};

PredictionsPane::PredictionsPane(Workspace& shared, QWidget* parent)
    : Pane(shared, "predictions", kRun | kSource | kHover | kPins | kRunning | kTheme, parent) {
    m_table = new QTableView(this);
    m_model = new PredictionTable(this);
    m_table->setModel(m_model);
    dressTable(*m_table, 22);
    m_table->setItemDelegateForColumn(PredictionTable::rank, new TableColumn(ColumnKind::number, this));
    m_table->setItemDelegateForColumn(PredictionTable::token, new TableColumn(ColumnKind::token, this));
    m_table->setItemDelegateForColumn(PredictionTable::probability, new TableColumn(ColumnKind::bar, this));
    auto* header = m_table->horizontalHeader();
    header->setSectionResizeMode(QHeaderView::Stretch);
    header->setSectionResizeMode(PredictionTable::rank, QHeaderView::Fixed);
    header->resizeSection(PredictionTable::rank, 48);
    header->setSectionsClickable(false);
    m_table->setAccessibleName(tr("Likeliest tokens at the position"));
    setBody(m_table);
    addCaption();
}

void PredictionsPane::refresh(unsigned changes) {
    m_left->clear();
    m_right->setText({});
    if (workspace().isEmpty()) {
        clear();
        return showSentence(tr("Open a session or run a text to see what the model predicts."));
    }
    const auto& run = *workspace().run();
    if (run.predictions.empty()) {
        clear();
        return showSentence(workspace().running() >= 0
                                ? tr("Predictions come at the end of the run.")
                                : tr("This run keeps no predictions: the session was kept without them, or "
                                     "the model has no output layer that names tokens."));
    }
    if ((changes & (kRun | kSource)) != 0)
        m_words = workspace().source() && showsWords(*workspace().source())
                      ? wordsOf(run.queriesOf(*workspace().rawSource()))
                      : std::vector<TokenRange>();
    showBody();
    showPosition();
}

// The token of the text that predictions belong to; -1 where the shown queries are of the other text. Of a
// word its last token: what follows it is what comes next.
int PredictionsPane::activePosition() const {
    const auto& run = *workspace().run();
    if (run.target && workspace().rawSource()->info().kind == AttentionKind::encoder) return -1;
    const int query = workspace().activeQuery();
    const auto at = static_cast<std::size_t>(query);
    return m_words.empty() ? query : at < m_words.size() ? m_words[at].end - 1 : -1;
}

void PredictionsPane::showPosition() {
    const auto& run = *workspace().run();
    const int wanted = activePosition();
    const auto found = std::ranges::find(run.predictions, wanted, &Prediction::position);
    const bool kept = found != run.predictions.end();
    const auto& shown = kept ? *found : *std::ranges::max_element(run.predictions, {}, &Prediction::position);
    // A model that sees both sides names the token itself, one that reads on names the next.
    const bool both = !run.target && run.main().info().kind == AttentionKind::encoder;
    if (m_shown.get() != &shown) {
        m_shown = std::shared_ptr<const Prediction>(workspace().run(), &shown);
        m_model->setPrediction(&shown, !both);
    }
    const auto& tokens = (run.target ? *run.target : run.input).tokens;
    const auto at = static_cast<std::size_t>(std::max(0, m_shown->position));
    const QString token = countText(m_shown->position) + " " +
                          (at < tokens.size() ? tokenText(tokens[at].text).left(24) : QString());
    m_left->setText(both ? tr("At %1").arg(token) : tr("After %1").arg(token));
    QStringList words;
    if (!kept && wanted >= 0) words << tr("not kept at %1").arg(countText(wanted));
    if (wanted < 0) words << tr("of the target text");
    words << keptWords(run.predictions);
    m_right->setText(words.join(" · "));
    m_table->setAccessibleDescription(m_left->text());
}

QString PredictionsPane::values() const {
    if (!bodyShown() || !m_shown) return {};
    QString text = "position\trank\tid\ttoken\tprobability\n";
    for (std::size_t i = 0; i < m_shown->top.size(); ++i) {
        const auto& row = m_shown->top[i];
        text += QString("%1\t%2\t%3\t").arg(m_shown->position).arg(i + 1).arg(row.id) + tokenText(row.text) +
                "\t" + QString::number(row.probability, 'g', 9) + "\n";
    }
    return text;
}

Pane* create(Workspace& workspace, QWidget* parent) {
    return new PredictionsPane(workspace, parent);
}

}  // namespace

extern const PaneDescriptor kPredictionsPane{
    .id = "predictions",
    .title = QT_TRANSLATE_NOOP("Pane", "Predictions"),
    .accessible = QT_TRANSLATE_NOOP("Pane", "Tokens that the model holds likeliest, with probabilities"),
    .place = PanePlace::rightBottom,
    .create = &create};

}  // namespace attnviz::ui
