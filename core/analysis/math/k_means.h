// k-means: groups whose points are near their mean (Lloyd 1982), begun as k-means++ does (Arthur and
// Vassilvitskii 2007).
#pragma once

#include <Eigen/Core>
#include <stop_token>
#include <vector>

#include "core/base/result.h"

namespace attnviz {

struct KMeansOptions {
    int clusters = 2;  // at least 1
    int starts = 10;   // the one with the least inertia is kept
    unsigned seed = 42;
};

struct KMeans {
    std::vector<int> labels;  // by point, from 0 in the order in which clusters appear
    int clusters = 0;         // fewer than asked for where fewer points differ
    double inertia = 0;       // sum of squared distances to the means
};

// `points` (points, dimensions). The same input gives the same groups, on every machine.
Result<KMeans> kMeans(const Eigen::MatrixXd& points, const KMeansOptions& options, std::stop_token stop = {});

// Labels numbered in the order in which they appear; the number of different ones.
int renumber(std::vector<int>& labels);

}  // namespace attnviz
