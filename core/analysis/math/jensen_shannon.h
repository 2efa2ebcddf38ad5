// How far two distributions are apart, in nats: the Jensen-Shannon divergence (Lin 1991), which is 0 for
// equal ones, ln 2 for those that share nothing, and whose square root is a metric.
//
// JS(p, q) = sum m ln m by its negative: H(m) - (H(p) + H(q)) / 2 with m = (p + q) / 2. The sums are what
// takes the time where many pairs are compared, so they stand alone, and a row's own is taken once.
#pragma once

#include <span>

namespace attnviz {

// sum m ln m over m = (p + q) / 2, 0 ln 0 = 0. Nothing is negative; both are of one length. Within 1e-14 of
// its size. With q = p it is sum p ln p, bit for bit the same whatever was asked before.
double mixtureLogSum(std::span<const double> p, std::span<const double> q);

// From the three sums; clamped to [0, ln 2]. Both distributions sum to 1.
double jensenShannon(double logSumOfP, double logSumOfQ, double logSumOfMixture);
double jensenShannon(std::span<const double> p, std::span<const double> q);

}  // namespace attnviz
