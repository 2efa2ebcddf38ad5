#include "core/attention/head_summary.h"

#include <QtTest>
#include <cmath>

#include "tests/support/attention_text.h"

using namespace attnviz;
using namespace attnviz::test;

class HeadSummaryTest : public QObject {
    Q_OBJECT
 private slots:
    void aSmallHeadByHand() {
        const auto source = attentionFromText(R"(
            1   .   .
            .5  .5  .
            .25 .25 .5 )");
        const HeadSummary& summary = source->summary({0, 0});
        const double second = std::log(2.0), third = 1.5 * std::log(2.0);
        QVERIFY(std::abs(summary.rowEntropy - (second + third) / 3) < 1e-7);
        QVERIFY(std::abs(summary.normalizedRowEntropy - (1 + third / std::log(3.0)) / 2) < 1e-7);
        QVERIFY(std::abs(summary.effectiveTokens - (1 + 2 + std::exp(third)) / 3) < 1e-6);
        QCOMPARE(summary.maxWeight, 1.0);
        QVERIFY(std::abs(summary.meanDistance - (0 + .5 + .75) / 3) < 1e-7);
        QVERIFY(std::abs(summary.firstToken - .375) < 1e-7);
        QVERIFY(std::abs(summary.previousToken - .375) < 1e-7);
        QVERIFY(std::abs(summary.selfWeight - .5) < 1e-7);
        QCOMPARE(summary.visibleSparsity, 0.0);
        QCOMPARE(summary.incoming, (std::vector<float>{1.75F, .75F, .5F}));
    }

    void oneTokenHasNoOthersToSpeakOf() {
        const HeadSummary summary = attentionFromText("1")->summary({0, 0});
        QCOMPARE(summary.rowEntropy, 0.0);
        QVERIFY(std::isnan(summary.normalizedRowEntropy) && std::isnan(summary.firstToken));
    }

    void crossAttentionHasNoDistance() {
        const HeadSummary summary = attentionFromText(".5 .5 0\n 0 0 1")->summary({0, 0});
        QVERIFY(std::isnan(summary.meanDistance) && std::isnan(summary.previousToken));
    }

    void paddingIsLeftOut() {
        const auto run = randomRun(1, 1, 40, false, 3, {0, 1, 17, 39});
        const HeadSummary& summary = run->main().summary({0, 0});
        QCOMPARE(summary.incoming[17], 0.0F);
        double entropy = 0, sparse = 0;
        std::vector<float> row(40);
        for (int query = 0; query < 40; ++query) {
            run->main().row({0, 0}, query, row);
            for (int key = 0; key < 40; ++key) {
                if (!run->main().info().visibility.sees(0, query, key)) continue;
                const double weight = row[static_cast<std::size_t>(key)];
                entropy -= weight * std::log(weight);
                sparse += weight < 0.01;
            }
        }
        QVERIFY(std::abs(summary.rowEntropy - entropy / 40) < 1e-6);
        QVERIFY(std::abs(summary.visibleSparsity - sparse / (40 * 36)) < 1e-12);
    }

    void momentsOfWeightsEqualTheObviousSums() {
        for (const int count : {1, 7, 8, 9, 255, 256, 257, 1000}) {
            std::vector<float> weights(static_cast<std::size_t>(count));
            for (int i = 0; i < count; ++i)
                weights[static_cast<std::size_t>(i)] =
                    i % 5 == 3 ? 0.0F : std::exp(-static_cast<float>(i % 97) * 0.4F) / 3;
            double entropy = 0, distance = 0;
            int below = 0;
            for (int i = 0; i < count; ++i) {
                const double weight = weights[static_cast<std::size_t>(i)];
                if (weight > 0) entropy -= weight * std::log(weight);
                distance += weight * std::abs(12 - (4 + i));
                below += weights[static_cast<std::size_t>(i)] < 0.01F;
            }
            const RowMoments moments = weightMoments(weights, 12, 4);
            QVERIFY(std::abs(moments.entropy - entropy) < 1e-6 * std::max(1.0, entropy));
            QVERIFY(std::abs(moments.distance - distance) < 1e-6 * std::max(1.0, distance));
            QCOMPARE(moments.below, below);
            QCOMPARE(moments.max, *std::max_element(weights.begin(), weights.end()));
        }
    }
};

QTEST_GUILESS_MAIN(HeadSummaryTest)
#include "head_summary_test.moc"
