// Numbers of tokens as bars: importance, the most that could flow from each token, what comes next.
#include <algorithm>

#include "ui/exporting/figures/figure_parts.h"
#include "ui/widgets/token_bars.h"
#include "ui/widgets/token_text.h"

namespace attnviz::ui {

Result<AnalysisPicture> barsPicture(const AnalysisDrawing& drawing, std::string_view indexColumn,
                                    std::string_view tokenColumn, std::string_view valueColumn,
                                    const QString& caption) {
    const Table& table = drawing.result.tables.front();
    const auto at = [&](std::string_view column) {
        return static_cast<std::size_t>(std::ranges::find(table.columns, column) - table.columns.begin());
    };
    std::vector<TokenBars::Bar> bars;
    for (const auto& row : table.rows) {
        const JsonValue& token = row.at(at(tokenColumn));
        bars.push_back({static_cast<int>(numberOf(row.at(at(indexColumn)))),
                        tokenText(token.isString() ? token.string() : std::string()),
                        numberOf(row.at(at(valueColumn)))});
    }
    auto view = std::make_unique<TokenBars>();
    view->setBars(std::move(bars));
    return AnalysisPicture{std::move(view), caption};
}

namespace {

Result<AnalysisPicture> drawImportance(const AnalysisDrawing& drawing) {
    const auto& options = drawing.request.options;
    QString caption =
        options.text("method") == "rollout" ? QStringLiteral("rollout") : QStringLiteral("incoming share");
    if (const auto query = options.integer("query")) caption += QStringLiteral(", of query %1").arg(*query);
    return barsPicture(drawing, "index", "token", "score", caption);
}

Result<AnalysisPicture> drawMaxFlow(const AnalysisDrawing& drawing) {
    const auto& table = drawing.result.tables.front();
    const auto query = table.rows.empty() ? 0 : static_cast<int>(numberOf(table.rows.front().front()));
    return barsPicture(drawing, "key", "token", "flow",
                       QStringLiteral("from token %1 %2 of layer %3")
                           .arg(query)
                           .arg(figureQueries(drawing.request).value(query))
                           .arg(drawing.request.layers.back()));
}

// Bars are numbered by rank; of several positions one list follows another, each from 1.
Result<AnalysisPicture> drawPredictions(const AnalysisDrawing& drawing) {
    const auto& run = drawing.request.run;
    const auto& tokens = (run.target ? *run.target : run.input).tokens;
    QStringList after;
    int last = -1;
    for (const auto& row : drawing.result.tables.front().rows) {
        const auto position = static_cast<int>(numberOf(row.front()));
        if (position == last) continue;
        last = position;
        after << QStringLiteral("%1 %2").arg(position).arg(
            tokenText(tokens.at(static_cast<std::size_t>(position)).text));
    }
    return barsPicture(drawing, "rank", "token", "probability",
                       QStringLiteral("probability, at token %1").arg(after.join(QStringLiteral(", "))));
}

}  // namespace

extern const AnalysisFigureDescriptor kPredictFigure{.analysis = "predict", .draw = &drawPredictions};
extern const AnalysisFigureDescriptor kImportanceFigure{.analysis = "importance", .draw = &drawImportance};
extern const AnalysisFigureDescriptor kMaxFlowFigure{.analysis = "maxflow", .draw = &drawMaxFlow};

}  // namespace attnviz::ui
