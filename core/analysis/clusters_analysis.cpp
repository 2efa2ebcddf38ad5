// attention-viz clusters: which heads do alike.
#include "core/analysis/analyses.h"
#include "core/analysis/clusters.h"

namespace attnviz {
namespace {

const AnalysisOption kClusters{.name = "k",
                               .help = "Number of clusters; by default the one of the best mean silhouette",
                               .minimum = 1,
                               .maximum = 1 << 16};
const AnalysisOption kMethod{.name = "method",
                             .kind = AnalysisOption::Kind::choice,
                             .help = "How heads are grouped",
                             .fallback = "k-means",
                             .choices = {"k-means", "average-linkage"}};
const AnalysisOption kMetric{.name = "metric",
                             .kind = AnalysisOption::Kind::choice,
                             .help =
                                 "Distance of heads: js (root of the Jensen-Shannon divergence of their "
                                 "rows) or features",
                             .fallback = "js",
                             .choices = {"js", "features"}};
const AnalysisOption kLayout{.name = "layout",
                             .kind = AnalysisOption::Kind::choice,
                             .help = "What x and y are: mds, pca (of the features) or tsne",
                             .fallback = "mds",
                             .choices = {"mds", "pca", "tsne"}};

std::string headName(HeadId head) {
    return std::to_string(head.layer) + "." + std::to_string(head.head);
}

// Keys beside those that every program reads: how it was made, and the tree.
void addDetails(JsonValue& document, const HeadDistances& distances, const HeadClusters& found) {
    document.set("metric", headMetricName(distances.metric));
    document.set("layout", headLayoutName(found.layout));
    if (distances.metric == HeadMetric::jensenShannon) {
        document.set("rows_compared", distances.rows);
        document.set("rows_of_text", distances.rowsOfText);
    }
    JsonValue::Array clusters, counts, tree;
    for (std::size_t cluster = 0; cluster < found.clusters.size(); ++cluster) {
        const HeadCluster& one = found.clusters[cluster];
        const HeadId medoid = found.heads[one.medoid].head;
        clusters.push_back(JsonValue::object(
            {{"cluster", static_cast<long>(cluster)},
             {"size", one.size},
             {"silhouette", one.silhouette},
             {"medoid", JsonValue::object({{"layer", medoid.layer}, {"head", medoid.head}})}}));
    }
    for (const auto& count : found.byCount)
        counts.push_back(JsonValue::object({{"k", count.clusters}, {"silhouette", count.silhouette}}));
    for (const auto& merge : found.tree)
        tree.push_back(JsonValue::object(
            {{"left", merge.left}, {"right", merge.right}, {"height", merge.height}, {"size", merge.size}}));
    document.set("clusters", std::move(clusters));
    document.set("silhouette_by_k", std::move(counts));
    document.set("tree", std::move(tree));
}

std::string described(const HeadDistances& distances, const HeadClusters& found) {
    std::string text =
        std::to_string(found.heads.size()) + " heads by " +
        (distances.metric == HeadMetric::jensenShannon ? "the Jensen-Shannon distance of their rows"
                                                       : "their features") +
        ", grouped by " + std::string(clusterMethodName(found.method)) + '\n';
    if (distances.sampled())
        text += "Sampled: " + std::to_string(distances.rows) + " of " + std::to_string(distances.rowsOfText) +
                " rows were compared\n";
    Table clusters{"clusters", {"cluster", "heads", "silhouette", "medoid"}, {}};
    for (std::size_t cluster = 0; cluster < found.clusters.size(); ++cluster) {
        const HeadCluster& one = found.clusters[cluster];
        clusters.rows.push_back(
            {static_cast<long>(cluster), one.size, one.silhouette, headName(found.heads[one.medoid].head)});
    }
    Table counts{"silhouettes", {"k", "silhouette"}, {}};
    for (const auto& count : found.byCount) counts.rows.push_back({count.clusters, count.silhouette});
    text += '\n' + tableText(clusters) + '\n';
    return counts.rows.empty() ? text : text + tableText(counts) + '\n';
}

Result<AnalysisResult> runClusters(const AnalysisRequest& request) {
    const auto chosen = [&](std::string_view name) { return request.options.text(name).value_or(""); };
    DistanceOptions wanted{.layers = request.layers, .heads = request.heads};
    ClusterOptions options;
    if (chosen("metric") == "features") wanted.metric = HeadMetric::features;
    if (chosen("method") == "average-linkage") options.method = ClusterMethod::averageLinkage;
    if (chosen("layout") == "pca") options.layout = HeadLayout::components;
    if (chosen("layout") == "tsne") options.layout = HeadLayout::neighbours;
    wanted.withFeatures = options.layout == HeadLayout::components;
    const auto heads = static_cast<std::int64_t>(request.layers.size() * request.heads.size());
    if (const auto clusters = request.options.integer("k")) {
        if (*clusters > heads)
            return badInput("'" + std::to_string(*clusters) + "' is no value of --k", {},
                            "Give from 1 to " + std::to_string(heads) + ", the number of chosen heads");
        options.clusters = static_cast<int>(*clusters);
    }
    const auto distances = headDistances(request.run, request.source, wanted, request.progress, request.stop);
    if (!distances) return distances.error();
    const auto found = clusterDistances(*distances, options, request.progress, request.stop);
    if (!found) return found.error();

    AnalysisResult result;
    result.document = documentHead(request.run, request.source);
    result.document.set("k", static_cast<long>(found->clusters.size()));
    result.document.set("silhouette", found->silhouette);
    result.document.set("method", clusterMethodName(found->method));
    Table table{"clusters", {"layer", "head", "cluster", "silhouette", "x", "y"}, {}};
    JsonValue::Array places;
    for (const auto& place : found->heads) {
        places.push_back(JsonValue::object({{"layer", place.head.layer},
                                            {"head", place.head.head},
                                            {"cluster", place.cluster},
                                            {"silhouette", place.silhouette},
                                            {"x", place.x},
                                            {"y", place.y}}));
        table.rows.push_back(
            {place.head.layer, place.head.head, place.cluster, place.silhouette, place.x, place.y});
    }
    result.document.set("heads", std::move(places));
    addDetails(result.document, *distances, *found);
    result.text = documentTitle("Head clusters", request) + described(*distances, *found) + tableText(table);
    result.tables = {std::move(table)};
    return result;
}

}  // namespace

const AnalysisDescriptor kClustersAnalysis{
    .id = "clusters",
    .title = "Head clusters",
    .help = "Which heads do alike: distances, clusters, and their places in a plane",
    .source = "Clark et al. 2019; Rousseeuw 1987",
    .options = {kClusters, kMethod, kMetric, kLayout},
    .run = &runClusters};

}  // namespace attnviz
