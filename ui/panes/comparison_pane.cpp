// Comparison: two documents beside one another. Their maps on one scale and B - A over the aligned tokens,
// the largest changes, and how alike every head is.
#include <QCoreApplication>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>

#include "ui/panes/comparison_controls.h"
#include "ui/panes/comparison_pages.h"
#include "ui/panes/comparison_parts.h"
#include "ui/panes/pane.h"
#include "ui/panes/panes.h"
#include "ui/state/compared_documents.h"
#include "ui/widgets/accessible_value.h"
#include "ui/widgets/number_text.h"
#include "ui/widgets/read_out.h"

namespace attnviz::ui {
namespace {

using View = ComparisonView;

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
    void connectPages();
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
    void chooseHead(HeadId head, Qt::KeyboardModifiers modifiers);

    ComparisonControls* m_controls;
    ComparisonPages* m_pages;
    ReadOut* m_readOut;

    ComparedWish m_wish;                          // that m_pair is of
    std::shared_ptr<const ComparedPair> m_pair;   // null: none yet, or refused
    std::shared_ptr<const ComparedMaps> m_shown;  // of m_pair, perhaps of another head for a moment
    std::shared_ptr<const ComparedPair> m_asked, m_similarOf;
    HeadId m_askedHead;  // of m_asked: whose maps are being computed
    std::optional<Difference> m_similar;
    QString m_refused;
    std::optional<Cell> m_hovered;  // joint

 protected:
    void progressed(const Progress& progress) override;
    void resizeEvent(QResizeEvent* event) override {
        Pane::resizeEvent(event);
        m_controls->setWidth(width());
    }
};

ComparisonPane::ComparisonPane(Workspace& shared, QWidget* parent)
    : Pane(shared, "comparison",
           kRun | kSource | kHead | kChosen | kHover | kPins | kView | kTheme | kDocuments, parent) {
    m_controls = new ComparisonControls(controls(), this);
    auto* body = new QWidget(this);
    auto* column = new QVBoxLayout(body);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    m_pages = new ComparisonPages(body);
    column->addWidget(m_pages, 1);
    m_readOut = new ReadOut(body);
    column->addWidget(m_readOut);
    setBody(body);
    connectPages();
}

void ComparisonPane::connectPages() {
    auto& maps = m_pages->maps();
    connect(m_controls, &ComparisonControls::documentsChosen, this, [this] { noteChange(kRun); });
    connect(m_controls, &ComparisonControls::viewChosen, this, [this] { noteChange(kHead); });
    connect(m_controls, &ComparisonControls::zoomAsked, &maps, [&maps](double factor) { maps.zoom(factor); });
    connect(m_controls, &ComparisonControls::fitAsked, &maps, &CompareView::fit);
    connect(&maps, &CompareView::viewChanged, this, [this, &maps] {
        m_controls->showZoom(maps.zoomed());
        showReadOut();
    });
    connect(&maps, &CompareView::hoverChanged, this, &ComparisonPane::hover);
    connect(&maps, &CompareView::cellClicked, this, [this](Cell joint, Qt::KeyboardModifiers modifiers) {
        const auto cell = currentCell(joint);
        if (!cell) return;
        if (modifiers.testFlag(Qt::ControlModifier))
            workspace().togglePin(*cell);
        else
            workspace().setPinned(*cell == workspace().pinned() ? std::nullopt : cell);
    });
    connect(m_pages, &ComparisonPages::headClicked, this, &ComparisonPane::chooseHead);
    connect(m_pages, &ComparisonPages::changeHovered, this, [this](Cell joint) { hover(joint); });
    connect(m_pages, &ComparisonPages::changeChosen, this, [this](Cell joint) {
        if (const auto cell = currentCell(joint)) workspace().setPinned(cell);
    });
    connect(m_pages, &ComparisonPages::computing, this, [this](int change) { workspace().expect(change); });
}

void ComparisonPane::chooseHead(HeadId head, Qt::KeyboardModifiers modifiers) {
    if (modifiers.testFlag(Qt::ControlModifier))
        workspace().toggleHead(head);
    else if (modifiers.testFlag(Qt::ShiftModifier))
        workspace().extendHeads(head);
    else
        workspace().setHead(head);
}

// The shown source, or of the same kind as the other side's where there is one.
ComparedSide ComparisonPane::sideOf(const Document& document, std::optional<AttentionKind> kind) {
    const auto& run = document.session.run;
    const auto found = std::ranges::find_if(
        run->sources, [&](const auto& source) { return kind && source->info().kind == *kind; });
    return {run,
            found != run->sources.end() ? *found : run->sources[static_cast<std::size_t>(document.source)]};
}

int TokenPair::*ComparisonPane::currentSide() const {
    const auto& raw = workspace().rawSource();  // of the kind that is shown, perhaps not that compared
    return !raw                      ? nullptr
           : raw == m_wish.left.raw  ? &TokenPair::left
           : raw == m_wish.right.raw ? &TokenPair::right
                                     : nullptr;
}

void ComparisonPane::refresh(unsigned changes) {
    const ComparedChoice choice = m_controls->choice(workspace());
    const auto [left, right] = choice;
    if ((changes & (kRun | kDocuments)) != 0) m_controls->showDocuments(workspace(), choice);
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
    const View view = m_controls->view();
    if (view == View::similarity) {
        m_pages->showSimilarity();
        if (m_similarOf != m_pair && !isComputing("similarity")) computeSimilarity();
        if (m_similar) showBody();
    } else {
        if (view == View::changes)
            m_pages->showChanges();
        else
            m_pages->showMaps(view == View::maps         ? std::vector<int>{0, 1}
                              : view == View::difference ? std::vector<int>{2}
                                                         : std::vector<int>{0, 1, 2});
        if (const QString refusal = m_pair->refusal(head); !refusal.isEmpty()) {
            cancel("maps");
            return showSentence(refusal);
        }
        if (m_shown) showBody();
    }
    if (m_shown && m_shown->pair == m_pair && m_shown->head == head)
        cancel("maps");  // of a head that was asked for meanwhile
    else if (m_pair->refusal(head).isEmpty())
        computeMaps();
    m_pages->setHead(head);
    showReadOut();
}

void ComparisonPane::computeMaps() {
    if (isComputing("maps") && m_asked == m_pair && m_askedHead == workspace().head()) return;
    m_asked = m_pair;
    m_askedHead = workspace().head();
    compute(
        "maps",
        [pair = m_pair, head = m_askedHead, progress = progressOf("maps")](std::stop_token stop) {
            return comparedMaps(pair, head, progress, stop);
        },
        [this](Result<std::shared_ptr<const ComparedMaps>> shown) {
            if (!shown) return showSentence(QString::fromStdString(shown.error().sentence()));
            take(*std::move(shown));
        });
}

void ComparisonPane::take(std::shared_ptr<const ComparedMaps> shown) {
    m_shown = std::move(shown);
    m_pages->setMaps(m_shown);
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
    m_pages->maps().setScales(weights,
                              diverging ? ColorScale(**diverging, -span, span, false) : ColorScale());
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
            m_pages->setSimilarity(*m_similar);
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
    m_pages->maps().setHovered(joint);
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
    m_pages->setHovered(m_hovered);
    showReadOut();
}

void ComparisonPane::showReadOut() {
    if (!m_shown || !m_pair) return;
    QStringList notes = comparedNotes(*m_shown->pair);
    const View view = m_controls->view();
    if (view == View::changes)
        notes << tr("%1 aligned cells, the largest %2 by |B − A|")
                     .arg(countText(m_shown->alignedCells),
                          countText(static_cast<qint64>(m_shown->changes.size())));
    else if (view == View::similarity)
        notes << tr("rows renormalized over %1 aligned tokens")
                     .arg(countText(static_cast<qint64>(m_shown->pair->alignment.keys.size())));
    else if (m_pages->maps().pooled())
        notes << tr("pooled: the largest weight or change of each pixel");
    else if (width() > (m_hovered ? 1060 : 820))
        notes << tr("one scale for A and B; bold tokens and hatched cells have no partner");
    m_readOut->setParts(comparedFacts(*m_shown, m_hovered), notes.join(" · "));
    setAccessibleValue(m_pages->maps(), m_readOut->text());
}

// Of long texts the rows of both are read for a while; what was compared before is still seen.
void ComparisonPane::progressed(const Progress& progress) {
    const QString words =
        tr("Comparing · %1\u2009%").arg(std::lround(std::clamp(progress.fraction, 0.0, 1.0) * 100));
    if (bodyShown())
        m_readOut->setParts({{ReadOutPart::Kind::plain, words}});
    else
        showSentence(words);
}

QString ComparisonPane::values() const {
    if (!bodyShown()) return {};
    if (m_controls->view() != View::similarity) return m_pages->changes().text();
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
