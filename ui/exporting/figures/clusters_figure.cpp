// Head clusters: the map of the Head clustering pane, and the silhouettes beside it.
#include <QBoxLayout>
#include <algorithm>

#include "ui/exporting/figures/analysis_figures.h"
#include "ui/widgets/cluster_map.h"
#include "ui/widgets/number_text.h"
#include "ui/widgets/silhouette_view.h"

namespace attnviz::ui {
namespace {

Result<AnalysisPicture> drawClusters(const AnalysisDrawing& drawing) {
    const auto& document = drawing.result.document;
    std::vector<ClusterMap::Point> points;
    SilhouetteView::Silhouettes silhouettes;
    for (const auto& row : drawing.result.tables.front().rows) {
        const HeadId head{static_cast<int>(numberOf(row[0])), static_cast<int>(numberOf(row[1]))};
        const auto cluster = static_cast<std::size_t>(numberOf(row[2]));
        points.push_back({head, static_cast<int>(cluster), numberOf(row[4]), numberOf(row[5])});
        if (silhouettes.clusters.size() <= cluster) silhouettes.clusters.resize(cluster + 1);
        silhouettes.clusters[cluster].bars.push_back({head, numberOf(row[3])});
    }
    for (std::size_t cluster = 0; cluster < silhouettes.clusters.size(); ++cluster) {
        auto& one = silhouettes.clusters[cluster];
        std::ranges::stable_sort(one.bars,
                                 [](const auto& a, const auto& b) { return a.silhouette > b.silhouette; });
        one.title = QStringLiteral("cluster %1").arg(cluster);
        one.detail = headCountText(static_cast<qint64>(one.bars.size()));
    }
    silhouettes.mean = numberOf(document["silhouette"]);
    for (const auto& count : document["silhouette_by_k"].items())
        silhouettes.byCount.emplace_back(static_cast<int>(numberOf(count["k"])),
                                         numberOf(count["silhouette"]));

    auto body = std::make_unique<QWidget>();
    auto* row = new QHBoxLayout(body.get());
    row->setContentsMargins(8, 0, 8, 8);
    auto* map = new ClusterMap(body.get());
    const bool neighbours = drawing.request.options.text("layout") == "tsne";
    map->setPoints(std::move(points), neighbours ? PlotFrame::box : PlotFrame::axes);
    map->setChosen({}, {-1, -1});
    auto* bars = new SilhouetteView(body.get());
    bars->setChosen({}, {-1, -1});
    const double mean = silhouettes.mean;
    const auto clusters = silhouettes.clusters.size();
    bars->setSilhouettes(std::move(silhouettes));
    row->addWidget(map, 3);
    row->addWidget(bars, 2);
    return AnalysisPicture{
        std::move(body), QStringLiteral("%1 clusters by %2 · %3 · mean silhouette %4")
                             .arg(clusters)
                             .arg(QString::fromStdString(drawing.request.options.text("method").value_or("")),
                                  QString::fromStdString(drawing.request.options.text("layout").value_or("")),
                                  scoreText(mean, 2))};
}

}  // namespace

extern const AnalysisFigureDescriptor kClustersFigure{.analysis = "clusters", .draw = &drawClusters};

}  // namespace attnviz::ui
