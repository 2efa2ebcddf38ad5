#include "core/analysis/clusters.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/analysis/head_features.h"
#include "core/analysis/layer_pass.h"
#include "core/analysis/math/average_linkage.h"
#include "core/analysis/math/k_means.h"
#include "core/analysis/math/neighbour_embedding.h"
#include "core/analysis/math/scaling.h"
#include "core/analysis/math/silhouette.h"

namespace attnviz {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr int kMostDimensions = 50, kMostClusters = 10, kMostPerplexity = 15;
constexpr std::size_t kFewestForNeighbours = 5;  // a perplexity above 1
constexpr std::size_t kManyHeads = 2000;         // t-SNE takes half the steps

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Eigen::Index index(std::size_t value) {
    return static_cast<Eigen::Index>(value);
}

std::string nameOf(HeadId head) {
    return "layer " + std::to_string(head.layer) + " head " + std::to_string(head.head);
}

std::vector<double> rowMajor(const Eigen::MatrixXd& matrix) {
    std::vector<double> values(static_cast<std::size_t>(matrix.size()));
    Eigen::Map<RowMajor>(values.data(), matrix.rows(), matrix.cols()) = matrix;
    return values;
}

Eigen::MatrixXd distanceMatrix(const HeadDistances& distances) {
    return Eigen::Map<const RowMajor>(distances.values.data(), index(distances.heads.size()),
                                      index(distances.heads.size()));
}

Result<void> measure(const AttentionRun& run, const AttentionSource& source, const std::vector<int>& layers,
                     const std::vector<int>& heads, HeadDistances& distances, const ProgressSink& progress,
                     std::stop_token stop) {
    const auto features = headFeatures(run, source, layers, heads, progress, std::move(stop));
    if (!features) return features.error();
    const Eigen::MatrixXd raw = Eigen::Map<const RowMajor>(
        features->values.data(), index(distances.heads.size()), index(features->names.size()));
    const Eigen::MatrixXd scaled = standardized(raw);
    distances.featureCount = static_cast<int>(scaled.cols());
    distances.features = rowMajor(scaled);
    if (distances.metric == HeadMetric::features) distances.values = rowMajor(euclideanDistances(scaled));
    return {};
}

// The groups that a number of clusters makes, by the chosen method.
class Grouping {
 public:
    Grouping(const Eigen::MatrixXd& distances, const Eigen::MatrixXd& points,
             const std::vector<Merge>& merges, ClusterMethod method)
        : m_distances(distances), m_points(points), m_merges(merges), m_method(method) {}

    struct Groups {
        std::vector<int> labels;
        int clusters = 0;
        std::vector<double> silhouettes;
        double silhouette = 0;
    };
    Result<Groups> into(int clusters, const std::stop_token& stop) const {
        Groups groups;
        if (m_method == ClusterMethod::averageLinkage) {
            groups.labels = cutTree(m_merges, clusters);
            groups.clusters = clusters;
        } else {
            auto means = kMeans(m_points, {.clusters = clusters}, stop);
            if (!means) return means.error();
            groups.labels = std::move(means->labels);
            groups.clusters = means->clusters;
        }
        groups.silhouettes = silhouettes(m_distances, groups.labels, groups.clusters);
        for (const double value : groups.silhouettes)
            groups.silhouette += value / static_cast<double>(groups.silhouettes.size());
        return groups;
    }

 private:
    const Eigen::MatrixXd& m_distances;
    const Eigen::MatrixXd& m_points;
    const std::vector<Merge>& m_merges;
    ClusterMethod m_method;
};

std::vector<HeadCluster> describe(const Eigen::MatrixXd& distances, const Grouping::Groups& groups) {
    std::vector<HeadCluster> clusters(static_cast<std::size_t>(groups.clusters));
    std::vector<double> least(clusters.size(), std::numeric_limits<double>::infinity());
    for (std::size_t head = 0; head < groups.labels.size(); ++head) {
        const auto label = static_cast<std::size_t>(groups.labels[head]);
        double sum = 0;
        for (std::size_t other = 0; other < groups.labels.size(); ++other)
            if (groups.labels[other] == groups.labels[head]) sum += distances(index(other), index(head));
        if (sum < least[label]) {
            least[label] = sum;
            clusters[label].medoid = head;
        }
        ++clusters[label].size;
        clusters[label].silhouette += groups.silhouettes[head];
    }
    for (auto& cluster : clusters) cluster.silhouette /= cluster.size;
    return clusters;
}

Result<Eigen::MatrixXd> places(const HeadDistances& distances, const Eigen::MatrixXd& points,
                               HeadLayout layout, const ProgressSink& progress, const std::stop_token& stop) {
    const auto count = distances.heads.size();
    if (layout == HeadLayout::components) {
        const Eigen::MatrixXd features =
            Eigen::Map<const RowMajor>(distances.features.data(), index(count), distances.featureCount);
        return principalComponents(features, 2, stop);
    }
    if (layout == HeadLayout::scaling) return points;
    const double perplexity = std::min<double>(kMostPerplexity, (static_cast<double>(count) - 1) / 3);
    return neighbourEmbedding(
        points, {.perplexity = perplexity, .iterations = count > kManyHeads ? 500 : 1000}, progress, stop);
}

}  // namespace

std::string_view headMetricName(HeadMetric metric) {
    return metric == HeadMetric::jensenShannon ? "js" : "features";
}
std::string_view headLayoutName(HeadLayout layout) {
    return layout == HeadLayout::scaling ? "mds" : layout == HeadLayout::components ? "pca" : "tsne";
}
std::string_view clusterMethodName(ClusterMethod method) {
    return method == ClusterMethod::kMeans ? "k-means" : "average-linkage";
}

Result<HeadDistances> headDistances(const AttentionRun& run, const AttentionSource& source,
                                    const DistanceOptions& options, const ProgressSink& progress,
                                    std::stop_token stop) {
    const auto layers = chosenLayers(source, options.layers), heads = chosenHeads(source, options.heads);
    HeadDistances distances;
    distances.metric = options.metric;
    for (const int layer : layers)
        for (const int head : heads) distances.heads.push_back({layer, head});
    if (options.metric == HeadMetric::jensenShannon) {
        auto found = headDivergences(source, singleHeads(layers, heads), options.divergence, progress, stop);
        if (!found) return found.error();
        if (found->rowsOfText == 0 && distances.heads.size() > 1)
            return unsupported("heads cannot be told apart where no token sees two others", {},
                               "Run a longer text, or hide fewer tokens");
        distances.values = std::move(found->values);
        distances.rows = found->rows;
        distances.rowsOfText = found->rowsOfText;
        for (std::size_t cell = 0; cell < distances.values.size(); ++cell) {
            double& value = distances.values[cell];
            if (std::isnan(value))
                return unsupported(nameOf(distances.heads[cell / distances.heads.size()]) + " and " +
                                       nameOf(distances.heads[cell % distances.heads.size()]) +
                                       " have no row in common in which both give weight",
                                   {}, "Hide fewer tokens, lower the threshold, or choose other heads");
            value = std::sqrt(value);
        }
    }
    if (options.metric == HeadMetric::features || options.withFeatures)
        if (auto measured = measure(run, source, layers, heads, distances, progress, stop); !measured)
            return measured.error();
    return distances;
}

HeadDistances distancesAmong(const HeadDistances& distances, const std::vector<HeadId>& heads) {
    std::vector<std::size_t> kept;
    for (const auto head : heads) {
        const auto found = std::ranges::find(distances.heads, head);
        const auto at = static_cast<std::size_t>(found - distances.heads.begin());
        if (found != distances.heads.end() && std::ranges::find(kept, at) == kept.end()) kept.push_back(at);
    }
    HeadDistances some;
    some.metric = distances.metric;
    some.rows = distances.rows;
    some.rowsOfText = distances.rowsOfText;
    for (const auto at : kept) some.heads.push_back(distances.heads[at]);
    if (distances.metric == HeadMetric::jensenShannon)
        for (const auto left : kept)
            for (const auto right : kept) some.values.push_back(distances.at(left, right));
    if (distances.features.empty()) return some;
    Eigen::MatrixXd features(index(kept.size()), distances.featureCount);
    for (std::size_t row = 0; row < kept.size(); ++row)
        for (int column = 0; column < distances.featureCount; ++column)
            features(index(row), column) =
                distances.features[kept[row] * static_cast<std::size_t>(distances.featureCount) +
                                   static_cast<std::size_t>(column)];
    const Eigen::MatrixXd scaled = standardized(features);
    some.featureCount = static_cast<int>(scaled.cols());
    some.features = rowMajor(scaled);
    if (distances.metric == HeadMetric::features) some.values = rowMajor(euclideanDistances(scaled));
    return some;
}

Result<HeadClusters> clusterDistances(const HeadDistances& distances, const ClusterOptions& options,
                                      const ProgressSink& progress, std::stop_token stop) {
    const auto count = static_cast<int>(distances.heads.size());
    if (options.clusters && (*options.clusters < 1 || *options.clusters > count))
        return badInput(
            std::to_string(count) + " heads do not make " + std::to_string(*options.clusters) + " clusters",
            {}, "Give a number of clusters from 1 to " + std::to_string(count));
    if (options.layout == HeadLayout::components && distances.features.empty() && count > 1 &&
        distances.metric != HeadMetric::features)
        return internalError("a layout of components needs the features of the heads");
    const Eigen::MatrixXd matrix = distanceMatrix(distances);
    const auto points = classicalScaling(matrix, kMostDimensions, stop);
    if (!points) return points.error();
    const auto merges = averageLinkage(matrix, stop);
    if (!merges) return merges.error();

    HeadClusters clusters;
    clusters.layout =
        options.layout == HeadLayout::neighbours && distances.heads.size() < kFewestForNeighbours
            ? HeadLayout::scaling
            : options.layout;
    clusters.method = options.method;
    for (const auto& merge : *merges)
        clusters.tree.push_back({merge.left, merge.right, merge.height, merge.size});
    const Grouping grouping(matrix, *points, *merges, options.method);
    int best = 1;
    double most = -std::numeric_limits<double>::infinity();
    for (int number = 2; number <= std::min(kMostClusters, count - 1); ++number) {
        const auto groups = grouping.into(number, stop);
        if (!groups) return groups.error();
        // Fewer different heads than clusters: what was found is a smaller number's.
        const double silhouette = groups->clusters == number ? groups->silhouette : kNone;
        clusters.byCount.push_back({number, silhouette});
        if (silhouette > most) {
            most = silhouette;
            best = number;
        }
    }
    const auto groups = grouping.into(options.clusters.value_or(best), stop);
    if (!groups) return groups.error();
    const auto plane = places(distances, *points, clusters.layout, progress, stop);
    if (!plane) return plane.error();
    clusters.silhouette = groups->silhouette;
    clusters.clusters = describe(matrix, *groups);
    for (std::size_t head = 0; head < distances.heads.size(); ++head)
        clusters.heads.push_back({distances.heads[head], groups->labels[head], groups->silhouettes[head],
                                  plane->cols() > 0 ? (*plane)(index(head), 0) : 0.0,
                                  plane->cols() > 1 ? (*plane)(index(head), 1) : 0.0});
    return clusters;
}

}  // namespace attnviz
