// Points from their distances: classical multidimensional scaling (Torgerson 1952), and points from features:
// principal components.
#pragma once

#include <Eigen/Core>
#include <stop_token>

#include "core/base/result.h"

namespace attnviz {

// Coordinates (points, dimensions) from a symmetric matrix of distances, in the order of the variance that
// they carry: all dimensions of positive variance, at most `dimensions`. Distances of a metric that fits into
// Euclidean space (the square root of a Jensen-Shannon divergence does) are met exactly if all are kept.
Result<Eigen::MatrixXd> classicalScaling(const Eigen::MatrixXd& distances, int dimensions,
                                         std::stop_token stop = {});

// Columns to mean 0 and population deviation 1. A column that is undefined (NaN) in every row, or the same in
// all, carries nothing and is left out; a single undefined value becomes the mean, 0.
Eigen::MatrixXd standardized(const Eigen::MatrixXd& features);

// The projections (points, dimensions) of centred columns on their directions of largest variance.
Result<Eigen::MatrixXd> principalComponents(const Eigen::MatrixXd& centred, int dimensions,
                                            std::stop_token stop = {});

// Euclidean distances between rows, (points, points).
Eigen::MatrixXd euclideanDistances(const Eigen::MatrixXd& points);

}  // namespace attnviz
