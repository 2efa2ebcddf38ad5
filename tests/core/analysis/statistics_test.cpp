// Statistics against NumPy and SciPy (expected.json), against the recorded GPT-2, and against identities.
#include <QtTest>

#include "core/analysis/statistics.h"
#include "core/base/json_parse.h"
#include "tests/core/analysis/analysis_cases.h"
#include "tests/support/attention_text.h"
#include "tests/support/shared_data.h"

using namespace attnviz;
using namespace attnviz::test;

namespace {

AttentionStatistics statisticsOf(const AttentionSource& source, const StatisticsOptions& options = {}) {
    auto statistics = attentionStatistics(source, options);
    if (!statistics) qFatal("%s", statistics.error().sentence().c_str());
    return std::move(*statistics);
}

void compareBlock(const std::string& name, const BlockStatistics& got, const JsonValue& wanted) {
    const auto check = [&](const char* key, double value) {
        const double expected = wanted[key].numberOr(NAN);
        QVERIFY2(close(value, expected, 1e-9), (name + ", " + key + ": " + std::to_string(value) +
                                                ", NumPy says " + std::to_string(expected))
                                                   .c_str());
    };
    check("mean", got.compatible.mean);
    check("std", got.compatible.deviation);
    check("entropy", got.compatible.entropy);
    check("sparsity", got.compatible.sparsity);
    check("max", got.compatible.max);
    check("min", got.compatible.min);
    check("row_entropy", got.corrected.rowEntropy);
    check("normalized_row_entropy", got.corrected.normalizedRowEntropy);
    check("effective_tokens", got.corrected.effectiveTokens);
    check("visible_sparsity", got.corrected.visibleSparsity);
    check("min_visible", got.corrected.minVisible);
    check("gini", got.corrected.spread.gini);
    check("q25", got.corrected.spread.q25);
    check("median", got.corrected.spread.median);
    check("q75", got.corrected.spread.q75);
    check("below", static_cast<double>(got.histogram.below));
    QCOMPARE(wanted["histogram"].items().size(), got.histogram.counts.size());
    for (std::size_t bin = 0; bin < got.histogram.counts.size(); ++bin)
        QCOMPARE(got.histogram.counts[bin], wanted["histogram"].items()[bin].integerOr(-1));
}

}  // namespace

class StatisticsTest : public QObject {
    Q_OBJECT

 private slots:
    void numbersAreThoseOfNumPyAndSciPy() {
        const JsonValue expected = expectedNumbers();
        QCOMPARE(expected["cases"].items().size(), std::size_t{3});
        for (const auto& one : expected["cases"].items()) {
            const std::string name = one["name"].string();
            const auto run = runOf(one);
            const auto statistics = statisticsOf(run->main());
            compareBlock(name, statistics.overall, one["overall"]);
            for (std::size_t i = 0; i < statistics.layerBlocks.size(); ++i)
                compareBlock(name + ", layer " + std::to_string(i), statistics.layerBlocks[i],
                             one["layer_stats"].items()[i]);
            for (std::size_t i = 0; i < statistics.headBlocks.size(); ++i)
                compareBlock(name + ", head " + std::to_string(i), statistics.headBlocks[i],
                             one["head_stats"].items()[i]);
        }
    }

    void recordedGpt2HasTheNumbersOfItsFile() {
        ATTNVIZ_NEED_SHARED(kRecordedGpt2);
        const auto recorded = readJsonFile(sharedDir() / kRecordedGpt2 / "attention_data.json");
        QVERIFY(recorded.ok());
        const auto statistics = statisticsOf(recordedGpt2()->main());
        const auto compare = [](const BlockStatistics& got, const JsonValue& wanted) {
            const auto check = [&](const char* key, double value) {
                QVERIFY2(close(value, wanted[key].numberOr(NAN), 1e-5), key);
            };
            check("mean_attention", got.compatible.mean);
            check("std_attention", got.compatible.deviation);
            check("entropy", got.compatible.entropy);
            check("sparsity", got.compatible.sparsity);
            check("max_attention", got.compatible.max);
            check("min_attention", got.compatible.min);
        };
        const JsonValue& wanted = (*recorded)["statistics"];
        compare(statistics.overall, wanted["overall_stats"]);
        QCOMPARE(wanted["layer_stats"].items().size(), std::size_t{12});
        for (std::size_t layer = 0; layer < 12; ++layer)
            compare(statistics.layerBlocks[layer], wanted["layer_stats"].items()[layer]);
        // metrics: mean row entropy by layer
        const std::map<std::size_t, double> rowEntropy{
            {0, .9292}, {1, .9554}, {5, .5223}, {9, .4324}, {11, .7111}};
        for (const auto& [layer, value] : rowEntropy)
            QVERIFY(std::abs(statistics.layerBlocks[layer].corrected.rowEntropy - value) < 6e-5);
        QVERIFY(std::abs(statistics.head(6, 4).compatible.entropy - 2.938569) < 1e-5);
    }

    void flattenedEntropyIsRowEntropyAndTheLogarithmOfTheRows() {
        for (const auto& [name, run] : sampleRuns()) {
            if (name == "windowed" || name == "causal, the first token is padding")
                continue;  // not all rows sum to 1
            const AttentionInfo& info = run->main().info();
            const auto statistics = statisticsOf(run->main());
            for (const auto& layer : statistics.layerBlocks) {
                const double identity = std::log(info.heads * info.queries) + layer.corrected.rowEntropy;
                QVERIFY2(std::abs(layer.compatible.entropy - identity) < 1e-6, name.c_str());
            }
        }
    }

    void headNumbersAreThoseTakenWhileTheRowsWereHot() {
        for (const auto& [name, run] : sampleRuns()) {
            const AttentionSource& source = run->main();
            const auto statistics = statisticsOf(source);
            for (int layer = 0; layer < source.info().layers; ++layer)
                for (int head = 0; head < source.info().heads; ++head) {
                    const HeadSummary& hot = source.summary({layer, head});
                    const auto& got =
                        statistics.head(static_cast<std::size_t>(layer), static_cast<std::size_t>(head))
                            .corrected;
                    QVERIFY2(close(got.rowEntropy, hot.rowEntropy, 1e-6), name.c_str());
                    QVERIFY2(close(got.normalizedRowEntropy, hot.normalizedRowEntropy, 1e-6), name.c_str());
                    QVERIFY2(close(got.effectiveTokens, hot.effectiveTokens, 1e-6), name.c_str());
                    QVERIFY2(close(got.visibleSparsity, hot.visibleSparsity, 1e-9), name.c_str());
                    QVERIFY2(close(got.meanDistance, hot.meanDistance, 1e-6), name.c_str());
                }
        }
    }

    void aHistogramStandsForTheCellsWhereTheyAreTooMany() {
        const auto run = randomRun(2, 3, 150);
        const auto exact = statisticsOf(run->main());
        // By the number of exact cells: heads exact, layers not; then nothing.
        for (const std::int64_t cells : {std::int64_t{20000}, std::int64_t{1}}) {
            const auto rough = statisticsOf(run->main(), {.exactCells = cells});
            QVERIFY(rough.overall.corrected.approximate && !exact.overall.corrected.approximate);
            QVERIFY(rough.layerBlocks[0].corrected.approximate);
            QCOMPARE(rough.headBlocks[0].corrected.approximate, cells == 1);
            const auto compare = [](const BlockStatistics& got, const BlockStatistics& wanted) {
                QVERIFY(close(got.corrected.spread.gini, wanted.corrected.spread.gini, 1e-4));
                QVERIFY(close(got.corrected.spread.q25, wanted.corrected.spread.q25, 2e-3));
                QVERIFY(close(got.corrected.spread.median, wanted.corrected.spread.median, 2e-3));
                QVERIFY(close(got.corrected.spread.q75, wanted.corrected.spread.q75, 2e-3));
                QCOMPARE(got.compatible.entropy, wanted.compatible.entropy);
            };
            compare(rough.overall, exact.overall);
            for (std::size_t i = 0; i < 2; ++i) compare(rough.layerBlocks[i], exact.layerBlocks[i]);
            for (std::size_t i = 0; i < 6; ++i) compare(rough.headBlocks[i], exact.headBlocks[i]);
        }
    }

    void whatIsUndefinedIsNotANumber() {
        const auto one = statisticsOf(runFromText("1")->main());
        QCOMPARE(one.overall.corrected.rowEntropy, 0.0);
        QVERIFY(std::isnan(one.overall.corrected.normalizedRowEntropy));  // no row sees two keys
        const auto cross = statisticsOf(runFromText(".5 .5\n1 0\n0 1")->main());
        QVERIFY(std::isnan(cross.overall.corrected.meanDistance));
    }

    void choosingLayersAndHeadsChoosesTheBlocks() {
        const auto run = randomRun(4, 3, 10);
        const auto all = statisticsOf(run->main());
        const auto some = statisticsOf(run->main(), {.layers = {1, 3}, .heads = {2}});
        QCOMPARE(some.headBlocks.size(), std::size_t{2});
        QCOMPARE(some.head(1, 0).compatible.entropy, all.head(3, 2).compatible.entropy);
        QCOMPARE(some.layerBlocks[0].compatible.deviation, all.head(1, 2).compatible.deviation);
    }

    void aStopEndsThePass() {
        std::stop_source stop;
        stop.request_stop();
        const auto statistics = attentionStatistics(randomRun(2, 2, 8)->main(), {}, {}, stop.get_token());
        QVERIFY(!statistics.ok());
        QCOMPARE(statistics.error().kind, ErrorKind::cancelled);
    }

    void progressEndsAtOne() {
        double last = 0;
        QVERIFY(attentionStatistics(randomRun(5, 2, 8)->main(), {},
                                    [&](const Progress& p) { last = p.fraction; }));
        QCOMPARE(last, 1.0);
    }
};

QTEST_GUILESS_MAIN(StatisticsTest)
#include "statistics_test.moc"
