// Agglomeration by average distance (UPGMA, Sokal and Michener 1958): the nearest two clusters are joined
// until one is left, which gives a tree.
//
// By chains of nearest neighbours (Müllner 2011), in time of the square of the points.
#pragma once

#include <Eigen/Core>
#include <stop_token>
#include <vector>

#include "core/base/result.h"

namespace attnviz {

// Points are clusters 0 to n - 1; merge i makes the cluster n + i, as in SciPy.
struct Merge {
    int left = 0, right = 0;  // left < right
    double height = 0;        // mean distance between the two
    int size = 0;             // points of the new one
};

// n - 1 merges, lowest first. `distances` is symmetric, without NaN.
Result<std::vector<Merge>> averageLinkage(Eigen::MatrixXd distances, std::stop_token stop = {});

// Cluster of each of the n points where the tree is cut into `clusters` parts (1 to n), numbered from 0 in
// the order in which they appear.
std::vector<int> cutTree(const std::vector<Merge>& merges, int clusters);

}  // namespace attnviz
