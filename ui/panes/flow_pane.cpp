// Flow: where tokens draw from, layer by layer. A Sankey over layers, the path of one token through them, one
// layer as lines between queries and keys, and attention rollout.
#include <QCoreApplication>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>

#include "ui/panes/flow_controls.h"
#include "ui/panes/pane.h"
#include "ui/panes/panes.h"
#include "ui/widgets/accessible_value.h"
#include "ui/widgets/flow_view.h"
#include "ui/widgets/number_text.h"
#include "ui/widgets/pane_parts.h"
#include "ui/widgets/read_out.h"
#include "ui/widgets/token_text.h"

namespace attnviz::ui {
namespace {

using Kind = ReadOutPart::Kind;

// What is drawn, or being computed to be drawn: the same again needs nothing.
struct Wanted {
    std::shared_ptr<const AttentionSource> source;
    FlowPaneView view = FlowPaneView::sankey;
    int first = 0, last = 0;  // layers; of one layer the same
    std::map<int, std::vector<int>> heads;
    std::vector<int> start;  // queries whose path it is; empty: all
    int perRow = 0;
    double atLeast = 0, mass = 1;
    bool operator==(const Wanted&) const = default;
};

class FlowPane final : public Pane {
 public:
    FlowPane(Workspace& workspace, QWidget* parent);
    QWidget* picture() const override { return bodyShown() && m_graph ? m_view : nullptr; }
    QString values() const override;

 private:
    void refresh(unsigned changes) override;
    static QString tr(const char* text) { return QCoreApplication::translate("FlowPane", text); }
    Wanted wanted() const;
    void request(const Wanted& wanted);
    void show(const Wanted& wanted, std::shared_ptr<const SankeyGraph> graph);
    void showNothing(const QString& sentence);
    void showLit();
    void showFacts();
    std::vector<ReadOutPart> facts() const;
    std::vector<ReadOutPart> spotFacts(FlowSpot spot) const;
    QString remarks() const;
    QString columnName(int column) const;
    QString headsText() const;
    std::optional<int> currentColumn() const;
    std::optional<int> nodeOf(int column, int token) const;
    std::optional<Cell> cellOf(FlowSpot spot) const;
    void pin(FlowSpot spot);
    void clearPath();

    FlowControls* m_controls;
    FlowView* m_view;
    ReadOut* m_readOut;
    Wanted m_wanted;  // asked for last
    Wanted m_shown;   // of m_graph
    std::shared_ptr<const SankeyGraph> m_graph;

 protected:
    void resizeEvent(QResizeEvent* event) override {
        Pane::resizeEvent(event);
        m_controls->setWidth(width());
    }
};

FlowPane::FlowPane(Workspace& shared, QWidget* parent)
    : Pane(shared, "flow", kRun | kSource | kHead | kChosen | kHover | kPins | kTokens | kTheme, parent) {
    m_controls = new FlowControls(controls(), this);
    controls().parentWidget()->setMinimumWidth(1);
    auto* body = new QWidget(this);
    auto* column = new QVBoxLayout(body);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    m_view = new FlowView(body);
    m_readOut = new ReadOut(body);
    column->addWidget(m_view, 1);
    column->addWidget(m_readOut);
    setBody(body);

    connect(m_controls, &FlowControls::changed, this, [this] { noteChange(kSource); });
    connect(m_controls, &FlowControls::pathCleared, this, &FlowPane::clearPath);
    connect(m_controls, &FlowControls::layerChosen, this, [this](int layer) {
        if (layer == workspace().head().layer) return noteChange(kSource);
        workspace().setHead({layer, workspace().head().head});
    });
    connect(m_view, &FlowView::spotChanged, this, [this](FlowSpot spot) {
        workspace().setHovered(cellOf(spot));
        showFacts();
    });
    connect(m_view, &FlowView::nodeClicked, this, [this](int node) { pin({node, -1}); });
    connect(m_view, &FlowView::linkClicked, this, [this](int link) { pin({-1, link}); });
    connect(m_view, &FlowView::columnClicked, this, [this](int column) {
        if (m_shown.view == FlowPaneView::bipartite) return;
        const int layer = std::max(m_shown.first, m_shown.first + column - 1);
        workspace().setHead({layer, workspace().head().head});
    });
    connect(m_view, &FlowView::clearRequested, this, &FlowPane::clearPath);
}

// Of heads apart where they are, else of what the view bar has made of them.
Wanted FlowPane::wanted() const {
    Wanted out;
    const bool combined = !workspace().source()->info().combined.empty();
    out.source = combined ? workspace().source() : workspace().headsSource();
    const int ready = std::min(out.source->layersReady(), out.source->info().layers);
    out.view = m_controls->view();
    std::tie(out.first, out.last) = m_controls->layers(ready);
    if (out.view == FlowPaneView::bipartite)
        out.first = out.last = std::clamp(workspace().head().layer, 0, std::max(0, ready - 1));
    if (!combined && m_controls->chosenHeads())
        for (int layer = out.first; layer <= out.last; ++layer)
            if (auto heads = workspace().selection().headsOf(layer); !heads.empty())
                out.heads[layer] = std::move(heads);
    if (const auto pin = workspace().pinned()) {
        out.start = {pin->query};
    } else if (const auto& range = workspace().selection().queries) {
        for (int query = range->begin; query < range->end; ++query) out.start.push_back(query);
    }
    const LinkOptions keep = m_controls->keep(out.source->info().keys);
    out.perRow = keep.perRow;
    out.atLeast = keep.atLeast;
    out.mass = keep.mass;
    return out;
}

void FlowPane::showNothing(const QString& sentence) {
    cancel("graph");
    m_wanted = m_shown = {};
    m_graph.reset();
    m_view->setPicture({});
    showSentence(sentence);
}

void FlowPane::refresh(unsigned changes) {
    if (workspace().isEmpty() || !workspace().source()) {
        m_controls->showHeads(0, 0, {});
        m_controls->showLayers(0, 0);
        m_controls->showPath({});
        return showNothing(tr("Open a session or run a text to see where its tokens draw from."));
    }
    if ((changes & kTheme) != 0) m_controls->restyle();
    if ((changes & ~static_cast<unsigned>(kHover | kTheme)) == 0) return showLit();
    const auto& info = workspace().source()->info();
    const int ready = std::min(workspace().source()->layersReady(), info.layers);
    m_controls->showHeads(workspace().rawSource()->info().heads,
                          static_cast<int>(workspace().selection().heads.size()),
                          QString::fromStdString(info.combined));
    m_controls->showLayers(ready, workspace().head().layer);
    const Wanted next = wanted();
    QString path;
    if (!next.start.empty())
        path = next.start.size() == 1
                   ? countText(next.start[0]) + " " + workspace().queryTexts().value(next.start[0])
                   : tr("%1 tokens, %2–%3")
                         .arg(countText(std::ssize(next.start)), countText(next.start.front()),
                              countText(next.start.back()));
    m_controls->showPath(path);
    if (ready == 0) return showNothing(tr("No layer is computed yet."));
    if (!info.square() && next.view != FlowPaneView::bipartite)
        return showNothing(
            tr("Cross attention joins two texts: what a layer reads is not what the layer "
               "below gave, so there is no flow through layers. Choose Bipartite to see one "
               "layer, or the encoder’s or decoder’s own attention."));
    if (next == m_wanted && (computing() || (m_graph && next == m_shown))) {
        m_view->setCurrentColumn(currentColumn());
        return showLit();
    }
    request(next);
}

void FlowPane::request(const Wanted& next) {
    m_wanted = next;
    const auto heads = next.heads.find(next.first);
    LinkOptions keep{.heads = heads == next.heads.end() ? std::vector<int>() : heads->second};
    keep.perRow = next.perRow;
    keep.atLeast = next.atLeast;
    keep.mass = next.mass;
    const auto work = [next, keep](std::stop_token stop) -> Result<std::shared_ptr<const SankeyGraph>> {
        Result<SankeyGraph> graph = [&] {
            if (next.view == FlowPaneView::bipartite) {
                BipartiteOptions options{.layer = next.first, .keep = keep};
                // In a short text the path's query is lit among all.
                if (next.source->info().queries > options.mostTokens) options.queries = next.start;
                return bipartiteGraph(*next.source, options, stop);
            }
            SankeyOptions options;
            options.path = {next.first, next.last, next.heads, next.start, keep};
            if (next.view == FlowPaneView::rollout) {
                options.kind = FlowKind::rollout;
                if (next.start.empty())
                    for (int query = 0; query < next.source->info().queries; ++query)
                        if (!next.source->info().visibility.masked(query))
                            options.path.start.push_back(query);
            } else if (!next.start.empty()) {
                options.kind = FlowKind::path;
            }
            return sankeyGraph(*next.source, options, {}, stop);
        }();
        if (!graph) return graph.error();
        return std::make_shared<const SankeyGraph>(*std::move(graph));
    };
    compute("graph", work, [this, next](Result<std::shared_ptr<const SankeyGraph>> graph) {
        if (next != m_wanted) return;
        if (!graph) return showNothing(QString::fromStdString(graph.error().sentence()));
        show(next, *std::move(graph));
    });
    showFacts();  // the last picture stays
}

void FlowPane::show(const Wanted& shown, std::shared_ptr<const SankeyGraph> graph) {
    m_shown = shown;
    m_graph = std::move(graph);
    showBody();
    FlowPicture picture;
    picture.graph = m_graph;
    picture.oneLayer = shown.view == FlowPaneView::bipartite;
    picture.keyTexts = workspace().keyTexts();
    picture.queryTexts = workspace().queryTexts();
    picture.marked = shown.start;
    picture.othersText = tr("%1 others").arg(countText(m_graph->leftOutKeys));
    for (int column = 0; column < m_graph->columns; ++column) picture.columnNames << columnName(column);
    picture.currentColumn = currentColumn();
    m_view->setPicture(std::move(picture));
    showLit();
}

QString FlowPane::columnName(int column) const {
    if (m_shown.view == FlowPaneView::bipartite) return column == 0 ? tr("keys") : tr("queries");
    const int layer = m_graph->firstLayer + column - 1;
    return layer < 0 ? tr("input") : tr("L%1").arg(layer);
}

std::optional<int> FlowPane::currentColumn() const {
    if (!m_graph || m_shown.view == FlowPaneView::bipartite) return std::nullopt;
    const int column = workspace().head().layer - m_graph->firstLayer + 1;
    return column >= 1 && column < m_graph->columns ? std::optional(column) : std::nullopt;
}

std::optional<int> FlowPane::nodeOf(int column, int token) const {
    for (std::size_t node = 0; node < m_graph->nodes.size(); ++node)
        if (m_graph->nodes[node].column == column && m_graph->nodes[node].token == token)
            return static_cast<int>(node);
    return std::nullopt;
}

// What is hovered elsewhere is lit here: the query, in the layer that is looked at. Of one layer without a
// hover the query of the path.
void FlowPane::showLit() {
    if (!m_graph) return;
    std::optional<int> lit;
    const int top = m_graph->columns - 1;
    if (const auto cell = workspace().hovered())
        lit = nodeOf(currentColumn().value_or(top), cell->query);
    else if (m_shown.view == FlowPaneView::bipartite && m_shown.start.size() == 1)
        lit = nodeOf(top, m_shown.start[0]);
    m_view->setLit(lit);
    showFacts();
}

QString FlowPane::headsText() const {
    const auto& info = m_shown.source->info();
    if (!info.combined.empty()) return QString::fromStdString(info.combined);
    QString mean = meanOfHeadsText(info.heads);
    if (m_shown.heads.empty()) return mean;
    QStringList names;
    for (const auto& [layer, heads] : m_shown.heads)
        for (const int head : heads) names << tr("L%1 H%2").arg(layer).arg(head);
    QString text = names.size() <= 3 ? names.join(", ") : tr("%1 chosen heads").arg(names.size());
    if (std::ssize(m_shown.heads) < m_shown.last - m_shown.first + 1) text += tr(", elsewhere %1").arg(mean);
    return text;
}

std::vector<ReadOutPart> FlowPane::facts() const {
    std::vector<ReadOutPart> parts;
    if (m_shown.view == FlowPaneView::bipartite)
        parts.push_back({Kind::plain, tr("Layer %1").arg(m_shown.first)});
    else if (m_shown.start.size() == 1)
        parts = {{Kind::plain, m_shown.view == FlowPaneView::rollout ? tr("Rollout of") : tr("Path of")},
                 {Kind::query,
                  countText(m_shown.start[0]) + " " + workspace().queryTexts().value(m_shown.start[0])},
                 {Kind::plain, tr("from layer %1 down to %2").arg(m_shown.last).arg(m_shown.first)}};
    else
        parts = {{Kind::plain, tr("Layers %1–%2").arg(m_shown.first).arg(m_shown.last)}};
    parts.push_back({Kind::separator, {}});
    parts.push_back({Kind::plain, headsText()});
    if (m_graph->kind == FlowKind::rollout) return parts;  // of all weights
    parts.push_back({Kind::separator, {}});
    parts.push_back({Kind::plain, m_controls->keepText()});
    return parts;
}

// What the picture leaves out or has changed; plainly.
QString FlowPane::remarks() const {
    if (computing()) return tr("computing…");
    QStringList remarks;
    const auto& info = m_shown.source->info();
    const SankeyGraph& graph = *m_graph;
    if (graph.leftOutKeys > 0) {
        const auto shown = std::ssize(graph.tokens);
        const QString counts = tr("%1 of %2").arg(countText(shown), countText(shown + graph.leftOutKeys));
        const bool whole = std::ranges::none_of(
            graph.nodes, [](const SankeyNode& node) { return node.token < 0 && node.share > 0; });
        if (m_shown.view == FlowPaneView::bipartite) {
            remarks << tr("%1 keys with most incoming share").arg(counts);
            if (graph.leftOutQueries > 0)
                remarks << tr("%1 of %2 queries")
                               .arg(countText(std::ssize(graph.queries)),
                                    countText(std::ssize(graph.queries) + graph.leftOutQueries));
        } else if (graph.kind == FlowKind::links) {
            remarks << tr("%1 tokens with most incoming share").arg(counts);
        } else {
            remarks << (whole ? tr("%1 tokens, all that it draws from").arg(counts)
                              : tr("%1 tokens that carry most of it").arg(counts));
        }
    }
    if (graph.kind == FlowKind::rollout)
        remarks << tr("drawn: %1").arg(m_controls->keepText());
    else if (graph.keptShare < 0.9995)
        remarks << tr("kept links carry %1").arg(percentText(graph.keptShare));
    if (graph.ended > 5e-4) remarks << tr("%1 ends where nothing is kept").arg(percentText(graph.ended));
    if (info.renormalized) remarks << tr("renormalized");
    if (const int left = m_view->linksLeftOut(); left > 0)
        remarks << tr("%1 weakest links not drawn").arg(countText(left));
    return remarks.join(" · ");
}

std::vector<ReadOutPart> FlowPane::spotFacts(FlowSpot spot) const {
    const auto token = [this](int node) { return m_graph->nodes[static_cast<std::size_t>(node)].token; };
    const auto name = [&](int node) {
        return token(node) < 0 ? m_view->textOf(node) : countText(token(node)) + " " + m_view->textOf(node);
    };
    const bool follows = m_graph->kind != FlowKind::links;
    if (spot.link >= 0) {
        const auto& link = m_graph->links[static_cast<std::size_t>(spot.link)];
        const int column = m_graph->nodes[static_cast<std::size_t>(link.upper)].column;
        const int layer = m_graph->firstLayer + column - 1;
        std::vector<ReadOutPart> parts{{Kind::plain, tr("Layer %1 query").arg(layer)},
                                       {Kind::query, name(link.upper)},
                                       {Kind::plain, tr("→ key")},
                                       {Kind::key, name(link.lower)},
                                       {Kind::separator, {}}};
        if (!std::isnan(link.weight)) {
            const bool mixed = m_graph->kind == FlowKind::rollout;
            parts.push_back({Kind::plain, mixed ? tr("with residual") : tr("weight")});
            parts.push_back({Kind::strong, weightText(link.weight)});
        }
        if (follows) {
            parts.push_back({Kind::separator, {}});
            parts.push_back({Kind::plain, tr("share")});
            parts.push_back({Kind::strong, weightText(link.value)});
        }
        return parts;
    }
    const auto& node = m_graph->nodes[static_cast<std::size_t>(spot.node)];
    const bool query = m_shown.view == FlowPaneView::bipartite && node.column == 1;
    std::vector<ReadOutPart> parts{{Kind::plain, columnName(node.column)},
                                   {query ? Kind::query : Kind::token, name(spot.node)}};
    double in = 0, out = 0;
    int above = 0, below = 0;
    for (const auto& link : m_graph->links) {
        if (link.lower == spot.node) ++above, in += link.value;
        if (link.upper == spot.node) ++below, out += link.value;
    }
    const auto fact = [&parts](const QString& text, const QString& value) {
        parts.push_back({Kind::separator, {}});
        parts.push_back({Kind::plain, text});
        parts.push_back({Kind::strong, value});
    };
    if (follows) fact(tr("share"), weightText(node.share));
    if (node.column + 1 < m_graph->columns)
        fact(follows ? tr("kept by queries above") : tr("received from %1 queries").arg(above),
             follows ? countText(above) : scoreText(in));
    if (node.column > 0)
        fact(follows ? tr("draws from keys below") : tr("draws from %1 keys").arg(below),
             follows ? countText(below) : scoreText(out));
    return parts;
}

void FlowPane::showFacts() {
    if (!m_graph) return;
    const FlowSpot spot = m_view->spot();
    const bool over = spot != FlowSpot{};
    m_readOut->setParts(over ? spotFacts(spot) : facts(), remarks());
    m_view->setToolTip(over ? plainToolTip(m_readOut->text()) : QString());
    setAccessibleValue(*m_view, m_readOut->text());
}

// A link's query and key; a node with the strongest that it is joined to below, or above.
std::optional<Cell> FlowPane::cellOf(FlowSpot spot) const {
    if (!m_graph || spot == FlowSpot{}) return std::nullopt;
    const auto token = [this](int node) { return m_graph->nodes[static_cast<std::size_t>(node)].token; };
    int best = spot.link;
    if (best < 0) {
        if (token(spot.node) < 0) return std::nullopt;
        const auto strongest = [&](bool asQuery) {
            double most = -1;
            for (std::size_t at = 0; at < m_graph->links.size(); ++at) {
                const auto& link = m_graph->links[at];
                const int end = asQuery ? link.upper : link.lower;
                if (end != spot.node || token(link.upper) < 0 || token(link.lower) < 0) continue;
                if (link.weight <= most) continue;
                most = link.weight;
                best = static_cast<int>(at);
            }
        };
        strongest(true);
        if (best < 0) strongest(false);
    }
    if (best < 0)
        return m_shown.source->info().square() ? std::optional(Cell{token(spot.node), token(spot.node)})
                                               : std::nullopt;
    const auto& link = m_graph->links[static_cast<std::size_t>(best)];
    if (token(link.upper) < 0 || token(link.lower) < 0) return std::nullopt;
    return Cell{token(link.upper), token(link.lower)};
}

// The path starts at the token that was clicked, whichever column it stands in; of one layer's keys at the
// query that draws most from it.
void FlowPane::pin(FlowSpot spot) {
    if (!m_graph) return;
    auto cell = cellOf(spot);
    if (spot.node >= 0 && m_shown.view != FlowPaneView::bipartite) {
        const auto& node = m_graph->nodes[static_cast<std::size_t>(spot.node)];
        if (node.token < 0) return;
        if (node.column == 0)
            if (const auto above = nodeOf(1, node.token)) cell = cellOf({*above, -1});
        if (cell && cell->query != node.token) cell = Cell{node.token, node.token};
    }
    if (cell) workspace().setPinned(cell);
}

void FlowPane::clearPath() {
    workspace().setPinned(std::nullopt);
    workspace().setTokens(std::nullopt, workspace().selection().keys);
}

QString FlowPane::values() const {
    if (!m_graph) return {};
    const bool follows = m_graph->kind != FlowKind::links;
    QString text =
        "layer\tquery\tquery_token\tkey\tkey_token\tweight" + QString(follows ? "\tshare" : "") + "\n";
    for (const auto& link : m_graph->links) {
        const auto& upper = m_graph->nodes[static_cast<std::size_t>(link.upper)];
        const auto& lower = m_graph->nodes[static_cast<std::size_t>(link.lower)];
        const auto index = [](int token) { return token < 0 ? QString() : QString::number(token); };
        const QStringList cells{QString::number(m_graph->firstLayer + upper.column - 1),
                                index(upper.token),
                                m_view->textOf(link.upper),
                                index(lower.token),
                                m_view->textOf(link.lower),
                                std::isnan(link.weight) ? QString() : QString::number(link.weight, 'g', 7)};
        text += cells.join('\t') + (follows ? "\t" + QString::number(link.value, 'g', 7) : "") + "\n";
    }
    return text;
}

Pane* create(Workspace& workspace, QWidget* parent) {
    return new FlowPane(workspace, parent);
}

}  // namespace

extern const PaneDescriptor kFlowPane{
    .id = "flow",
    .title = QT_TRANSLATE_NOOP("Pane", "Flow"),
    .accessible = QT_TRANSLATE_NOOP("Pane", "Where tokens draw from, layer by layer"),
    .place = PanePlace::bottom,
    .create = &create};

}  // namespace attnviz::ui
