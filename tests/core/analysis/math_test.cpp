// The mathematics of head clusters against SciPy, scikit-learn and NumPy (cluster_expected.json), and against
// the obvious way of doing it.
#include <Eigen/Eigenvalues>
#include <QtTest>
#include <numbers>
#include <random>

#include "core/analysis/math/average_linkage.h"
#include "core/analysis/math/eigenpairs.h"
#include "core/analysis/math/jensen_shannon.h"
#include "core/analysis/math/k_means.h"
#include "core/analysis/math/neighbour_embedding.h"
#include "core/analysis/math/scaling.h"
#include "core/analysis/math/silhouette.h"
#include "core/base/json_parse.h"
#include "tests/core/analysis/analysis_cases.h"
#include "tests/support/shared_data.h"

using namespace attnviz;
using namespace attnviz::test;
using Eigen::MatrixXd;

namespace {

MatrixXd matrixOf(const JsonValue& values, Eigen::Index columns) {
    const auto& items = values.items();
    MatrixXd matrix(static_cast<Eigen::Index>(items.size()) / columns, columns);
    for (std::size_t i = 0; i < items.size(); ++i)
        matrix(static_cast<Eigen::Index>(i) / columns, static_cast<Eigen::Index>(i) % columns) =
            items[i].numberOr(std::nan(""));
    return matrix;
}

std::vector<int> labelsOf(const JsonValue& values) {
    std::vector<int> labels;
    for (const auto& label : values.items()) labels.push_back(static_cast<int>(label.integerOr(-1)));
    return labels;
}

MatrixXd flipped(MatrixXd columns) {
    for (Eigen::Index column = 0; column < columns.cols(); ++column) {
        Eigen::Index largest = 0;
        columns.col(column).cwiseAbs().maxCoeff(&largest);
        if (columns(largest, column) < 0) columns.col(column) *= -1;
    }
    return columns;
}

MatrixXd randomPoints(Eigen::Index count, Eigen::Index dimensions, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<double> normal;
    MatrixXd points(count, dimensions);
    for (double& value : points.reshaped()) value = normal(random);
    return points;
}

}  // namespace

class MathTest : public QObject {
    Q_OBJECT

    JsonValue m_expected;
    MatrixXd m_points, m_distances;

 private slots:
    void initTestCase() {
        auto document = readJsonFile(sourceDir() / "tests/core/analysis/cluster_expected.json");
        QVERIFY(document.ok());
        m_expected = std::move(*document);
        m_points = matrixOf(m_expected["points"], m_expected["dimensions"].integerOr(0));
        m_distances = euclideanDistances(m_points);
    }

    void divergenceIsTheObviousSum() {
        std::mt19937 random(3);
        std::uniform_real_distribution<double> uniform;
        for (std::size_t size = 1; size < 40; ++size) {
            std::vector<double> p(size), q(size);
            double sumP = 0, sumQ = 0;
            for (std::size_t i = 0; i < size; ++i) {
                sumP += p[i] = i % 5 == 3 ? 0 : std::pow(uniform(random), 9);
                sumQ += q[i] = i % 7 == 2 ? 0 : std::pow(uniform(random), 30);
            }
            double wanted = 0;
            for (std::size_t i = 0; i < size; ++i) {
                p[i] /= sumP;
                q[i] /= sumQ;
                const double m = (p[i] + q[i]) / 2;
                if (p[i] > 0) wanted += p[i] / 2 * std::log(p[i] / m);
                if (q[i] > 0) wanted += q[i] / 2 * std::log(q[i] / m);
            }
            QVERIFY(std::abs(jensenShannon(p, q) - wanted) < 1e-14);
            QCOMPARE(jensenShannon(p, p), 0.0);
            QCOMPARE(jensenShannon(q, p), jensenShannon(p, q));
        }
        QCOMPARE(jensenShannon(std::vector{1.0, 0.0}, std::vector{0.0, 1.0}), std::numbers::ln2);
    }

    void eigenpairsOfALargeMatrixAreThoseOfTheWholeDecomposition() {
        for (const Eigen::Index size : {120, 500}) {
            const MatrixXd points = randomPoints(size, 90, 5);
            const MatrixXd symmetric = points * points.transpose() - 20 * MatrixXd::Identity(size, size);
            const Eigen::SelfAdjointEigenSolver<MatrixXd> whole(symmetric);
            const auto pairs = largestEigenpairs(symmetric, 30);
            QVERIFY(pairs.ok());
            QCOMPARE(pairs->values.size(), Eigen::Index{30});
            for (Eigen::Index i = 0; i < 30; ++i) {
                const double wanted = whole.eigenvalues()[size - 1 - i];
                QVERIFY(std::abs(pairs->values[i] - wanted) < 1e-9 * whole.eigenvalues()[size - 1]);
                const Eigen::VectorXd vector = pairs->vectors.col(i);
                QVERIFY((symmetric * vector - wanted * vector).norm() < 1e-7 * wanted);
                QVERIFY(std::abs(vector.norm() - 1) < 1e-9);
            }
        }
        // Rank 2: what is reached after two steps maps to itself.
        const MatrixXd thin = randomPoints(300, 2, 8);
        const auto pairs = largestEigenpairs(thin * thin.transpose(), 5);
        QVERIFY(pairs.ok() && pairs->values[1] > 100 && std::abs(pairs->values[2]) < 1e-9);
        const auto none = largestEigenpairs(MatrixXd::Zero(300, 300), 5);
        QVERIFY(none.ok() && none->values.isZero());
    }

    void scalingIsNumPys() {
        const auto scaled = classicalScaling(m_distances, 50);
        QVERIFY(scaled.ok());
        QCOMPARE(scaled->cols(), Eigen::Index{4});
        QVERIFY((flipped(*scaled) - matrixOf(m_expected["scaling"], 4)).cwiseAbs().maxCoeff() < 1e-9);
        // Euclidean distances are met exactly.
        QVERIFY((euclideanDistances(*scaled) - m_distances).cwiseAbs().maxCoeff() < 1e-12);
        // Of points that are all in one place there is nothing to draw.
        QCOMPARE(classicalScaling(MatrixXd::Zero(3, 3), 50)->cols(), Eigen::Index{0});
        QCOMPARE(classicalScaling(MatrixXd::Zero(1, 1), 50)->cols(), Eigen::Index{0});
    }

    void standardizedColumnsAndTheirComponentsAreScikitLearns() {
        MatrixXd features = m_points;
        features.col(1) *= 10;
        features.col(2) *= 0.1;
        features.col(3) *= 3;
        features.array() += 5;
        const MatrixXd scaled = standardized(features);
        QVERIFY((scaled - matrixOf(m_expected["standardized"], 4)).cwiseAbs().maxCoeff() < 1e-9);
        const auto components = principalComponents(scaled, 2);
        QVERIFY(components.ok());
        QVERIFY((*components - matrixOf(m_expected["components"], 2)).cwiseAbs().maxCoeff() < 1e-9);

        MatrixXd holes(4, 4);
        const double none = std::nan("");
        holes << 1, none, 7, none,  //
            2, none, 7, 4,          //
            3, none, 7, 4,          //
            4, none, 7, 6;
        const MatrixXd left = standardized(holes);
        QCOMPARE(left.cols(), Eigen::Index{2});  // neither the undefined nor the constant one
        QCOMPARE(left(0, 1), 0.0);
    }

    void groupsHaveTheInertiaAndTheMembersOfScikitLearns() {
        for (const auto& expected : m_expected["k_means"].items()) {
            const auto clusters = static_cast<int>(expected["k"].integerOr(0));
            const auto found = kMeans(m_points, {.clusters = clusters});
            QVERIFY(found.ok());
            QVERIFY2(close(found->inertia, expected["inertia"].numberOr(0), 1e-9),
                     qPrintable(QString::number(found->inertia)));
            QCOMPARE(found->labels, labelsOf(expected["labels"]));
            const auto again = kMeans(m_points, {.clusters = clusters});
            QCOMPARE(again->labels, found->labels);
        }
        // Two places, three clusters: two are found.
        MatrixXd pair(4, 1);
        pair << 1, 1, 2, 2;
        const auto found = kMeans(pair, {.clusters = 3});
        QCOMPARE(found->clusters, 2);
        QCOMPARE(found->labels, (std::vector<int>{0, 0, 1, 1}));
        QCOMPARE(kMeans(MatrixXd::Zero(5, 0), {.clusters = 2})->clusters, 1);
    }

    void silhouettesAreScikitLearns() {
        for (const auto& expected : m_expected["k_means"].items()) {
            const auto values = silhouettes(m_distances, labelsOf(expected["labels"]),
                                            static_cast<int>(expected["k"].integerOr(0)));
            for (std::size_t point = 0; point < values.size(); ++point)
                QVERIFY(std::abs(values[point] - expected["silhouettes"].items()[point].numberOr(9)) < 1e-12);
        }
        MatrixXd three(3, 3);
        three << 0, 1, 4, 1, 0, 4, 4, 4, 0;
        const auto alone = silhouettes(three, {0, 0, 1}, 2);
        QCOMPARE(alone[2], 0.0);
        QCOMPARE(alone[0], 0.75);
        QVERIFY(std::isnan(silhouettes(three, {0, 1, 2}, 3)[0]));
        QVERIFY(std::isnan(silhouettes(three, {0, 0, 0}, 1)[0]));
    }

    void theTreeIsSciPys() {
        const auto merges = averageLinkage(m_distances);
        QVERIFY(merges.ok());
        const auto& expected = m_expected["linkage"].items();
        QCOMPARE(merges->size(), expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i) {
            const auto& row = expected[i].items();
            QCOMPARE((*merges)[i].left, static_cast<int>(row[0].numberOr(-1)));
            QCOMPARE((*merges)[i].right, static_cast<int>(row[1].numberOr(-1)));
            QVERIFY(close((*merges)[i].height, row[2].numberOr(-1), 1e-12));
            QCOMPARE((*merges)[i].size, static_cast<int>(row[3].numberOr(-1)));
        }
        for (const auto& cut : m_expected["cuts"].items())
            QCOMPARE(cutTree(*merges, static_cast<int>(cut["k"].integerOr(0))), labelsOf(cut["labels"]));
        QVERIFY(averageLinkage(MatrixXd::Zero(1, 1))->empty());
        const auto level =
            averageLinkage(MatrixXd::Zero(6, 6));  // all in one place: any tree, but a whole one
        QCOMPARE(level->size(), std::size_t{5});
        QCOMPARE(level->back().size, 6);
    }

    void neighboursAreKeptAsWellAsScikitLearnKeepsThem() {
        const double perplexity = m_expected["perplexity"].numberOr(0);
        const MatrixXd theirs = matrixOf(m_expected["embedding"], 2);
        const double wanted = m_expected["embedding_divergence"].numberOr(0);
        // Its bisection for the perplexity ends earlier than ours, at 1e-5.
        QVERIFY(std::abs(embeddingDivergence(m_points, theirs, perplexity) - wanted) < 1e-3);
        const MatrixXd points = *classicalScaling(m_distances, 50);  // begins as theirs does
        const auto ours = neighbourEmbedding(points, {.perplexity = perplexity});
        QVERIFY(ours.ok());
        const double reached = embeddingDivergence(m_points, *ours, perplexity);
        QVERIFY2(reached < 1.15 * wanted, qPrintable(QString::number(reached)));
        const auto again = neighbourEmbedding(points, {.perplexity = perplexity});
        QVERIFY((*ours - *again).isZero(0));
        QVERIFY(ours->colwise().mean().cwiseAbs().maxCoeff() < 1e-9);
        // Points in one place stay finite.
        const auto one = neighbourEmbedding(MatrixXd::Zero(8, 3), {.perplexity = 2});
        QVERIFY(one->allFinite());
    }

    void everythingLongCanBeStopped() {
        std::stop_source stop;
        stop.request_stop();
        QCOMPARE(kMeans(m_points, {}, stop.get_token()).error().kind, ErrorKind::cancelled);
        QCOMPARE(averageLinkage(m_distances, stop.get_token()).error().kind, ErrorKind::cancelled);
        QCOMPARE(classicalScaling(m_distances, 5, stop.get_token()).error().kind, ErrorKind::cancelled);
        QCOMPARE(neighbourEmbedding(m_points, {}, {}, stop.get_token()).error().kind, ErrorKind::cancelled);
    }
};

QTEST_GUILESS_MAIN(MathTest)
#include "math_test.moc"
