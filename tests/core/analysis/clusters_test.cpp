// Head clusters: distances against SciPy's, groups that were planted, the recorded GPT-2, and what they
// promise.
#include <QtTest>
#include <numbers>

#include "core/analysis/clusters.h"
#include "core/analysis/head_features.h"
#include "core/base/json_parse.h"
#include "tests/core/analysis/analysis_cases.h"
#include "tests/support/attention_text.h"
#include "tests/support/shared_data.h"

using namespace attnviz;
using namespace attnviz::test;

namespace {

HeadDistances distancesOf(const AttentionRun& run, const DistanceOptions& options = {}) {
    auto distances = headDistances(run, run.main(), options);
    if (!distances) qFatal("%s", distances.error().sentence().c_str());
    return std::move(*distances);
}

HeadClusters clustersOf(const HeadDistances& distances, const ClusterOptions& options = {}) {
    auto clusters = clusterDistances(distances, options);
    if (!clusters) qFatal("%s", clusters.error().sentence().c_str());
    return std::move(*clusters);
}

// Two layers of three heads: previous token, first token, even; each layer a little different.
std::shared_ptr<const AttentionRun> planted() {
    return runFromText(R"(
        1   .   .   .
        .9  .1  .   .
        .   .95 .05 .
        .   .05 .9  .05
        -
        1   .   .   .
        .9  .1  .   .
        .9  .05 .05 .
        .95 .   .   .05
        -
        1   .   .   .
        .5  .5  .   .
        .33 .33 .34 .
        .25 .25 .25 .25
        =
        1   .   .   .
        .95 .05 .   .
        .05 .9  .05 .
        .   .   .95 .05
        -
        1   .   .   .
        .85 .15 .   .
        .9  .   .1  .
        .9  .   .   .1
        -
        1   .   .   .
        .55 .45 .   .
        .3  .35 .35 .
        .25 .25 .25 .25)");
}

std::vector<int> labelsOf(const HeadClusters& clusters) {
    std::vector<int> labels;
    for (const auto& place : clusters.heads) labels.push_back(place.cluster);
    return labels;
}

}  // namespace

class ClustersTest : public QObject {
    Q_OBJECT

 private slots:
    void divergencesAreSciPys() {
        auto document = readJsonFile(sourceDir() / "tests/core/analysis/cluster_expected.json");
        QVERIFY(document.ok());
        const auto attention = expectedNumbers();
        const auto& cases = attention["cases"].items();
        const auto& wanted = (*document)["divergences"].items();
        QCOMPARE(wanted.size(), cases.size());
        for (std::size_t i = 0; i < cases.size(); ++i) {
            const auto run = runOf(cases[i]);
            const auto found = headDivergences(run->main(), singleHeads({0, 1}, {0, 1}));
            QVERIFY(found.ok());
            QCOMPARE(found->rows, static_cast<int>(wanted[i]["rows"].integerOr(0)));
            QVERIFY(!found->sampled());
            const auto& values = wanted[i]["values"].items();
            QCOMPARE(found->values.size(), values.size());
            for (std::size_t pair = 0; pair < values.size(); ++pair)
                QVERIFY(std::abs(found->values[pair] - values[pair].numberOr(9)) < 1e-9);
            const auto layers = headDivergences(run->main(), layerMeans({0, 1}, {0, 1}));
            QVERIFY(std::abs(layers->at(0, 1) - wanted[i]["layers"].numberOr(9)) < 1e-9);
        }
    }

    void headsThatShareNothingAreAsFarAsCanBe() {
        const auto run = runFromText("1 .\n1 .\n-\n1 .\n. 1\n-\n1 .\n1 .");
        const auto distances = distancesOf(*run);
        QCOMPARE(distances.rows, 1);  // the first row sees one key
        QCOMPARE(distances.at(0, 1), std::sqrt(std::numbers::ln2));
        QCOMPARE(distances.at(0, 2), 0.0);
        QCOMPARE(distances.at(1, 1), 0.0);
    }

    void plantedGroupsAreFoundByEitherMethodAndMetric() {
        const auto run = planted();
        for (const auto metric : {HeadMetric::jensenShannon, HeadMetric::features})
            for (const auto method : {ClusterMethod::kMeans, ClusterMethod::averageLinkage}) {
                const auto distances = distancesOf(*run, {.metric = metric});
                const auto clusters = clustersOf(distances, {.method = method});
                QCOMPARE(labelsOf(clusters), (std::vector<int>{0, 1, 2, 0, 1, 2}));
                QCOMPARE(clusters.clusters.size(), std::size_t{3});
                for (const auto& cluster : clusters.clusters) {
                    QCOMPARE(cluster.size, 2);
                    QVERIFY(cluster.silhouette > 0.4);
                }
                QCOMPARE(clusters.clusters[1].medoid, std::size_t{1});  // of two equally near ones the first
                QCOMPARE(clusters.byCount.size(), std::size_t{4});      // 2 to 5
                QCOMPARE(clusters.byCount[1].silhouette, clusters.silhouette);
                QCOMPARE(clusters.tree.size(), std::size_t{5});
                QCOMPARE(clusters.tree.back().size, 6);
            }
    }

    void theNumberOfClustersCanBeGiven() {
        const auto distances = distancesOf(*planted());
        for (int number = 1; number <= 6; ++number)
            for (const auto method : {ClusterMethod::kMeans, ClusterMethod::averageLinkage}) {
                const auto clusters = clustersOf(distances, {.method = method, .clusters = number});
                QCOMPARE(static_cast<int>(clusters.clusters.size()), number);
                QCOMPARE(std::isnan(clusters.silhouette), number == 1 || number == 6);
            }
        QCOMPARE(clusterDistances(distances, {.clusters = 7}).error().kind, ErrorKind::badInput);
        QCOMPARE(clusterDistances(distances, {.clusters = 0}).error().kind, ErrorKind::badInput);
    }

    void everyLayoutIsFiniteAndTheSameTwice() {
        const auto run = randomRun(3, 4, 12);
        const auto distances = distancesOf(*run, {.withFeatures = true});
        for (const auto layout : {HeadLayout::scaling, HeadLayout::components, HeadLayout::neighbours}) {
            const auto clusters = clustersOf(distances, {.layout = layout});
            const auto again = clustersOf(distances, {.layout = layout});
            QCOMPARE(clusters.layout, layout);
            double spread = 0;
            for (std::size_t head = 0; head < clusters.heads.size(); ++head) {
                QCOMPARE(clusters.heads[head].x, again.heads[head].x);
                QCOMPARE(clusters.heads[head].y, again.heads[head].y);
                QVERIFY(std::isfinite(clusters.heads[head].x) && std::isfinite(clusters.heads[head].y));
                spread += std::abs(clusters.heads[head].x);
            }
            QVERIFY(spread > 0);
        }
    }

    void fewHeadsAreNoProblem() {
        for (const auto& [name, run] : sampleRuns())
            for (const auto metric : {HeadMetric::jensenShannon, HeadMetric::features})
                for (const auto layout :
                     {HeadLayout::scaling, HeadLayout::components, HeadLayout::neighbours}) {
                    const auto distances = distancesOf(*run, {.metric = metric, .withFeatures = true});
                    for (const double distance : distances.values) QVERIFY(distance >= 0);
                    const auto clusters = clustersOf(distances, {.layout = layout});
                    QCOMPARE(clusters.heads.size(), distances.heads.size());
                    for (const auto& place : clusters.heads)
                        QVERIFY(std::isfinite(place.x) && std::isfinite(place.y));
                }
    }

    void equalHeadsAreOneCluster() {
        const auto run = runFromText("1 .\n.5 .5\n-\n1 .\n.5 .5\n-\n1 .\n.5 .5\n-\n1 .\n.5 .5");
        const auto clusters = clustersOf(distancesOf(*run));
        QCOMPARE(clusters.clusters.size(), std::size_t{1});
        QVERIFY(std::isnan(clusters.silhouette));
        QVERIFY(std::isnan(clusters.byCount.front().silhouette));
    }

    void aLongTextIsSampledAndSaysSo() {
        const auto run = randomRun(2, 3, 60);
        const auto all = distancesOf(*run);
        DistanceOptions few;
        few.divergence.cells = 15 * 1830 / 3;
        const auto some = distancesOf(*run, few);
        QCOMPARE(all.rows, 59);
        QVERIFY(!all.sampled() && some.sampled());
        QCOMPARE(some.rowsOfText, 59);
        QVERIFY(some.rows >= 18 && some.rows <= 20);
        for (std::size_t pair = 0; pair < all.values.size(); ++pair)
            QVERIFY(std::abs(all.values[pair] - some.values[pair]) < 0.1);
    }

    void whatCannotBeComparedIsRefusedWithASentence() {
        const auto one = runFromText("1\n-\n1");
        QVERIFY(headDistances(*one, one->main()).error().what.find("no token sees two") != std::string::npos);
        // What a strict threshold leaves: each head its own row.
        const auto apart = runFromText("1 . .\n1 0 .\n0 0 0\n-\n1 . .\n0 0 .\n0 0 1");
        const auto refused = headDistances(*apart, apart->main());
        QCOMPARE(refused.error().kind, ErrorKind::unsupported);
        QVERIFY(refused.error().what.find("layer 0 head 0 and layer 0 head 1") != std::string::npos);
        std::stop_source stop;
        stop.request_stop();
        const auto run = planted();
        QCOMPARE(headDistances(*run, run->main(), {}, {}, stop.get_token()).error().kind,
                 ErrorKind::cancelled);
        QCOMPARE(clusterDistances(distancesOf(*run), {}, {}, stop.get_token()).error().kind,
                 ErrorKind::cancelled);
        qputenv("ATTNVIZ_AVAILABLE_MEMORY", "100");
        QCOMPARE(headDistances(*run, run->main()).error().kind, ErrorKind::outOfMemory);
        qunsetenv("ATTNVIZ_AVAILABLE_MEMORY");
    }

    void featuresDoNotDependOnTheLengthOfTheText() {
        const auto profile = [](const AttentionRun& run) {
            const auto features = headFeatures(run, run.main(), {0}, {0});
            if (!features) qFatal("%s", features.error().sentence().c_str());
            return *features;
        };
        const auto few = profile(*runFromText("1 . .\n1 . .\n. 1 ."));
        QCOMPARE(few.names.size(), std::size_t{19});
        QCOMPARE(few.names[0], std::string("previous_token"));
        QCOMPARE(few.values[0], 1.0);
        QCOMPARE(few.values[8], 0.0);  // rows of one weight have no entropy
        // Distances 0 (once) and 1 (twice) of three keys: floor(10 / 3) = 3.
        QVERIFY(close(few.values[9], 1. / 3, 1e-9) && close(few.values[12], 2. / 3, 1e-9));
    }

    void theRecordedHeadsFallIntoTheirGroups() {
        ATTNVIZ_NEED_SHARED(kRecordedGpt2);
        const auto run = recordedGpt2();
        const auto distances = distancesOf(*run);
        QCOMPARE(distances.heads.size(), std::size_t{144});
        QCOMPARE(distances.rows, 8);
        const auto clusters = clustersOf(distances);
        QVERIFY(clusters.silhouette > 0.2);
        QCOMPARE(clusters.byCount.size(), std::size_t{9});
        // The strongest previous-token head is with its like, not with those that look at the first token.
        const auto at = [&](int layer, int head) { return static_cast<std::size_t>(layer * 12 + head); };
        QVERIFY(clusters.heads[at(4, 11)].cluster != clusters.heads[at(7, 2)].cluster ||
                clusters.clusters.size() == 1);
    }

    void someHeadsAreMeasuredAsIfThereWereNoOthers() {
        const auto run = planted();
        for (const auto metric : {HeadMetric::jensenShannon, HeadMetric::features}) {
            DistanceOptions options{.metric = metric, .withFeatures = true};
            const auto all = distancesOf(*run, options);
            options.layers = {1};
            const auto alone = distancesOf(*run, options);
            const auto some = distancesAmong(all, {{1, 0}, {1, 1}, {1, 2}, {1, 1}, {7, 7}});
            QCOMPARE(some.heads, alone.heads);
            QCOMPARE(some.metric, metric);
            QCOMPARE(some.values.size(), alone.values.size());
            for (std::size_t i = 0; i < some.values.size(); ++i)
                QVERIFY(std::abs(some.values[i] - alone.values[i]) < 1e-9);
            QVERIFY(some.featureCount > 0);
            QCOMPARE(some.features.size(), some.heads.size() * static_cast<std::size_t>(some.featureCount));
        }
    }
};

QTEST_GUILESS_MAIN(ClustersTest)
#include "clusters_test.moc"
