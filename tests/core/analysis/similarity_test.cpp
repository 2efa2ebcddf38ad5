// Similarities of layers and heads against the obvious sums, and the recorded GPT-2 against NumPy's numbers.
#include <QtTest>
#include <numbers>

#include "core/analysis/similarity.h"
#include "tests/core/analysis/analysis_cases.h"
#include "tests/support/attention_text.h"
#include "tests/support/shared_data.h"

using namespace attnviz;
using namespace attnviz::test;

namespace {

// All cells of a head, or the mean of a layer's heads (head -1).
std::vector<double> mapOf(const AttentionSource& source, HeadId item, const std::vector<int>& heads) {
    const AttentionInfo& info = source.info();
    std::vector<double> cells;
    std::vector<float> row(static_cast<std::size_t>(info.keys));
    for (int query = 0; query < info.queries; ++query) {
        std::vector<double> sum(row.size(), 0.0);
        const auto some = item.head < 0 ? heads : std::vector{item.head};
        for (const int head : some) {
            source.row({item.layer, head}, query, row);
            for (std::size_t key = 0; key < row.size(); ++key)
                sum[key] += static_cast<double>(row[key]) / static_cast<double>(some.size());
        }
        cells.insert(cells.end(), sum.begin(), sum.end());
    }
    return cells;
}

double cosineOf(const std::vector<double>& a, const std::vector<double>& b) {
    double product = 0, left = 0, right = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        product += a[i] * b[i];
        left += a[i] * a[i];
        right += b[i] * b[i];
    }
    return product / std::sqrt(left * right);
}

}  // namespace

class SimilarityTest : public QObject {
    Q_OBJECT

 private slots:
    void cosinesAreTheObviousOnes() {
        for (const auto& [name, run] : sampleRuns())
            for (const bool betweenHeads : {false, true}) {
                const auto found = similarity(run->main(), {.betweenHeads = betweenHeads});
                QVERIFY(found.ok());
                const AttentionInfo& info = run->main().info();
                QCOMPARE(static_cast<int>(found->items.size()),
                         info.layers * (betweenHeads ? info.heads : 1));
                std::vector<int> heads;
                for (int head = 0; head < info.heads; ++head) heads.push_back(head);
                for (std::size_t left = 0; left < found->items.size(); ++left) {
                    QCOMPARE(found->at(left, left), 1.0);
                    for (std::size_t right = 0; right < found->items.size(); ++right) {
                        const double wanted = cosineOf(mapOf(run->main(), found->items[left], heads),
                                                       mapOf(run->main(), found->items[right], heads));
                        QVERIFY(std::abs(found->at(left, right) - wanted) < 1e-12);
                        QCOMPARE(found->at(left, right), found->at(right, left));
                    }
                }
            }
    }

    void manyHeadsAreMultipliedInStripesAndBlocks() {
        const auto run = randomRun(7, 10, 300);  // 70 maps, several blocks of rows
        const auto found = similarity(run->main(), {.layers = {0, 5, 6}, .betweenHeads = true});
        QVERIFY(found.ok());
        QCOMPARE(found->items.size(), std::size_t{30});
        const auto all = similarity(run->main(), {.betweenHeads = true});
        for (const auto& [left, right] : {std::pair<std::size_t, std::size_t>{0, 69}, {35, 31}, {64, 33}}) {
            const double wanted =
                cosineOf(mapOf(run->main(), all->items[left], {}), mapOf(run->main(), all->items[right], {}));
            QVERIFY(std::abs(all->at(left, right) - wanted) < 1e-12);
        }
        QCOMPARE(found->label(29), std::string("6.9"));
        QVERIFY(std::abs(found->at(0, 29) - all->at(0, 69)) < 1e-14);
    }

    void divergencesAreThoseOfTheClusters() {
        const auto run = randomRun(2, 3, 15);
        const auto found =
            similarity(run->main(), {.betweenHeads = true, .metric = SimilarityMetric::jensenShannon});
        const auto divergences = headDivergences(run->main(), singleHeads({0, 1}, {0, 1, 2}));
        QVERIFY(found.ok() && divergences.ok());
        QCOMPARE(found->values, divergences->values);
        QCOMPARE(found->rows, 14);
    }

    void whatIsUndefinedIsNoNumber() {
        const auto run = runFromText("0 0\n0 0\n-\n1 0\n.5 .5");
        const auto cosine = similarity(run->main(), {.betweenHeads = true});
        QVERIFY(std::isnan(cosine->at(0, 1)) && std::isnan(cosine->at(0, 0)));
        QCOMPARE(cosine->at(1, 1), 1.0);
        const auto js =
            similarity(run->main(), {.betweenHeads = true, .metric = SimilarityMetric::jensenShannon});
        QVERIFY(std::isnan(js->at(0, 1)));
        QCOMPARE(js->at(1, 1), 0.0);
    }

    // numpy: A.mean(1).reshape(12, -1), A.reshape(144, -1), cosines of rows; scipy's jensenshannon squared.
    void theRecordingIsNumPys() {
        ATTNVIZ_NEED_SHARED(kRecordedGpt2);
        const auto run = recordedGpt2();
        const auto layers = similarity(run->main());
        QVERIFY(std::abs(layers->at(0, 1) - 0.898749577) < 1e-7);
        QVERIFY(std::abs(layers->at(5, 11) - 0.987465854) < 1e-7);
        const auto heads = similarity(run->main(), {.betweenHeads = true});
        QVERIFY(std::abs(heads->at(4 * 12 + 11, 5 * 12 + 1) - 0.223465207) < 1e-7);
        const auto js = similarity(run->main(), {.metric = SimilarityMetric::jensenShannon});
        QVERIFY(std::abs(js->at(0, 1) - 0.039191169) < 1e-7);
    }

    void stoppingAndLittleMemoryAreAnswered() {
        const auto run = randomRun(2, 3, 15);
        std::stop_source stop;
        stop.request_stop();
        QCOMPARE(similarity(run->main(), {}, {}, stop.get_token()).error().kind, ErrorKind::cancelled);
        qputenv("ATTNVIZ_AVAILABLE_MEMORY", "100");
        QCOMPARE(similarity(run->main()).error().kind, ErrorKind::outOfMemory);
        qunsetenv("ATTNVIZ_AVAILABLE_MEMORY");
    }
};

QTEST_GUILESS_MAIN(SimilarityTest)
#include "similarity_test.moc"
