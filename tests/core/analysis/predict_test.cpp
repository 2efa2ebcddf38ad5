// Predictions that a run kept, or that its logits give.
#include <QtTest>
#include <cmath>

#include "core/analysis/analysis.h"
#include "core/model/engine.h"
#include "tests/core/analysis/analysis_cases.h"
#include "tests/support/attention_text.h"

using namespace attnviz;
using namespace attnviz::test;

namespace {

Result<AnalysisResult> predict(const AttentionRun& run, const std::string& position = {},
                               const std::string& k = {}) {
    AnalysisRequest request{.run = run,
                            .source = run.main(),
                            .options = {},
                            .layers = {},
                            .heads = {},
                            .progress = {},
                            .stop = {}};
    if (!position.empty()) request.options.set("position", position);
    if (!k.empty()) request.options.set("k", k);
    return runAnalysis(*findAnalysis("predict"), request);
}

}  // namespace

class PredictTest : public QObject {
    Q_OBJECT

 private slots:
    void whatIsWishedOfARun() {
        RunOptions options;
        AnalysisOptions typed;
        typed.set("position", "0, 3 -1");
        typed.set("k", "5");
        QVERIFY(findAnalysis("predict")->wishes(typed, options).ok());
        QCOMPARE(options.predictAt, (std::vector<int>{0, 3, -1}));
        QCOMPARE(options.predictions, 5);
        QVERIFY(findAnalysis("predict")->wishes({}, options).ok());
        QCOMPARE(options.predictAt, std::vector<int>{-1});
        typed.set("position", "last");
        QCOMPARE(findAnalysis("predict")->wishes(typed, options).error().sentence(),
                 std::string(
                     "--position: 'last' is no position. Give indices of tokens, 0,3 or -1 for the last."));
    }

    void predictionsOfTheRunAreShown() {
        const auto run = sampleRuns().front().run;
        const auto result = predict(*run);
        QVERIFY(result.ok());
        const auto& positions = result->document["positions"].items();
        QCOMPARE(positions.size(), std::size_t{1});
        QCOMPARE(positions[0]["position"].integerOr(-1), std::int64_t{19});
        const auto& top = positions[0]["top"].items();
        QCOMPARE(top.size(), std::size_t{2});
        QCOMPARE(top[0]["id"].integerOr(-1), std::int64_t{7});
        QCOMPARE(top[0]["probability"].numberOr(0), .5);
        QCOMPARE(predict(*run, "19", "1")->document["positions"].items()[0]["top"].items().size(),
                 std::size_t{1});
    }

    void logitsTellWhereNoPredictionIsKept() {
        auto run = std::make_shared<AttentionRun>(*randomRun(1, 1, 2));
        run->logits = FloatMatrix{2, 3, {1, 3, 2, 0, 0, 5}};
        const auto result = predict(*run, "0,-1", "2");
        QVERIFY(result.ok());
        const auto& positions = result->document["positions"].items();
        QCOMPARE(positions.size(), std::size_t{2});
        const auto& first = positions[0]["top"].items();
        QCOMPARE(first[0]["id"].integerOr(-1), std::int64_t{1});
        QCOMPARE(first[1]["token"].string(), std::string("#2"));
        QVERIFY(close(first[0]["probability"].numberOr(0), 1 / (1 + std::exp(-1) + std::exp(-2)), 1e-12));
        QCOMPARE(positions[1]["top"].items()[0]["id"].integerOr(-1), std::int64_t{2});
    }

    void whatIsNotThereIsRefusedWithASentence() {
        const auto run = sampleRuns().front().run;
        QVERIFY(predict(*run, "3").error().hint.find("position 19") != std::string::npos);
        QVERIFY(predict(*run, "20").error().hint.find("20 tokens") != std::string::npos);
        QVERIFY(predict(*run, ",").error().what.find("empty") != std::string::npos);
        QVERIFY(predict(*run, {}, "0").error().what.find("--k") != std::string::npos);
        QVERIFY(predict(*randomRun(1, 1, 2)).error().what.find("no predictions") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(PredictTest)
#include "predict_test.moc"
