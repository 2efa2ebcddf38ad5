// Points in the plane that keep their neighbours: t-SNE (van der Maaten and Hinton 2008), exact.
//
// Nothing is drawn by chance: it begins with the first two columns of the points, small, so that one input
// gives one picture.
#pragma once

#include <Eigen/Core>
#include <stop_token>

#include "core/base/progress.h"
#include "core/base/result.h"

namespace attnviz {

struct EmbeddingOptions {
    double perplexity =
        15;  // how many neighbours a point has, roughly; at least 1, below the number of points
    int iterations = 1000;  // the first quarter with neighbours drawn 12 times as strong
};

// (points, 2), centred. Takes two symmetric halves of (points, points). Stops when nothing moves any more.
Result<Eigen::MatrixXd> neighbourEmbedding(const Eigen::MatrixXd& points, const EmbeddingOptions& options,
                                           const ProgressSink& progress = {}, std::stop_token stop = {});

// What it makes small: the divergence (Kullback-Leibler, nats) of the plane's neighbours from the points'
// own.
double embeddingDivergence(const Eigen::MatrixXd& points, const Eigen::MatrixXd& plane, double perplexity);

}  // namespace attnviz
