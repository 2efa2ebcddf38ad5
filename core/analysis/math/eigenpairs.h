// The largest eigenvalues of a symmetric matrix, with their vectors.
//
// Small matrices are decomposed whole; for large ones Lanczos' iteration with full reorthogonalization
// (Golub and Van Loan, Matrix Computations, 10.3) stops as soon as the asked pairs stand: an eigenvalue that
// is there several times may then be found fewer times.
#pragma once

#include <Eigen/Core>
#include <stop_token>

#include "core/base/result.h"

namespace attnviz {

struct Eigenpairs {
    Eigen::VectorXd values;   // largest first
    Eigen::MatrixXd vectors;  // columns of unit length, whose largest component is positive
};

// `count` of them, or as many as there are. Residuals are within 1e-9 of the largest absolute eigenvalue.
Result<Eigenpairs> largestEigenpairs(const Eigen::MatrixXd& symmetric, int count, std::stop_token stop = {});

}  // namespace attnviz
