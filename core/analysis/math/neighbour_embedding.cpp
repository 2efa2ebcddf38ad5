#include "core/analysis/math/neighbour_embedding.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/analysis/math/scaling.h"

namespace attnviz {
namespace {

constexpr double kExaggeration = 12;
constexpr double kStill = 1e-7;  // length of the gradient
constexpr double kLeast = 1e-300;

// One point's neighbours: p_j = exp(-beta d_j^2) / sum, with the beta of the asked perplexity, by bisection.
void neighbours(Eigen::VectorXd& squares, Eigen::Index self, double perplexity) {
    const double wanted = std::log(perplexity);
    const double least = [&] {
        double smallest = std::numeric_limits<double>::infinity();
        for (Eigen::Index j = 0; j < squares.size(); ++j)
            if (j != self) smallest = std::min(smallest, squares[j]);
        return smallest;
    }();
    double beta = 1, low = 0, high = std::numeric_limits<double>::infinity();
    Eigen::VectorXd shares(squares.size());
    for (int step = 0; step < 100; ++step) {
        // Relative to the nearest, so that the sum is never 0.
        shares = (-beta * (squares.array() - least)).exp();
        shares[self] = 0;
        const double sum = shares.sum();
        shares /= sum;
        double entropy = 0;
        for (const double share : shares)
            if (share > 0) entropy -= share * std::log(share);
        if (std::abs(entropy - wanted) < 1e-10) break;
        (entropy > wanted ? low : high) = beta;
        beta = std::isinf(high) ? beta * 2 : (low + high) / 2;
    }
    squares = shares;
}

// p_ij = (p_j|i + p_i|j) / 2n, by pairs i > j, row by row.
std::vector<double> jointNeighbours(const Eigen::MatrixXd& points, double perplexity) {
    Eigen::MatrixXd conditional = euclideanDistances(points).cwiseAbs2();
    const Eigen::Index count = points.rows();
    for (Eigen::Index i = 0; i < count; ++i) {
        Eigen::VectorXd row = conditional.col(i);
        neighbours(row, i, perplexity);
        conditional.col(i) = row;
    }
    std::vector<double> joint;
    joint.reserve(static_cast<std::size_t>(count * (count - 1) / 2));
    for (Eigen::Index i = 0; i < count; ++i)
        for (Eigen::Index j = 0; j < i; ++j)
            joint.push_back((conditional(i, j) + conditional(j, i)) / (2 * static_cast<double>(count)));
    return joint;
}

class Plane {
 public:
    Plane(const Eigen::MatrixXd& points, std::vector<double> joint)
        : m_joint(std::move(joint)), m_count(static_cast<std::size_t>(points.rows())) {
        m_x.resize(m_count);
        m_y.resize(m_count);
        const double spread =
            points.cols() > 0 ? std::sqrt(points.col(0).squaredNorm() / static_cast<double>(points.rows()))
                              : 0.0;
        for (std::size_t i = 0; i < m_count; ++i) {
            const auto row = static_cast<Eigen::Index>(i);
            if (spread > 0) m_x[i] = points(row, 0) / spread * 1e-4;
            if (spread > 0 && points.cols() > 1) m_y[i] = points(row, 1) / spread * 1e-4;
        }
        m_moveX.assign(m_count, 0);
        m_moveY.assign(m_count, 0);
        m_gainX.assign(m_count, 1);
        m_gainY.assign(m_count, 1);
        m_near.resize(m_joint.size());
    }

    // One step down the gradient; its length.
    double step(double exaggeration, double momentum, double rate) {
        double sum = 0;
        for (std::size_t i = 1, pair = 0; i < m_count; ++i)
            for (std::size_t j = 0; j < i; ++j, ++pair) {
                const double dx = m_x[i] - m_x[j], dy = m_y[i] - m_y[j];
                m_near[pair] = 1 / (1 + dx * dx + dy * dy);
                sum += m_near[pair];
            }
        const double scale = 1 / (2 * sum);
        m_pullX.assign(m_count, 0);
        m_pullY.assign(m_count, 0);
        for (std::size_t i = 1, pair = 0; i < m_count; ++i) {
            double pullX = 0, pullY = 0;
            for (std::size_t j = 0; j < i; ++j, ++pair) {
                const double near = m_near[pair];
                const double pull = (exaggeration * m_joint[pair] - near * scale) * near;
                const double dx = pull * (m_x[i] - m_x[j]), dy = pull * (m_y[i] - m_y[j]);
                pullX += dx;
                pullY += dy;
                m_pullX[j] -= dx;
                m_pullY[j] -= dy;
            }
            m_pullX[i] += pullX;
            m_pullY[i] += pullY;
        }
        const double length = move(m_x, m_moveX, m_gainX, m_pullX, momentum, rate) +
                              move(m_y, m_moveY, m_gainY, m_pullY, momentum, rate);
        return std::sqrt(length);
    }

    Eigen::MatrixXd coordinates() const {
        Eigen::MatrixXd plane(static_cast<Eigen::Index>(m_count), 2);
        for (std::size_t i = 0; i < m_count; ++i) plane.row(static_cast<Eigen::Index>(i)) << m_x[i], m_y[i];
        plane.rowwise() -= plane.colwise().mean().eval();
        return plane;
    }

 private:
    // Momentum, and a gain for each coordinate that grows while its direction lasts (Jacobs 1988).
    static double move(std::vector<double>& at, std::vector<double>& moves, std::vector<double>& gains,
                       const std::vector<double>& pulls, double momentum, double rate) {
        double squares = 0;
        for (std::size_t i = 0; i < at.size(); ++i) {
            const double gradient = 4 * pulls[i];
            squares += gradient * gradient;
            gains[i] = gradient * moves[i] < 0 ? gains[i] + 0.2 : std::max(0.01, gains[i] * 0.8);
            moves[i] = momentum * moves[i] - rate * gains[i] * gradient;
            at[i] += moves[i];
        }
        return squares;
    }

    std::vector<double> m_joint, m_near;  // by pair
    std::size_t m_count;
    std::vector<double> m_x, m_y, m_moveX, m_moveY, m_gainX, m_gainY, m_pullX, m_pullY;
};

}  // namespace

Result<Eigen::MatrixXd> neighbourEmbedding(const Eigen::MatrixXd& points, const EmbeddingOptions& options,
                                           const ProgressSink& progress, std::stop_token stop) {
    if (stop.stop_requested()) return cancelled();
    Plane plane(points, jointNeighbours(points, options.perplexity));
    const int early = options.iterations / 4;
    // The rate of Belkina et al. 2019 with scikit-learn's least of 50, but that leaps over the minima of few
    // points.
    const auto count = static_cast<double>(points.rows());
    const double rate = std::max(count / kExaggeration / 4, std::min(50.0, count / 4));
    for (int step = 0; step < options.iterations; ++step) {
        if (stop.stop_requested()) return cancelled();
        const bool first = step < early;
        const double length = plane.step(first ? kExaggeration : 1, first ? 0.5 : 0.8, rate);
        if (!first && length < kStill) break;
        if (progress && step % 50 == 0)
            progress({"Placing neighbours, step " + std::to_string(step) + " of " +
                          std::to_string(options.iterations),
                      static_cast<double>(step) / options.iterations});
    }
    return plane.coordinates();
}

double embeddingDivergence(const Eigen::MatrixXd& points, const Eigen::MatrixXd& plane, double perplexity) {
    const auto joint = jointNeighbours(points, perplexity);
    std::vector<double> near;
    double sum = 0;
    for (Eigen::Index i = 0; i < plane.rows(); ++i)
        for (Eigen::Index j = 0; j < i; ++j) {
            near.push_back(1 / (1 + (plane.row(i) - plane.row(j)).squaredNorm()));
            sum += 2 * near.back();
        }
    double divergence = 0;
    for (std::size_t pair = 0; pair < joint.size(); ++pair)
        if (joint[pair] > 0)
            divergence += 2 * joint[pair] * std::log(joint[pair] / std::max(kLeast, near[pair] / sum));
    return divergence;
}

}  // namespace attnviz
