#include "core/analysis/math/k_means.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>

namespace attnviz {
namespace {

constexpr int kMostRounds = 300;
using Index = Eigen::Index;

// Points as columns: a point's coordinates lie together.
class Start {
 public:
    Start(const Eigen::MatrixXd& points, int clusters)
        : m_points(points),
          m_means(points.rows(), clusters),
          m_labels(static_cast<std::size_t>(points.cols()), -1) {}

    // The first mean is any point, each next one a point drawn by its squared distance to the nearest before:
    // of a few draws the one that leaves the least (greedy, as the authors' own code does).
    void choose(std::mt19937& random) {
        const Index count = m_points.cols();
        const auto draw = [&] { return static_cast<double>(random()) / 4294967296.0; };
        const int draws = 2 + static_cast<int>(std::log(static_cast<double>(m_means.cols())));
        m_means.col(0) = m_points.col(static_cast<Index>(draw() * static_cast<double>(count)));
        Eigen::VectorXd nearest = awayFrom(m_means.col(0));
        for (Index cluster = 1; cluster < m_means.cols(); ++cluster) {
            Eigen::VectorXd least;
            for (int one = 0; one < draws; ++one) {
                double left = draw() * nearest.sum();
                Index chosen = 0;
                while (chosen + 1 < count && (left -= nearest[chosen]) >= 0) ++chosen;
                Eigen::VectorXd then = nearest.cwiseMin(awayFrom(m_points.col(chosen)));
                if (one > 0 && then.sum() >= least.sum()) continue;
                least = std::move(then);
                m_means.col(cluster) = m_points.col(chosen);
            }
            nearest = std::move(least);
        }
    }

    void settle(const std::stop_token& stop) {
        for (int round = 0; round < kMostRounds && !stop.stop_requested(); ++round) {
            if (!assign()) break;
            update();
        }
    }

    double inertia() const { return m_inertia; }
    const std::vector<int>& labels() const { return m_labels; }

 private:
    Eigen::VectorXd awayFrom(const Eigen::VectorXd& place) const {
        return (m_points.colwise() - place).colwise().squaredNorm();
    }

    bool assign() {
        bool changed = false;
        m_inertia = 0;
        m_away.assign(m_labels.size(), 0);
        for (std::size_t point = 0; point < m_labels.size(); ++point) {
            Index nearest = 0;
            const double away = (m_means.colwise() - m_points.col(static_cast<Index>(point)))
                                    .colwise()
                                    .squaredNorm()
                                    .minCoeff(&nearest);
            changed = changed || m_labels[point] != static_cast<int>(nearest);
            m_labels[point] = static_cast<int>(nearest);
            m_away[point] = away;
            m_inertia += away;
        }
        return changed;
    }

    void update() {
        Eigen::VectorXd sizes = Eigen::VectorXd::Zero(m_means.cols());
        m_means.setZero();
        for (std::size_t point = 0; point < m_labels.size(); ++point) {
            m_means.col(m_labels[point]) += m_points.col(static_cast<Index>(point));
            sizes[m_labels[point]] += 1;
        }
        for (Index cluster = 0; cluster < m_means.cols(); ++cluster) {
            if (sizes[cluster] > 0) {
                m_means.col(cluster) /= sizes[cluster];
                continue;
            }
            // A cluster that lost its points takes the one that is worst off where it is.
            const auto worst = std::max_element(m_away.begin(), m_away.end());
            m_means.col(cluster) = m_points.col(static_cast<Index>(worst - m_away.begin()));
            *worst = 0;
        }
    }

    const Eigen::MatrixXd& m_points;  // (dimensions, points)
    Eigen::MatrixXd m_means;          // (dimensions, clusters)
    std::vector<int> m_labels;
    std::vector<double> m_away;
    double m_inertia = 0;
};

}  // namespace

int renumber(std::vector<int>& labels) {
    std::map<int, int> numbers;
    for (int& label : labels) label = numbers.emplace(label, static_cast<int>(numbers.size())).first->second;
    return static_cast<int>(numbers.size());
}

Result<KMeans> kMeans(const Eigen::MatrixXd& points, const KMeansOptions& options, std::stop_token stop) {
    const Eigen::MatrixXd columns = points.transpose();
    std::mt19937 random(options.seed);
    KMeans best;
    best.inertia = std::numeric_limits<double>::infinity();
    for (int number = 0; number < options.starts; ++number) {
        Start start(columns, options.clusters);
        start.choose(random);
        start.settle(stop);
        if (stop.stop_requested()) return cancelled();
        // By a little less is no better: then the earlier start stays, whatever the rounding.
        if (start.inertia() < best.inertia * (1 - 1e-12)) {
            best.inertia = start.inertia();
            best.labels = start.labels();
        }
    }
    best.clusters = renumber(best.labels);
    return best;
}

}  // namespace attnviz
