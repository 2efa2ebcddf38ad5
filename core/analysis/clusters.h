// Heads that do alike: distances between all chosen heads, a picture of them in the plane, and groups.
//
// In two steps, so that a window can change the second without reading attention again: `headDistances` reads
// the rows, `clusterDistances` is quick. Two distances: the square root of the mean Jensen-Shannon divergence
// of the heads' rows on this text (Clark et al. 2019), or the Euclidean distance of standardized features
// that do not depend on the text's length. Everything is reproducible: seeds are fixed, ties go to the first
// head.
#pragma once

#include <optional>
#include <stop_token>
#include <string_view>
#include <vector>

#include "core/analysis/head_divergence.h"
#include "core/attention/attention_run.h"
#include "core/base/progress.h"
#include "core/base/result.h"

namespace attnviz {

enum class HeadMetric { jensenShannon, features };
enum class HeadLayout { scaling, components, neighbours };  // classical MDS, PCA of features, t-SNE
enum class ClusterMethod { kMeans, averageLinkage };
std::string_view headMetricName(HeadMetric metric);        // "js", "features": values of options, keys
std::string_view headLayoutName(HeadLayout layout);        // "mds", "pca", "tsne"
std::string_view clusterMethodName(ClusterMethod method);  // "k-means", "average-linkage"

struct DistanceOptions {
    std::vector<int> layers = {}, heads = {};  // empty: all
    HeadMetric metric = HeadMetric::jensenShannon;
    bool withFeatures = false;  // measure features too, for a layout of components
    DivergenceOptions divergence = {};
};

struct HeadDistances {
    HeadMetric metric = HeadMetric::jensenShannon;
    std::vector<HeadId> heads;   // in the order layer, head
    std::vector<double> values;  // (heads, heads), symmetric, 0 on the diagonal; no NaN
    // Standardized features (heads, featureCount), where the metric is made of them or they were asked for.
    std::vector<double> features;
    int featureCount = 0;
    int rows = 0, rowsOfText = 0;  // compared by the Jensen-Shannon metric, and there; 0 for features

    bool sampled() const { return rows < rowsOfText; }
    double at(std::size_t left, std::size_t right) const { return values[left * heads.size() + right]; }
};

// A pair of heads without a common row (a filter took all of it) is an Error, and so is a text of which no
// row sees two keys.
Result<HeadDistances> headDistances(const AttentionRun& run, const AttentionSource& source,
                                    const DistanceOptions& options = {}, const ProgressSink& progress = {},
                                    std::stop_token stop = {});

// The same among some of the heads: those of `heads` that were measured, in that order, each once. Their
// features are standardized anew, and so are distances that are made of them.
HeadDistances distancesAmong(const HeadDistances& distances, const std::vector<HeadId>& heads);

struct ClusterOptions {
    HeadLayout layout = HeadLayout::scaling;
    ClusterMethod method = ClusterMethod::kMeans;
    std::optional<int> clusters = {};  // 1 to the number of heads; absent: the best mean silhouette
};

struct HeadPlace {
    HeadId head;
    int cluster = 0;        // numbered in the order in which the heads name them
    double silhouette = 0;  // -1 to 1; 0 alone in a cluster; NaN for one cluster, or as many as heads
    double x = 0, y = 0;
};
struct HeadCluster {
    std::size_t medoid = 0;  // index of the head that is nearest to the others of its cluster
    int size = 0;
    double silhouette = 0;  // mean; NaN where its heads have none
};
struct SilhouetteOfCount {
    int clusters = 0;
    double silhouette = 0;  // mean over the heads; NaN where there is none
};
// The tree of average linkage. Heads are nodes 0 to n - 1, by index; merge i makes node n + i.
struct TreeMerge {
    int left = 0, right = 0;
    double height = 0;  // mean distance between the heads of the two
    int size = 0;
};

struct HeadClusters {
    HeadLayout layout = HeadLayout::scaling;  // as drawn: t-SNE of fewer than five heads is MDS
    ClusterMethod method = ClusterMethod::kMeans;
    std::vector<HeadPlace> heads;
    std::vector<HeadCluster> clusters;
    double silhouette = 0;                   // mean over the heads; NaN where there is none
    std::vector<SilhouetteOfCount> byCount;  // from 2 to min(10, heads - 1)
    std::vector<TreeMerge> tree;             // lowest first
};

Result<HeadClusters> clusterDistances(const HeadDistances& distances, const ClusterOptions& options = {},
                                      const ProgressSink& progress = {}, std::stop_token stop = {});

}  // namespace attnviz
