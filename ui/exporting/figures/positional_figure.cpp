// Attention by distance: shares of every layer, the mean profile of the chosen heads, mean distances, as the
// Positional pane has them.
#include <QBoxLayout>
#include <QLabel>
#include <cmath>

#include "ui/exporting/figures/analysis_figures.h"
#include "ui/panes/distance_charts.h"
#include "ui/widgets/chart_view.h"
#include "ui/widgets/number_text.h"
#include "ui/widgets/pane_parts.h"

namespace attnviz::ui {
namespace {

constexpr int kLogarithmicFrom = 256;  // distances

// Of the chosen heads, where any has a cell of that distance.
std::vector<double> meanOf(const JsonValue& profiles, std::string_view key) {
    std::vector<double> sums;
    std::vector<int> counts;
    for (const auto& profile : profiles.items()) {
        const auto& values = profile[key].items();
        sums.resize(std::max(sums.size(), values.size()), 0);
        counts.resize(sums.size(), 0);
        for (std::size_t distance = 0; distance < values.size(); ++distance) {
            const double value = numberOf(values[distance]);
            if (!std::isfinite(value)) continue;
            sums[distance] += value;
            ++counts[distance];
        }
    }
    for (std::size_t distance = 0; distance < sums.size(); ++distance)
        sums[distance] = counts[distance] > 0 ? sums[distance] / counts[distance] : std::nan("");
    return sums;
}

Result<AnalysisPicture> drawPositional(const AnalysisDrawing& drawing) {
    const auto& info = drawing.request.source.info();
    const auto& document = drawing.result.document;
    auto body = std::make_unique<QWidget>();
    auto* column = new QVBoxLayout(body.get());
    column->setContentsMargins(12, 4, 12, 8);
    column->setSpacing(2);
    const auto add = [&](const QString& title, const QString& note, ChartView* view) {
        auto* heading = new QHBoxLayout;
        heading->addWidget(plainLabel(title, "strong", body.get()));
        heading->addStretch(1);
        heading->addWidget(plainLabel(note, "caption", body.get()));
        column->addLayout(heading);
        column->addWidget(view, 1);
    };
    std::vector<LayerPositions> layers(static_cast<std::size_t>(info.layers));  // empty where not chosen
    for (const auto& layer : document["layers"].items()) {
        auto& one = layers[static_cast<std::size_t>(numberOf(layer["layer"]))];
        one.local = numberOf(layer["average_local_ratio"]);
        one.medium = numberOf(layer["average_medium_ratio"]);
        one.global = numberOf(layer["average_global_ratio"]);
    }
    auto* shares = new ShareChart(QStringLiteral("Shares by layer"), body.get());
    shares->style();
    shares->setShares(layers);
    add(QStringLiteral("Shares by layer"), QStringLiteral("from below: local, medium, global"),
        shares->view());
    auto* profile = new ProfileChart(QStringLiteral("Weight by distance"), body.get());
    profile->style();
    profile->setProfile(meanOf(document["distance_profile"], "weight"),
                        meanOf(document["distance_profile"], "uniform"), info.keys > kLogarithmicFrom);
    const auto heads = document["distance_profile"].items().size();
    add(QStringLiteral("Weight by distance"),
        QStringLiteral("line = %1, dashed = even").arg(meanOfHeadsText(static_cast<qint64>(heads))),
        profile->view());
    std::vector<double> distances(
        static_cast<std::size_t>(info.layers) * static_cast<std::size_t>(info.heads), std::nan(""));
    for (const auto& row : drawing.result.tables.front().rows)
        distances[static_cast<std::size_t>(numberOf(row[0])) * static_cast<std::size_t>(info.heads) +
                  static_cast<std::size_t>(numberOf(row[1]))] = numberOf(row.back());
    auto* dots = new HeadDots(QStringLiteral("Mean distance by layer"), body.get());
    dots->style();
    dots->setValues(info.layers, info.heads, std::move(distances));
    add(QStringLiteral("Mean distance by layer"), QStringLiteral("dot = head, line = mean"), dots->view());
    return AnalysisPicture{std::move(body), QStringLiteral("masked cells left out")};
}

}  // namespace

extern const AnalysisFigureDescriptor kPositionalFigure{.analysis = "positional", .draw = &drawPositional};

}  // namespace attnviz::ui
