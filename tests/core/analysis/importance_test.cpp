// Token importance, histograms and distance profiles of a choice, against the obvious sums.
#include <QtTest>

#include "core/analysis/histogram.h"
#include "core/analysis/importance.h"
#include "core/analysis/positional.h"
#include "core/analysis/rollout.h"
#include "core/analysis/statistics.h"
#include "tests/core/analysis/analysis_cases.h"
#include "tests/support/attention_text.h"
#include "tests/support/shared_data.h"

using namespace attnviz;
using namespace attnviz::test;

namespace {

TokenImportance importanceOf(const AttentionSource& source, const ImportanceOptions& options = {}) {
    auto found = tokenImportance(source, options);
    if (!found) qFatal("%s", found.error().sentence().c_str());
    return std::move(*found);
}

}  // namespace

class ImportanceTest : public QObject {
    Q_OBJECT

 private slots:
    void earlyTokensDoNotWinByTheMaskAlone() {
        // The first token gets most by the sum (1 + .2 + .4), the second most of those that can see it.
        const auto run = runFromText("1 . .\n.2 .8 .\n.1 .6 .3");
        const auto found = importanceOf(run->main());
        QVERIFY(close(found.scores[0], 1.3 / 3, 1e-6));
        QVERIFY(close(found.scores[1], .7, 1e-6));
        QVERIFY(close(found.scores[2], .3, 1e-6));
        QCOMPARE(found.ranking, (std::vector<int>{1, 0, 2}));
        QVERIFY(!found.query);
    }

    void headsAndLayersAreAveraged() {
        const auto run = runFromText("1 .\n.2 .8\n-\n1 .\n.6 .4\n=\n1 .\n0 1\n-\n1 .\n1 0");
        QVERIFY(close(importanceOf(run->main()).scores[1], (.8 + .4 + 1 + 0) / 4, 1e-6));
        QVERIFY(close(importanceOf(run->main(), {.layers = {0}, .heads = {1}}).scores[1], .4, 1e-6));
        QVERIFY(close(importanceOf(run->main(), {.heads = {1}, .query = 1}).scores[0], .8, 1e-6));
    }

    void oneQueryKnowsOnlyWhatItSees() {
        const auto run = runFromText("1 . .\n.2 .8 .\n.1 .6 .3");
        const auto found = importanceOf(run->main(), {.query = 1});
        QCOMPARE(found.ranking, (std::vector<int>{1, 0}));
        QVERIFY(std::isnan(found.scores[2]));
    }

    void rolloutIsOfTheLastTokenWhereAttentionIsCausal() {
        ATTNVIZ_NEED_SHARED(kRecordedGpt2);
        const auto run = recordedGpt2();
        const auto found = importanceOf(run->main(), {.method = ImportanceMethod::rollout});
        QCOMPARE(found.query, std::optional<int>(8));
        const std::vector<double> wanted{.9907, .0015, .0014, .0015, .0016, .0012, .0008, .0007, .0007};
        for (std::size_t key = 0; key < 9; ++key) QVERIFY(std::abs(found.scores[key] - wanted[key]) < 6e-5);
        QCOMPARE(found.ranking.front(), 0);
    }

    void rolloutIsTheMeanOverTokensOtherwise() {
        const auto run = randomRun(3, 2, 9, false, 4, {8});
        const auto found = importanceOf(run->main(), {.layers = {0, 1}, .method = ImportanceMethod::rollout});
        QVERIFY(!found.query);
        std::vector<double> mean(9, 0.0);
        for (int query = 0; query < 9; ++query) {
            const auto row = rolloutRow(run->main(), query, {.layer = 1});
            for (std::size_t key = 0; key < 9; ++key) mean[key] += (*row)[key] / 9;
        }
        for (std::size_t key = 0; key < 8; ++key) QVERIFY(std::abs(found.scores[key] - mean[key]) < 1e-12);
        QVERIFY(std::isnan(found.scores[8]));  // padding
        QCOMPARE(found.ranking.size(), std::size_t{8});
        QCOMPARE(
            tokenImportance(sampleRuns()[4].run->main(), {.method = ImportanceMethod::rollout}).error().kind,
            ErrorKind::unsupported);
    }

    void histogramsAreThoseOfTheStatistics() {
        for (const auto& [name, run] : sampleRuns()) {
            const auto statistics = attentionStatistics(run->main());
            const auto same = [&](const WeightChoice& choice, const WeightHistogram& wanted) {
                const auto found = weightHistogram(run->main(), choice);
                QVERIFY(found.ok());
                QCOMPARE(found->below, wanted.below);
                QVERIFY(found->counts == wanted.counts);
            };
            same({}, statistics->overall.histogram);
            for (std::size_t layer = 0; layer < statistics->layers.size(); ++layer) {
                const int number = statistics->layers[layer];
                same({.layers = {number}}, statistics->layerBlocks[layer].histogram);
                for (std::size_t head = 0; head < statistics->heads.size(); ++head)
                    same({.layers = {number}, .heads = {statistics->heads[head]}},
                         statistics->head(layer, head).histogram);
            }
        }
    }

    void profilesOfOneHeadAreThoseOfThePositions() {
        for (const auto& [name, run] : sampleRuns()) {
            if (run->main().info().kind == AttentionKind::cross) {
                QCOMPARE(distanceProfile(run->main()).error().kind, ErrorKind::unsupported);
                continue;
            }
            const auto positions = positionalAttention(run->main());
            const auto& wanted = positions->head(0, 0);
            const auto found = distanceProfile(run->main(), {.layers = {0}, .heads = {0}});
            QVERIFY(found.ok());
            QCOMPARE(found->weight.size(), wanted.weightByDistance.size());
            for (std::size_t distance = 0; distance < found->weight.size(); ++distance) {
                QVERIFY(close(found->weight[distance], wanted.weightByDistance[distance], 1e-12));
                QVERIFY(close(found->uniform[distance], wanted.uniformByDistance[distance], 1e-12));
            }
        }
    }

    void aPooledProfileIsTheMeanAndItsSharesSumToOne() {
        const auto run = randomRun(2, 40, 12);  // more heads than are held at once
        const auto found = distanceProfile(run->main());
        const auto positions = positionalAttention(run->main());
        double sum = 0, even = 0;
        for (std::size_t distance = 0; distance < 12; ++distance) {
            double mean = 0;
            for (const auto& head : positions->headPositions) mean += head.weightByDistance[distance] / 80;
            QVERIFY(close(found->weight[distance], mean, 1e-12));
            sum += found->share[distance];
            even += found->uniformShare[distance];
        }
        QVERIFY(std::abs(sum - 1) < 1e-12 && std::abs(even - 1) < 1e-12);
    }

    void stoppingIsAnswered() {
        const auto run = randomRun(2, 2, 10);
        std::stop_source stop;
        stop.request_stop();
        const auto token = stop.get_token();
        QCOMPARE(weightHistogram(run->main(), {}, {}, token).error().kind, ErrorKind::cancelled);
        QCOMPARE(distanceProfile(run->main(), {}, {}, token).error().kind, ErrorKind::cancelled);
        for (const auto method : {ImportanceMethod::incoming, ImportanceMethod::rollout})
            QCOMPARE(tokenImportance(run->main(), {.method = method}, {}, token).error().kind,
                     ErrorKind::cancelled);
    }
};

QTEST_GUILESS_MAIN(ImportanceTest)
#include "importance_test.moc"
