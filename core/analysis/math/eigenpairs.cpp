#include "core/analysis/math/eigenpairs.h"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <random>

namespace attnviz {
namespace {

constexpr Eigen::Index kWhole = 200;  // up to this size Lanczos gains nothing
constexpr double kResidual = 1e-9;

// The same numbers on every platform: the library's distributions are its own affair, its generators are not.
class Directions {
 public:
    Eigen::VectorXd next(Eigen::Index size) {
        Eigen::VectorXd direction(size);
        for (double& value : direction) value = static_cast<double>(m_random()) / 4294967295.0 - 0.5;
        return direction;
    }

 private:
    std::mt19937 m_random{42};
};

// `solver` has them in ascending order.
Eigenpairs largestOf(const Eigen::VectorXd& values, const Eigen::MatrixXd& vectors, Eigen::Index count) {
    count = std::min(count, values.size());
    Eigenpairs pairs{values.tail(count).reverse(), vectors.rightCols(count).rowwise().reverse()};
    for (Eigen::Index i = 0; i < count; ++i) {
        Eigen::Index largest = 0;
        pairs.vectors.col(i).cwiseAbs().maxCoeff(&largest);
        if (pairs.vectors(largest, i) < 0) pairs.vectors.col(i) *= -1;
    }
    return pairs;
}

Result<Eigenpairs> byLanczos(const Eigen::MatrixXd& symmetric, Eigen::Index count,
                             const std::stop_token& stop) {
    const Eigen::Index size = symmetric.rows();
    Directions directions;
    Eigen::MatrixXd basis(size, 0);
    Eigen::VectorXd diagonal(size), beside(size);
    Eigen::VectorXd vector = directions.next(size).normalized();
    const double scale = symmetric.cwiseAbs().maxCoeff();
    Eigen::Index steps = 0, judgeAt = std::min(size, std::max<Eigen::Index>(2 * count, 80));
    while (true) {
        if (stop.stop_requested()) return cancelled();
        if (basis.cols() == steps)
            basis.conservativeResize(Eigen::NoChange, std::min(size, basis.cols() + 64));
        basis.col(steps) = vector;
        const auto known = basis.leftCols(++steps);
        Eigen::VectorXd next = symmetric.selfadjointView<Eigen::Lower>() * vector;
        diagonal[steps - 1] = next.dot(vector);
        // Twice is enough (Parlett, The Symmetric Eigenvalue Problem, 6.9).
        for (int pass = 0; pass < 2; ++pass) next -= known * (known.transpose() * next).eval();
        double length = next.norm();
        const double residue = length;
        if (length <= 1e-13 * scale * static_cast<double>(size) && steps < size) {
            // What was reached maps to itself: go on from somewhere else.
            next = directions.next(size);
            for (int pass = 0; pass < 2; ++pass) next -= known * (known.transpose() * next).eval();
            length = next.norm();
            beside[steps - 1] = 0;
        } else {
            beside[steps - 1] = length;
        }
        if (steps >= judgeAt || steps == size) {
            Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver;
            solver.computeFromTridiagonal(diagonal.head(steps), beside.head(steps - 1));
            const double most =
                std::max(std::abs(solver.eigenvalues()[0]), std::abs(solver.eigenvalues()[steps - 1]));
            const auto last = solver.eigenvectors().row(steps - 1).tail(std::min(count, steps));
            if (steps == size || last.cwiseAbs().maxCoeff() * residue <= kResidual * most) {
                const Eigen::Index wanted = std::min(count, steps);
                const Eigen::MatrixXd vectors = known * solver.eigenvectors().rightCols(wanted);
                return largestOf(solver.eigenvalues().tail(wanted), vectors, wanted);
            }
            judgeAt = steps + steps / 3;
        }
        vector = next / length;
    }
}

}  // namespace

Result<Eigenpairs> largestEigenpairs(const Eigen::MatrixXd& symmetric, int count, std::stop_token stop) {
    if (stop.stop_requested()) return cancelled();
    if (symmetric.rows() > kWhole && 3 * count < symmetric.rows()) return byLanczos(symmetric, count, stop);
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(symmetric);
    return largestOf(solver.eigenvalues(), solver.eigenvectors(), count);
}

}  // namespace attnviz
