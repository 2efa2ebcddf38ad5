// Flow: the Sankey of the Flow pane through the chosen layers; of one layer, or across texts, its links.
#include "ui/exporting/figures/analysis_figures.h"
#include "ui/widgets/flow_view.h"
#include "ui/widgets/number_text.h"

namespace attnviz::ui {
namespace {

QString keptWords(const LinkOptions& keep) {
    QStringList words;
    if (keep.perRow < 64) words << QStringLiteral("top %1 per query").arg(keep.perRow);
    if (keep.atLeast > 0) words << QStringLiteral("weights from %1").arg(keep.atLeast);
    if (keep.mass < 1) words << QStringLiteral("until %1 of a row").arg(percentText(keep.mass));
    return words.join(QStringLiteral(", "));
}

Result<AnalysisPicture> drawFlow(const AnalysisDrawing& drawing) {
    const auto& request = drawing.request;
    const auto& info = request.source.info();
    LinkOptions keep;
    keep.perRow = static_cast<int>(request.options.integer("k").value_or(keep.perRow));
    keep.atLeast = request.options.number("edge-threshold").value_or(keep.atLeast);
    keep.mass = request.options.number("edge-mass").value_or(keep.mass);
    const bool allHeads = static_cast<int>(request.heads.size()) == info.heads;
    const int first = request.layers.front(), last = request.layers.back();
    if (last - first + 1 != static_cast<int>(request.layers.size()))
        return badInput("flow is drawn through neighbouring layers, and some between are missing", "--layers",
                        "Choose a range, as " + std::to_string(first) + "-" + std::to_string(last) + ".");
    const bool oneLayer = first == last || !info.square();
    if (oneLayer && first != last)
        return badInput("cross attention joins two texts, so nothing flows from layer to layer", {},
                        "Choose one layer with --layers.");
    Result<SankeyGraph> graph = [&] {
        if (oneLayer) {
            keep.heads = request.heads;
            return bipartiteGraph(request.source, {.layer = first, .keep = keep}, request.stop);
        }
        SankeyOptions options;
        options.path.firstLayer = first;
        options.path.lastLayer = last;
        options.path.keep = keep;
        if (!allHeads)
            for (const int layer : request.layers) options.path.heads[layer] = request.heads;
        return sankeyGraph(request.source, options, request.progress, request.stop);
    }();
    if (!graph) return graph.error();

    FlowPicture shown;
    shown.graph = std::make_shared<const SankeyGraph>(*std::move(graph));
    shown.oneLayer = oneLayer;
    shown.keyTexts = figureKeys(request);
    shown.queryTexts = figureQueries(request);
    shown.othersText = QStringLiteral("%1 others").arg(countText(shown.graph->leftOutKeys));
    for (int column = 0; column < shown.graph->columns; ++column) {
        const int layer = first + column - 1;
        if (oneLayer)
            shown.columnNames << (column == 0 ? QStringLiteral("keys") : QStringLiteral("queries"));
        else
            shown.columnNames << (layer < 0 ? QStringLiteral("input") : QStringLiteral("L%1").arg(layer));
    }
    QStringList words;
    words << (oneLayer ? QStringLiteral("Layer %1").arg(first)
                       : QStringLiteral("Layers %1–%2").arg(first).arg(last));
    if (info.combined.empty()) words << meanOfHeadsText(static_cast<qint64>(request.heads.size()));
    words << keptWords(keep);
    words << QStringLiteral("%1 of the weight").arg(percentText(shown.graph->keptShare));
    words.removeAll(QString());
    auto view = std::make_unique<FlowView>();
    view->setPicture(std::move(shown));
    return AnalysisPicture{std::move(view), words.join(QStringLiteral(" · "))};
}

}  // namespace

extern const AnalysisFigureDescriptor kFlowFigure{.analysis = "flow", .draw = &drawFlow};

}  // namespace attnviz::ui
