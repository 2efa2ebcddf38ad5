#include "core/analysis/math/scaling.h"

#include <cmath>
#include <vector>

#include "core/analysis/math/eigenpairs.h"

namespace attnviz {
namespace {

// Eigenvectors times the roots of their eigenvalues, without those that rounding alone makes positive.
Eigen::MatrixXd scaledVectors(const Eigenpairs& pairs) {
    Eigen::Index kept = 0;
    while (kept < pairs.values.size() && pairs.values[kept] > 0 &&
           pairs.values[kept] > 1e-10 * pairs.values[0])
        ++kept;
    return pairs.vectors.leftCols(kept) * pairs.values.head(kept).cwiseSqrt().asDiagonal();
}

}  // namespace

Result<Eigen::MatrixXd> classicalScaling(const Eigen::MatrixXd& distances, int dimensions,
                                         std::stop_token stop) {
    Eigen::MatrixXd products = -0.5 * distances.cwiseAbs2();
    products.rowwise() -= products.colwise().mean().eval();
    products.colwise() -= products.rowwise().mean().eval();
    auto pairs = largestEigenpairs(products, dimensions, std::move(stop));
    if (!pairs) return pairs.error();
    return scaledVectors(*pairs);
}

Eigen::MatrixXd standardized(const Eigen::MatrixXd& features) {
    std::vector<Eigen::VectorXd> columns;
    for (Eigen::Index column = 0; column < features.cols(); ++column) {
        double sum = 0, squares = 0;
        Eigen::Index known = 0;
        for (const double value : features.col(column)) {
            if (std::isnan(value)) continue;
            sum += value;
            ++known;
        }
        if (known == 0) continue;
        const double mean = sum / static_cast<double>(known);
        Eigen::VectorXd centred = features.col(column).array() - mean;
        for (double& value : centred) {
            if (std::isnan(value)) value = 0;
            squares += value * value;
        }
        const double deviation = std::sqrt(squares / static_cast<double>(known));
        if (!(deviation > 1e-12 * (1 + std::abs(mean)))) continue;
        columns.emplace_back(centred / deviation);
    }
    Eigen::MatrixXd result(features.rows(), static_cast<Eigen::Index>(columns.size()));
    for (std::size_t column = 0; column < columns.size(); ++column)
        result.col(static_cast<Eigen::Index>(column)) = columns[column];
    return result;
}

Result<Eigen::MatrixXd> principalComponents(const Eigen::MatrixXd& centred, int dimensions,
                                            std::stop_token stop) {
    if (centred.cols() == 0) return Eigen::MatrixXd(centred.rows(), 0);
    const Eigen::MatrixXd covariance = centred.transpose() * centred;
    auto pairs = largestEigenpairs(covariance, dimensions, std::move(stop));
    if (!pairs) return pairs.error();
    Eigen::MatrixXd projected = centred * pairs->vectors;
    for (Eigen::Index column = 0; column < projected.cols(); ++column) {
        Eigen::Index largest = 0;
        projected.col(column).cwiseAbs().maxCoeff(&largest);
        if (projected(largest, column) < 0) projected.col(column) *= -1;
    }
    return projected;
}

Eigen::MatrixXd euclideanDistances(const Eigen::MatrixXd& points) {
    const Eigen::Index count = points.rows();
    Eigen::MatrixXd distances = Eigen::MatrixXd::Zero(count, count);
    for (Eigen::Index i = 0; i < count; ++i)
        for (Eigen::Index j = 0; j < i; ++j)
            distances(i, j) = distances(j, i) = (points.row(i) - points.row(j)).norm();
    return distances;
}

}  // namespace attnviz
