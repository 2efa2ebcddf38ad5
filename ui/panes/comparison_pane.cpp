// Comparison: two documents beside one another. Their maps on one scale and B - A over the aligned tokens,
// the largest changes, and how alike every head is.
#include <QComboBox>
#include <QCoreApplication>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QSettings>
#include <QStackedWidget>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>

#include "ui/panes/change_table.h"
#include "ui/panes/comparison_parts.h"
#include "ui/panes/pane.h"
#include "ui/panes/panes.h"
#include "ui/state/compared_documents.h"
#include "ui/state/file_controller.h"
#include "ui/widgets/accessible_value.h"
#include "ui/widgets/layer_dots.h"
#include "ui/widgets/number_text.h"
#include "ui/widgets/pane_parts.h"
#include "ui/widgets/read_out.h"
#include "ui/widgets/segments.h"
#include "ui/widgets/table_columns.h"

namespace attnviz::ui {
namespace {

enum View { maps, differenceOnly, allThree, changes, similarity };

// 0.2 for 0.1741: the ends of the diverging scale are round.
double roundedUp(double value) {
    if (!(value > 0)) return 1;
    const double unit = std::pow(10, std::floor(std::log10(value)));
    return std::ceil(value / unit - 1e-9) * unit;
}

class ComparisonPane final : public Pane {
 public:
    ComparisonPane(Workspace& shared, QWidget* parent);
    QWidget* picture() const override { return bodyShown() ? m_pages->currentWidget() : nullptr; }
    QString values() const override;

 private:
    static QString tr(const char* text) { return QCoreApplication::translate("ComparisonPane", text); }
    void refresh(unsigned changes) override;
    void makeControls();
    void makePages();
    void swap();
    void showDocuments(const Document* left, const Document* right);
    const Document* leftDocument() const;
    const Document* rightDocument(const Document* left) const;
    static ComparedSide sideOf(const Document& document, std::optional<AttentionKind> kind);
    void prepare(const ComparedWish& wish);
    void showPages();
    void computeMaps();
    void computeSimilarity();
    void take(std::shared_ptr<const ComparedMaps> shown);
    void showScales();
    void showHovered();
    void hover(std::optional<Cell> joint);
    void showReadOut();
    std::optional<Cell> currentCell(Cell joint) const;
    int TokenPair::*currentSide() const;  // null: the current document is neither
    View view() const { return static_cast<View>(m_view->chosen()); }
    void chooseHead(HeadId head, Qt::KeyboardModifiers modifiers);

    QComboBox *m_a, *m_b;
    QToolButton* m_swap;
    Segments* m_view;
    QStackedWidget* m_pages;
    CompareView* m_maps;
    QTableView* m_table;
    ChangeTable* m_changes;
    QWidget* m_dots;
    LayerDots *m_divergences, *m_cosines;
    ReadOut* m_readOut;

    int m_chosenA = 0, m_chosenB = 0;  // documents; 0: the current one, the first other one
    int m_leftId = 0, m_rightId = 0;
    ComparedWish m_wish;                          // that m_pair is of
    std::shared_ptr<const ComparedPair> m_pair;   // null: none yet, or refused
    std::shared_ptr<const ComparedMaps> m_shown;  // of m_pair, perhaps of another head for a moment
    std::shared_ptr<const ComparedPair> m_asked, m_similarOf;
    HeadId m_askedHead;  // of m_asked: whose maps are being computed
    std::optional<Difference> m_similar;
    QString m_refused;
    std::optional<Cell> m_hovered;  // joint
};

ComparisonPane::ComparisonPane(Workspace& shared, QWidget* parent)
    : Pane(shared, "comparison",
           kRun | kSource | kHead | kChosen | kHover | kPins | kView | kTheme | kDocuments, parent) {
    makeControls();
    makePages();
}

void ComparisonPane::makeControls() {
    auto& row = controls();
    const auto box = [&](const QString& mark, const QString& name) {
        row.addWidget(plainLabel(mark, "strong", this));
        auto* made = new QComboBox(this);
        made->setAccessibleName(name);
        made->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
        made->setMinimumWidth(56);
        made->setMaximumWidth(260);
        row.addWidget(made, 1);
        return made;
    };
    m_a = box("A", tr("Document A"));
    m_swap = new QToolButton(this);
    m_swap->setText(QStringLiteral("⇄"));
    m_swap->setToolTip(tr("Swap A and B"));
    m_swap->setAccessibleName(tr("Swap A and B"));
    row.addWidget(m_swap);
    m_b = box("B", tr("Document B"));
    row.addStretch(1);
    m_view = new Segments(tr("What is compared"),
                          {tr("A and B"), tr("Difference"), tr("All three"), tr("Changes"), tr("Similarity")},
                          this);
    m_view->setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);  // words whole; titles give way
    row.addWidget(m_view);
    const QSettings kept(stateFile(), QSettings::IniFormat);
    m_view->choose(std::clamp(kept.value("comparison/view", static_cast<int>(allThree)).toInt(), 0,
                              static_cast<int>(similarity)));
    connect(m_a, &QComboBox::activated, this, [this] {
        m_chosenA = m_a->currentData().toInt();
        if (m_chosenA == m_rightId) m_chosenB = m_leftId;
        noteChange(kRun);
    });
    connect(m_b, &QComboBox::activated, this, [this] {
        m_chosenB = m_b->currentData().toInt();
        noteChange(kRun);
    });
    connect(m_swap, &QToolButton::clicked, this, &ComparisonPane::swap);
    connect(m_view, &Segments::chosenChanged, this, [this](int view) {
        QSettings(stateFile(), QSettings::IniFormat).setValue("comparison/view", view);
        noteChange(kHead);
    });
}

void ComparisonPane::makePages() {
    auto* body = new QWidget(this);
    auto* column = new QVBoxLayout(body);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    m_pages = new QStackedWidget(body);
    m_maps = new CompareView(m_pages);
    m_maps->setAccessibleName(tr("Maps of both documents and their difference"));
    m_pages->addWidget(m_maps);

    m_table = new QTableView(m_pages);
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
    m_pages->addWidget(m_table);

    m_dots = new QWidget(m_pages);
    auto* row = new QHBoxLayout(m_dots);
    row->setContentsMargins(4, 0, 4, 0);
    row->setSpacing(8);
    m_divergences = new LayerDots(tr("JS divergence by layer"), tr("nats · dot = head, line = mean"), m_dots);
    m_cosines = new LayerDots(tr("Cosine by layer"), tr("dot = head, line = mean"), m_dots);
    row->addWidget(m_divergences, 1);
    row->addWidget(m_cosines, 1);
    m_pages->addWidget(m_dots);
    column->addWidget(m_pages, 1);
    m_readOut = new ReadOut(body);
    column->addWidget(m_readOut);
    setBody(body);

    connect(m_maps, &CompareView::hoverChanged, this, &ComparisonPane::hover);
    connect(m_maps, &CompareView::cellClicked, this, [this](Cell joint, Qt::KeyboardModifiers modifiers) {
        const auto cell = currentCell(joint);
        if (!cell) return;
        if (modifiers.testFlag(Qt::ControlModifier))
            workspace().togglePin(*cell);
        else
            workspace().setPinned(*cell == workspace().pinned() ? std::nullopt : cell);
    });
    for (auto* dots : {m_divergences, m_cosines})
        connect(dots, &LayerDots::headClicked, this, &ComparisonPane::chooseHead);
    const auto hoverRow = [this](const QModelIndex& at) {
        if (const auto* change = m_changes->changeAt(at.row())) hover(change->joint);
    };
    connect(m_table, &QTableView::entered, this, hoverRow);
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this, hoverRow);
    connect(m_table, &QTableView::activated, this, [this](const QModelIndex& at) {
        const auto* change = m_changes->changeAt(at.row());
        if (const auto cell = change ? currentCell(change->joint) : std::nullopt) workspace().setPinned(cell);
    });
}

void ComparisonPane::chooseHead(HeadId head, Qt::KeyboardModifiers modifiers) {
    if (modifiers.testFlag(Qt::ControlModifier))
        workspace().toggleHead(head);
    else if (modifiers.testFlag(Qt::ShiftModifier))
        workspace().extendHeads(head);
    else
        workspace().setHead(head);
}

void ComparisonPane::swap() {
    if (m_leftId == 0 || m_rightId == 0) return;
    m_chosenA = m_rightId;
    m_chosenB = m_leftId;
    noteChange(kRun);
}

// A follows the current document until another is chosen; one that was closed is no choice any more.
const Document* ComparisonPane::leftDocument() const {
    const Document* chosen = m_chosenA > 0 ? workspace().find(m_chosenA) : nullptr;
    return chosen && !chosen->isEmpty() ? chosen : &workspace().document();
}

const Document* ComparisonPane::rightDocument(const Document* left) const {
    const Document* chosen = m_chosenB > 0 ? workspace().find(m_chosenB) : nullptr;
    if (chosen && chosen != left && !chosen->isEmpty()) return chosen;
    for (const auto& document : workspace().documents())
        if (document.get() != left && !document->isEmpty()) return document.get();
    return nullptr;
}

// The shown source, or of the same kind as the other side's where there is one.
ComparedSide ComparisonPane::sideOf(const Document& document, std::optional<AttentionKind> kind) {
    const auto& run = document.session.run;
    const auto found = std::ranges::find_if(
        run->sources, [&](const auto& source) { return kind && source->info().kind == *kind; });
    return {run,
            found != run->sources.end() ? *found : run->sources[static_cast<std::size_t>(document.source)]};
}

void ComparisonPane::showDocuments(const Document* left, const Document* right) {
    const auto fill = [](QComboBox& box, const std::vector<std::pair<QString, int>>& entries, int chosen) {
        box.clear();
        for (const auto& [title, id] : entries) {
            box.addItem(title, id);
            if (id == chosen) box.setCurrentIndex(box.count() - 1);
        }
        box.setEnabled(box.count() > 1);
    };
    std::vector<std::pair<QString, int>> all, others;
    int number = 0;
    for (const auto& document : workspace().documents()) {
        ++number;
        if (document->isEmpty()) continue;
        const QString title = QString("%1 · %2").arg(number).arg(Workspace::titleOf(*document));
        all.emplace_back(title, document->id);
        if (document.get() != left) others.emplace_back(title, document->id);
    }
    fill(*m_a, all, left->id);
    fill(*m_b, others, right ? right->id : 0);
    m_swap->setEnabled(right != nullptr);
    m_leftId = left->isEmpty() ? 0 : left->id;
    m_rightId = right ? right->id : 0;
}

int TokenPair::*ComparisonPane::currentSide() const {
    const auto& raw = workspace().rawSource();  // of the kind that is shown, perhaps not that compared
    return !raw                      ? nullptr
           : raw == m_wish.left.raw  ? &TokenPair::left
           : raw == m_wish.right.raw ? &TokenPair::right
                                     : nullptr;
}

void ComparisonPane::refresh(unsigned changes) {
    const Document* left = leftDocument();
    const Document* right = rightDocument(left);
    if ((changes & (kRun | kDocuments)) != 0) showDocuments(left, right);
    if (left->isEmpty() || !right) {
        for (const char* tag : {"pair", "maps", "similarity"}) cancel(tag);
        m_pair = m_asked = m_similarOf = nullptr;
        m_shown.reset();
        m_similar.reset();
        m_refused.clear();
        m_wish = {};
        return showSentence(
            left->isEmpty() ? tr("Open a session or run a text, and a second one in a tab, to compare them.")
                            : tr("Open a second text in a tab (File, New document) to compare with."));
    }
    ComparedWish wish;
    wish.left = sideOf(*left, {});
    wish.right = sideOf(*right, wish.left.raw->info().kind);
    wish.filters = workspace().view().filters;
    if (wish.filters.combine != Combine::single)
        wish.heads = workspace().selection().headsOf(workspace().head().layer);
    if (wish.heads.size() < 2) wish.heads.clear();  // one alone is no choice: all of the layer
    const bool known = wish == m_wish && (m_pair || !m_refused.isEmpty() || isComputing("pair"));
    if (!known)
        prepare(wish);
    else if ((changes & ~(kHover | kPins)) != 0 && (m_pair || !m_refused.isEmpty()))
        showPages();
    if ((changes & (kView | kTheme)) != 0) showScales();
    if ((changes & (kHover | kPins | kRun)) != 0) showHovered();
}

void ComparisonPane::prepare(const ComparedWish& wish) {
    for (const char* tag : {"maps", "similarity"}) cancel(tag);
    m_wish = wish;
    m_refused.clear();
    m_pair.reset();
    compute(
        "pair", [wish](std::stop_token stop) { return comparedPair(wish, stop); },
        [this](Result<std::shared_ptr<const ComparedPair>> pair) {
            if (pair)
                m_pair = *pair;
            else
                m_refused = QString::fromStdString(pair.error().sentence());
            showPages();
        });
}

// What is there is shown, what is missing is computed; the last picture stays meanwhile.
void ComparisonPane::showPages() {
    if (!m_refused.isEmpty()) return showSentence(m_refused);
    const HeadId head = workspace().head();
    if (view() == similarity) {
        m_pages->setCurrentWidget(m_dots);
        if (m_similarOf != m_pair && !isComputing("similarity")) computeSimilarity();
        if (m_similar) showBody();
    } else {
        m_pages->setCurrentWidget(view() == changes ? static_cast<QWidget*>(m_table) : m_maps);
        if (const QString refusal = m_pair->refusal(head); !refusal.isEmpty()) {
            cancel("maps");
            return showSentence(refusal);
        }
        if (m_shown) showBody();
        m_maps->setShown(view() == maps             ? std::vector<int>{0, 1}
                         : view() == differenceOnly ? std::vector<int>{2}
                                                    : std::vector<int>{0, 1, 2});
    }
    if (m_pair->refusal(head).isEmpty() && (!m_shown || m_shown->pair != m_pair || m_shown->head != head))
        computeMaps();
    for (auto* dots : {m_divergences, m_cosines}) dots->setChosen(head);
    showReadOut();
}

void ComparisonPane::computeMaps() {
    if (isComputing("maps") && m_asked == m_pair && m_askedHead == workspace().head()) return;
    m_asked = m_pair;
    m_askedHead = workspace().head();
    compute(
        "maps",
        [pair = m_pair, head = m_askedHead](std::stop_token stop) { return comparedMaps(pair, head, stop); },
        [this](Result<std::shared_ptr<const ComparedMaps>> shown) {
            if (!shown) return showSentence(QString::fromStdString(shown.error().sentence()));
            take(*std::move(shown));
        });
}

void ComparisonPane::take(std::shared_ptr<const ComparedMaps> shown) {
    m_shown = std::move(shown);
    m_maps->setMaps(compareMaps(*m_shown));
    m_changes->setMaps(m_shown);
    m_hovered.reset();
    showPages();
    showScales();
    showHovered();
}

// Weights of A and B on one scale, whatever range is chosen; changes from blue to red with zero between.
void ComparisonPane::showScales() {
    if (!m_shown) return;
    ColorScale weights = workspace().scale();
    const auto& settings = workspace().view();
    const auto map = findColormap(settings.colormap.toStdString()), diverging = findColormap("diverging");
    if (map && (settings.range == RangeChoice::head || settings.range == RangeChoice::shared)) {
        const double high = m_shown->largestWeight;
        weights = {**map, settings.logarithmic ? high * 1e-3 : 0, high, settings.logarithmic};
    }
    const double span = roundedUp(m_shown->largestChange);
    m_maps->setScales(weights, diverging ? ColorScale(**diverging, -span, span, false) : ColorScale());
}

void ComparisonPane::computeSimilarity() {
    compute(
        "similarity",
        [pair = m_pair](std::stop_token stop) {
            return difference({*pair->left.run, *pair->left.heads}, {*pair->right.run, *pair->right.heads},
                              {}, {}, stop);
        },
        [this, pair = m_pair](Result<Difference> similar) {
            if (!similar) return showSentence(QString::fromStdString(similar.error().sentence()));
            m_similar = *std::move(similar);
            m_similarOf = pair;
            std::vector<LayerDot> divergences, cosines;
            std::vector<double> divergenceMeans, cosineMeans;
            for (const auto& head : m_similar->heads) {
                divergences.push_back({{head.layer, head.head}, head.divergence});
                cosines.push_back({{head.layer, head.head}, head.cosine});
            }
            for (const auto& layer : m_similar->layers) {
                divergenceMeans.push_back(layer.divergence);
                cosineMeans.push_back(layer.cosine);
            }
            m_divergences->setDots(std::move(divergences), divergenceMeans, true);
            m_cosines->setDots(std::move(cosines), cosineMeans, false);
            showPages();
        });
}

// The cell of the current document, where that is A or B and has both tokens.
std::optional<Cell> ComparisonPane::currentCell(Cell joint) const {
    const auto side = currentSide();
    if (!m_shown || !side) return std::nullopt;
    const Cell own = m_shown->pair->own(joint, side);
    return own.query >= 0 && own.key >= 0 ? std::optional(own) : std::nullopt;
}

void ComparisonPane::hover(std::optional<Cell> joint) {
    if (joint == m_hovered) return;
    m_hovered = joint;
    m_maps->setHovered(joint);
    if (currentSide()) workspace().setHovered(joint ? currentCell(*joint) : std::nullopt);
    showReadOut();
}

// What is hovered or pinned elsewhere is marked here; a cell that the current document does not have stays
// our own.
void ComparisonPane::showHovered() {
    if (!m_shown) return;
    const auto side = currentSide();
    const auto looked = workspace().hovered() ? workspace().hovered() : workspace().pinned();
    if (side && looked)
        m_hovered = m_shown->pair->joint(*looked, side);
    else if (m_hovered && currentCell(*m_hovered))
        m_hovered.reset();
    m_maps->setHovered(m_hovered);
    if (const int row = m_hovered ? m_changes->rowOf(*m_hovered) : -1; row >= 0)
        m_table->selectRow(row);
    else
        m_table->clearSelection();
    showReadOut();
}

void ComparisonPane::showReadOut() {
    if (!m_shown || !m_pair) return;
    QStringList notes = comparedNotes(*m_shown->pair);
    if (view() == changes)
        notes << tr("%1 aligned cells, the largest %2 by |B − A|")
                     .arg(countText(m_shown->alignedCells),
                          countText(static_cast<qint64>(m_shown->changes.size())));
    else if (view() == similarity)
        notes << tr("rows renormalized over %1 aligned tokens")
                     .arg(countText(static_cast<qint64>(m_shown->pair->alignment.keys.size())));
    else if (m_maps->pooled())
        notes << tr("pooled: the largest weight or change of each pixel");
    else if (width() > (m_hovered ? 1060 : 820))
        notes << tr("one scale for A and B; bold tokens and hatched cells have no partner");
    m_readOut->setParts(comparedFacts(*m_shown, m_hovered), notes.join(" · "));
    setAccessibleValue(*m_maps, m_readOut->text());
}

QString ComparisonPane::values() const {
    if (!bodyShown()) return {};
    if (view() != similarity) return m_changes->text();
    if (!m_similar) return {};
    QString text = "layer\thead\tjs_divergence\tcosine\n";
    const auto number = [](double value) {
        return std::isnan(value) ? QString() : QString::number(value, 'g', 9);
    };
    for (const auto& head : m_similar->heads)
        text += QString("%1\t%2\t").arg(head.layer).arg(head.head) + number(head.divergence) + "\t" +
                number(head.cosine) + "\n";
    return text;
}

Pane* create(Workspace& workspace, QWidget* parent) {
    return new ComparisonPane(workspace, parent);
}

}  // namespace

extern const PaneDescriptor kComparisonPane{
    .id = "comparison",
    .title = QT_TRANSLATE_NOOP("Pane", "Comparison"),
    .accessible = QT_TRANSLATE_NOOP("Pane", "Two documents beside one another, and what changed"),
    .place = PanePlace::bottom,
    .create = &create};

}  // namespace attnviz::ui
