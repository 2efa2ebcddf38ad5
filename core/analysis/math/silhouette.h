// How well a point lies in its cluster: the silhouette (Rousseeuw 1987).
#pragma once

#include <Eigen/Core>
#include <vector>

namespace attnviz {

// By point: (b - a) / max(a, b) with a the mean distance to the others of its cluster and b the least mean
// distance to another cluster; 0 for a point alone in its cluster. NaN for all unless there are 2 to n - 1
// clusters. `labels` are 0 to `clusters` - 1.
std::vector<double> silhouettes(const Eigen::MatrixXd& distances, const std::vector<int>& labels,
                                int clusters);

}  // namespace attnviz
