// Matrices as the heatmap shows maps: rollout of every token, similarity of every pair.
#include <algorithm>
#include <numbers>

#include "core/attention/dense_attention.h"
#include "core/exporting/colormap.h"
#include "ui/exporting/figure_plan.h"
#include "ui/exporting/figures/figure_parts.h"
#include "ui/widgets/attention_plottable.h"
#include "ui/widgets/heatmap_view.h"

namespace attnviz::ui {

Result<AnalysisPicture> matrixPicture(const AnalysisDrawing& drawing, MatrixPicture matrix,
                                      const QString& caption) {
    const auto map = findColormap(drawing.colormap);
    if (!map) return map.error();
    AttentionInfo info;
    info.layers = info.heads = info.keyValueHeads = 1;
    info.queries = static_cast<int>(matrix.rows.size());
    info.keys = static_cast<int>(matrix.columns.size());
    info.kind = matrix.causal ? AttentionKind::decoder : AttentionKind::encoder;
    info.visibility = Visibility(info.queries, info.keys).setCausal(matrix.causal);
    auto layer = std::make_shared<DenseLayer>();
    layer->floats = std::move(matrix.values);
    const std::shared_ptr<const AttentionSource> source = DenseAttention::create(std::move(info), {layer});
    auto view = std::make_unique<HeatmapView>();
    view->setMarginsShown(false);
    view->setTitles(matrix.rowTitle, matrix.columnTitle, matrix.valueTitle);
    view->setScale(ColorScale(**map, 0, matrix.end, false));
    view->setMap(source, {}, matrix.rows, matrix.columns);
    view->map().setSynchronous(true);  // nobody waits for a window
    return AnalysisPicture{std::move(view), caption};
}

namespace {

Result<AnalysisPicture> drawRollout(const AnalysisDrawing& drawing) {
    const auto& request = drawing.request;
    const QString layers = QStringLiteral("layers %1–%2")
                               .arg(request.options.integer("start-layer").value_or(0))
                               .arg(request.layers.back());
    if (const auto query = request.options.integer("query"))
        return barsPicture(drawing, "key", "token", "weight",
                           QStringLiteral("%1 · of query %2 %3")
                               .arg(layers)
                               .arg(*query)
                               .arg(figureQueries(request).value(static_cast<int>(*query))));
    MatrixPicture matrix;
    matrix.rows = figureQueries(request);
    matrix.columns = figureKeys(request);
    for (const auto& row : drawing.result.tables.front().rows)
        matrix.values.push_back(static_cast<float>(numberOf(row.back())));
    matrix.rowTitle = QStringLiteral("Query");
    matrix.columnTitle = QStringLiteral("Key");
    matrix.valueTitle = QStringLiteral("rollout");
    matrix.causal = request.source.info().visibility.causal();
    return matrixPicture(drawing, std::move(matrix), layers);
}

Result<AnalysisPicture> drawSimilarity(const AnalysisDrawing& drawing) {
    MatrixPicture matrix;
    const bool heads = drawing.request.options.text("between") == "heads";
    const bool divergence = drawing.request.options.text("metric") == "js";
    const Table& table = drawing.result.tables.front();
    const JsonValue first = table.rows.empty() ? JsonValue() : table.rows.front()[2];
    double largest = 0;
    for (const auto& row : table.rows) {
        if (row[2].toText(0) == first.toText(0))
            matrix.columns << QStringLiteral("L") + QString::fromStdString(row[3].isString()
                                                                               ? row[3].string()
                                                                               : row[3].toText(0));
        const double value = numberOf(row.back());
        largest = std::max(largest, value);
        matrix.values.push_back(static_cast<float>(std::max(0.0, value)));
    }
    matrix.columns.replaceInStrings(QStringLiteral("."), QStringLiteral(" H"));
    matrix.rows = matrix.columns;
    matrix.rowTitle = matrix.columnTitle = heads ? QStringLiteral("Head") : QStringLiteral("Layer");
    matrix.valueTitle = divergence ? QStringLiteral("nats") : QStringLiteral("cosine");
    if (divergence) matrix.end = niceUpperEnd(largest);
    return matrixPicture(drawing, std::move(matrix),
                         divergence ? QStringLiteral("mean Jensen-Shannon divergence of the rows, nats")
                                    : QStringLiteral("cosine of the maps"));
}

}  // namespace

extern const AnalysisFigureDescriptor kRolloutFigure{.analysis = "rollout", .draw = &drawRollout};
extern const AnalysisFigureDescriptor kSimilarityFigure{.analysis = "similarity", .draw = &drawSimilarity};

}  // namespace attnviz::ui
