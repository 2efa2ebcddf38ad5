// The numbers of the recording that the Python library made of GPT-2, against its own statistics and its own
// report, and the identity that its entropy obeys.
#include <QtTest>
#include <cmath>

#include "core/analysis/analysis.h"
#include "core/analysis/report.h"
#include "core/analysis/summary.h"
#include "core/base/json_parse.h"
#include "core/session/session.h"
#include "tests/support/attention_text.h"
#include "tests/support/shared_data.h"

using namespace attnviz;
using namespace attnviz::test;

namespace {

const char* const kRecording = "data/recorded/gpt2-quick-brown-fox/attention_data.json";

bool near(double a, double b, double relative) {
    return std::fabs(a - b) <= relative * std::max(std::fabs(b), 1e-12);
}

}  // namespace

class RecordedTest : public QObject {
    Q_OBJECT

    std::shared_ptr<const AttentionRun> m_run;

    static Result<AnalysisResult> analyse(const AttentionRun& run, std::string_view id) {
        // An analysis that compares two compares the run with itself.
        return runAnalysis(*findAnalysis(id), {.run = run,
                                               .source = run.main(),
                                               .options = {},
                                               .layers = {},
                                               .heads = {},
                                               .progress = {},
                                               .stop = {},
                                               .otherRun = &run,
                                               .otherSource = &run.main()});
    }

 private slots:
    void initTestCase() {
        if (!std::filesystem::exists(sharedDir() / kRecording)) return;
        auto session = openSession(sharedDir() / kRecording);
        QVERIFY2(session.ok(), session.ok() ? "" : session.error().sentence().c_str());
        m_run = session->run;
    }

    void statisticsEqualTheRecordingsOwn() {
        ATTNVIZ_NEED_SHARED(kRecording);
        const auto recorded = readJsonFile(sharedDir() / kRecording);
        QVERIFY(recorded.ok());
        const auto result = analyse(*m_run, "stats");
        QVERIFY2(result.ok(), result.ok() ? "" : result.error().sentence().c_str());
        const auto compare = [](const JsonValue& found, const JsonValue& expected) {
            for (const auto& [key, value] : expected.members())
                QVERIFY2(near(found[key].numberOr(-9), value.numberOr(9), 1e-5), key.c_str());
        };
        const auto& statistics = (*recorded)["statistics"];
        compare(result->document["overall_stats"], statistics["overall_stats"]);
        const auto& layers = statistics["layer_stats"].items();
        QCOMPARE(layers.size(), std::size_t{12});
        for (std::size_t layer = 0; layer < layers.size(); ++layer)
            compare(result->document["layer_stats"].items()[layer], layers[layer]);
    }

    void referenceValuesOfTheDefinitions() {
        ATTNVIZ_NEED_SHARED(kRecording);
        struct Row {
            int layer;
            double entropy, rowEntropy, sparsity, local, medium, global;
            const char* pattern;
        };
        const Row rows[] = {{0, 5.6113, .9292, .5370, .6137, .1901, .1962, "local"},
                            {1, 5.6375, .9554, .4794, .4587, .2456, .2957, "mixed"},
                            {5, 5.2045, .5223, .6348, .3105, .2454, .4441, "mixed"},
                            {9, 5.1146, .4324, .6698, .2866, .2434, .4700, "mixed"},
                            {11, 5.3932, .7111, .5072, .3595, .2380, .4025, "mixed"}};
        const auto summary = summarise(m_run->main(), {});
        QVERIFY(summary.ok());
        for (const auto& row : rows) {
            const auto layer = static_cast<std::size_t>(row.layer);
            const auto& block = summary->statistics.layerBlocks[layer];
            const auto& positions = summary->positions->layerPositions[layer];
            QVERIFY(std::fabs(block.compatible.entropy - row.entropy) < 6e-5);
            QVERIFY(std::fabs(block.corrected.rowEntropy - row.rowEntropy) < 6e-5);
            QVERIFY(std::fabs(block.compatible.sparsity - row.sparsity) < 6e-5);
            QVERIFY(std::fabs(positions.local - row.local) < 6e-5);
            QVERIFY(std::fabs(positions.medium - row.medium) < 6e-5);
            QVERIFY(std::fabs(positions.global - row.global) < 6e-5);
            QCOMPARE(std::string(positions.pattern()), std::string(row.pattern));
        }
        const auto& overall = summary->statistics.overall.compatible;
        QVERIFY(near(overall.entropy, 7.8377704620, 1e-5));
        QVERIFY(near(overall.sparsity, .5660150892, 1e-5));
        QVERIFY(near(overall.deviation, .2515859008, 1e-5));
        QCOMPARE(summary->highestEntropyLayer, 1);
        QCOMPARE(summary->sparsestLayer, 9);
        QCOMPARE(summary->predominantPattern, std::string("mixed"));
    }

    void theReportOpensWithTheRecordedOne() {
        ATTNVIZ_NEED_SHARED(kRecording);
        QFile file(QString::fromStdString(
            (sharedDir() / "data/recorded/gpt2-quick-brown-fox/attention_report.md").string()));
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QString recorded = QString::fromUtf8(file.readAll()).trimmed();
        const auto report =
            markdownReport(*m_run, m_run->main(), {.generated = "2025-06-02 20:51:59.449765", .layers = {}});
        QVERIFY(report.ok());
        const auto ours = QString::fromStdString(*report);
        const auto expected = recorded.split('\n'), found = ours.split('\n');
        for (int line = 0; line < expected.size(); ++line) QCOMPARE(found.value(line), expected[line]);
        QVERIFY(ours.contains("## Corrected Numbers"));
        QVERIFY(ours.contains("- token 0 (The)"));
    }

    void aHostileTextCannotLeaveItsLine() {
        auto run = std::make_shared<AttentionRun>(*runFromText("1 .\n .5 .5"));
        run->input.texts = {"# no heading\n## none | `x` <s> **b** \x1b]52;c;x\x07"};
        run->model.name = "a\n# b";
        const auto report = markdownReport(*run, run->main(), {.generated = "now", .layers = {}});
        QVERIFY(report.ok());
        const auto lines = QString::fromStdString(*report).split('\n');
        QCOMPARE(lines[0], QString("# Attention Analysis Report"));
        QVERIFY(lines[1].startsWith("**Text:** # no heading\\"));
        QVERIFY(!lines[1].contains("<s>") && lines[1].contains("&lt;s>"));
        QVERIFY(lines[2].startsWith("**Model:**") && lines[3].startsWith("**Generated:** now"));
        QVERIFY(!QString::fromStdString(*report).contains(QChar(0x1b)));
    }

    void entropyIsRowEntropyAndAConstant() {
        for (const unsigned seed : {1U, 2U, 3U}) {
            const auto run = randomRun(2, 3, 7, seed % 2 == 0, seed);
            const auto result = attentionStatistics(run->main());
            QVERIFY(result.ok());
            for (const auto& block : result->layerBlocks)
                QVERIFY(std::fabs(block.compatible.entropy -
                                  (std::log(3.0 * 7) + block.corrected.rowEntropy)) < 1e-6);
            QVERIFY(std::fabs(result->overall.compatible.entropy -
                              (std::log(2.0 * 3 * 7) + result->overall.corrected.rowEntropy)) < 1e-6);
        }
    }

    void positionsOfADrawnHead() {
        const auto source = attentionFromText(R"(
            1  .  .  .  .
            .5 .5 .  .  .
            .5 .  .5 .  .
            .5 .  .  .5 .
            .5 .  .  .  .5)");
        const auto positions = positionalAttention(*source);
        QVERIFY(positions.ok());
        const auto& head = positions->head(0, 0);
        QVERIFY(near(head.local, 3.5 / 5, 1e-9));
        QVERIFY(near(head.medium, 1.0 / 5, 1e-9));
        QVERIFY(near(head.global, 0.5 / 5, 1e-9));
        QVERIFY(near(head.firstToken, 0.6, 1e-9));
        QVERIFY(near(head.lastToken, 0.1, 1e-9));
        QVERIFY(near(head.meanDistance, (0.5 + 1 + 1.5 + 2) / 5, 1e-9));
        QVERIFY(near(head.weightByDistance[4], 0.5, 1e-9));
        QVERIFY(near(head.uniformByDistance[4], 0.2, 1e-9));
        QVERIFY(near(head.uniformByDistance[0], (1 + 1 / 2. + 1 / 3. + 1 / 4. + 1 / 5.) / 5, 1e-9));
    }

    // What everybody relies on, for each row of the table on each kind of run.
    void everyAnalysisKeepsItsPromises() {
        const std::vector<std::shared_ptr<const AttentionRun>> runs{
            randomRun(2, 3, 6), randomRun(2, 2, 8, false, 4, {6, 7}), randomRun(1, 1, 1),
            randomRun(1, 2, 2, true), runFromText("1 . .\n.5 .5 .")};
        for (const auto* analysis : analyses())
            for (const auto& run : runs) {
                const auto result = analyse(*run, analysis->id);
                if (!result.ok()) {
                    QCOMPARE(result.error().kind, ErrorKind::unsupported);
                    continue;
                }
                const auto& members = result->document.members();
                QVERIFY(members.size() > 3);
                QCOMPARE(members[0].first, std::string("model_name"));
                QCOMPARE(members[1].first, std::string("text"));
                QCOMPARE(members[2].first, std::string("tokens"));
                const auto text = result->document.toText();
                QVERIFY(parseJson(text, "document").ok());
                QVERIFY(!result->tables.empty() && !result->tables.front().rows.empty());
                for (const auto& row : result->tables.front().rows)
                    QCOMPARE(row.size(), result->tables.front().columns.size());
                const auto csv = QString::fromStdString(tableCsv(result->tables.front()));
                QVERIFY(csv.count('\n') == static_cast<int>(result->tables.front().rows.size()) + 1);
                QVERIFY(!result->text.empty());
            }
    }
};

QTEST_GUILESS_MAIN(RecordedTest)
#include "recorded_test.moc"
