// Numbers of every head: layers by heads, a map for each number, as the Heads pane has them.
#include <QGridLayout>
#include <QLabel>
#include <algorithm>
#include <cmath>

#include "core/exporting/colormap.h"
#include "ui/exporting/figure_plan.h"
#include "ui/exporting/figures/analysis_figures.h"
#include "ui/theme/appearance.h"
#include "ui/widgets/color_bar.h"
#include "ui/widgets/head_grid.h"
#include "ui/widgets/pane_parts.h"

namespace attnviz::ui {
namespace {

struct Shown {
    std::string column;  // of the result's table
    QString title;
    double end = 0;    // of the colours; 0: a round number above all that are there,
    double least = 0;  // and no less than this: rounding is no difference
};

// A number of every head; NaN where the table has none. Rows of whole layers or of everything are no heads.
std::vector<double> valuesOf(const Table& table, const std::string& column, const AttentionInfo& info) {
    std::vector<double> values(static_cast<std::size_t>(info.layers) * static_cast<std::size_t>(info.heads),
                               std::nan(""));
    const auto found = std::ranges::find(table.columns, column);
    if (found == table.columns.end()) return values;
    const auto at = static_cast<std::size_t>(found - table.columns.begin());
    for (const auto& row : table.rows) {
        const double layer = numberOf(row[0]), head = numberOf(row[1]);
        if (!(layer >= 0 && layer < info.layers && head >= 0 && head < info.heads)) continue;
        values[static_cast<std::size_t>(layer) * static_cast<std::size_t>(info.heads) +
               static_cast<std::size_t>(head)] = numberOf(row[at]);
    }
    return values;
}

Result<AnalysisPicture> drawHeads(const AnalysisDrawing& drawing, const std::vector<Shown>& numbers) {
    const auto& info = drawing.request.source.info();
    const auto map = findColormap(drawing.colormap);
    if (!map) return map.error();
    auto body = std::make_unique<QWidget>();
    auto* grid = new QGridLayout(body.get());
    grid->setContentsMargins(12, 4, 12, 8);
    grid->setHorizontalSpacing(16);
    grid->setVerticalSpacing(2);
    std::vector<std::pair<const Shown*, std::vector<double>>> maps;
    for (const auto& number : numbers) {
        auto values = valuesOf(drawing.result.tables.front(), number.column, info);
        // A score that this text has no use for (no repeated token: no induction) is no picture.
        if (std::ranges::any_of(values, [](double value) { return std::isfinite(value); }))
            maps.emplace_back(&number, std::move(values));
    }
    if (maps.empty())
        return badInput("there is no number of a single head to draw", {}, "Choose fewer filters.");
    const int columns = static_cast<int>(maps.size()) <= 3 ? static_cast<int>(maps.size())
                                                           : (static_cast<int>(maps.size()) + 1) / 2;
    for (int at = 0; at < static_cast<int>(maps.size()); ++at) {
        auto& [shown, values] = maps[static_cast<std::size_t>(at)];
        double largest = 0;
        for (const double value : values)
            if (std::isfinite(value)) largest = std::max(largest, value);
        const ColorScale scale(
            **map, 0, shown->end > 0 ? shown->end : std::max(shown->least, niceUpperEnd(largest)), false);
        const int row = at / columns * 3, column = at % columns;
        grid->addWidget(plainLabel(shown->title, "strong", body.get()), row, column);
        auto* heads = new HeadGrid(body.get());
        heads->setScores(info.layers, info.heads, info.layers, std::move(values));
        heads->setScale(scale);
        heads->setRings(false);
        heads->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
        heads->setMaximumHeight(heads->largestHeight());
        grid->addWidget(heads, row + 1, column);
        auto* legend = new ColorBar(body.get());
        legend->setScale(scale);
        grid->addWidget(legend, row + 2, column);
        grid->setRowStretch(row + 1, 1000);  // up to their largest, then the end
        grid->setColumnStretch(column, 1);
    }
    grid->setRowStretch(grid->rowCount(), 1);
    return AnalysisPicture{std::move(body), QStringLiteral("layers down, heads across")};
}

Result<AnalysisPicture> drawStatistics(const AnalysisDrawing& drawing) {
    return drawHeads(drawing, {{"normalized_row_entropy", QStringLiteral("Normalized entropy"), 1},
                               {"visible_sparsity", QStringLiteral("Sparsity"), 1},
                               {"gini", QStringLiteral("Gini"), 1},
                               {"effective_tokens", QStringLiteral("Effective tokens")},
                               {"mean_distance", QStringLiteral("Mean distance")}});
}

// Every score that the roles come of.
Result<AnalysisPicture> drawRoles(const AnalysisDrawing& drawing) {
    std::vector<Shown> scores;
    const auto& columns = drawing.result.tables.front().columns;
    for (std::size_t column = 3; column < columns.size(); ++column) {
        QString title = QString::fromStdString(columns[column]).replace('_', ' ');
        title[0] = title[0].toUpper();
        scores.push_back({columns[column], title, 1});
    }
    return drawHeads(drawing, scores);
}

Result<AnalysisPicture> drawDifference(const AnalysisDrawing& drawing) {
    return drawHeads(drawing, {{"js_divergence", QStringLiteral("Jensen-Shannon divergence, nats"), 0, 0.001},
                               {"cosine", QStringLiteral("Cosine"), 1}});
}

}  // namespace

extern const AnalysisFigureDescriptor kStatisticsFigure{.analysis = "stats", .draw = &drawStatistics};
extern const AnalysisFigureDescriptor kRolesFigure{.analysis = "roles", .draw = &drawRoles};
extern const AnalysisFigureDescriptor kDifferenceFigure{.analysis = "difference", .draw = &drawDifference};

}  // namespace attnviz::ui
