#include "app/command_line.h"

#include <QtTest>

#include "app/command.h"

using namespace attnviz;

namespace {

ParsedCommandLine parse(const QString& words) {
    std::vector<std::string> arguments;
    for (const auto& word : words.split(' ', Qt::SkipEmptyParts)) arguments.push_back(word.toStdString());
    return parseCommandLine(arguments);
}

}  // namespace

class CommandLineTest : public QObject {
    Q_OBJECT

 private slots:
    void thePredecessorsFlagsKeepTheirMeaning() {
        const auto visualize =
            parse("visualize --model gpt2 --text Hi --layer 6 --head 4 --output viz.html --interactive");
        QVERIFY2(!visualize.exitCode, visualize.message.c_str());
        QCOMPARE(visualize.line.command->name, std::string_view("visualize"));
        QCOMPARE(visualize.line.layer, std::optional<int>(6));
        QCOMPARE(visualize.line.head, std::optional<int>(4));
        QCOMPARE(visualize.line.output, std::string("viz.html"));
        QVERIFY(visualize.line.interactive);
        const auto compare = parse("compare --model gpt2 --text Hi --layers 0 3 6 9 --output c.png");
        QVERIFY2(!compare.exitCode, compare.message.c_str());
        QCOMPARE(compare.line.layers, std::string("0,3,6,9"));
        QVERIFY(!parse("analyze --model m --text t --output r.md --layer 2").exitCode);
        QVERIFY(!parse("stats --model m --text t").exitCode);
    }

    void negativeNumbersAreValuesNotOptions() {
        const auto parsed = parse("compare --text t --layers 0 -1 --head -2");
        QVERIFY2(!parsed.exitCode, parsed.message.c_str());
        QCOMPARE(parsed.line.layers, std::string("0,-1"));
        QCOMPARE(parsed.line.head, std::optional<int>(-2));
    }

    void idsAreLists() {
        const auto parsed =
            parse("export --token-ids 1,2,3 --attention-mask 1,1,0 --segment-ids 0,0,1 --output x.npz");
        QVERIFY2(!parsed.exitCode, parsed.message.c_str());
        QCOMPARE(*parsed.line.tokenIds, (std::vector<std::int64_t>{1, 2, 3}));
        QCOMPARE(*parsed.line.attentionMask, (std::vector<std::int64_t>{1, 1, 0}));
        QCOMPARE(*parsed.line.segmentIds, (std::vector<std::int64_t>{0, 0, 1}));
    }

    void howAModelWritesOnIsSaid() {
        const auto parsed =
            parse("stats --text t --generate 20 --temperature 0.8 --top-p 0.9 --sample-top-k 40 --seed 7");
        QVERIFY2(!parsed.exitCode, parsed.message.c_str());
        QCOMPARE(parsed.line.generate, std::optional<int>(20));
        QCOMPARE(parsed.line.temperature, std::optional<double>(0.8));
        QCOMPARE(parsed.line.topP, std::optional<double>(0.9));
        QCOMPARE(parsed.line.sampleTopK, std::optional<int>(40));
        QCOMPARE(parsed.line.seed, std::optional<std::uint64_t>(7));
        for (const auto* command :
             {"visualize", "analyze", "compare --layers 0", "export", "rollout", "predict"})
            QVERIFY2(!parse(QString(command) + " --text t --generate 3").exitCode, command);
        QVERIFY(!parse("--text t --generate 3").exitCode);
        for (const auto* words :
             {"stats --text t --seed 3", "stats --text t --generate 0", "stats --session s.json --generate 3",
              "stats --text t --generate 2 --top-p 2"})
            QVERIFY2(parse(words).exitCode == 2, words);
    }

    void aComparisonHasAnotherSide() {
        const auto parsed = parse("difference --text t --with-text u --with-model m");
        QVERIFY2(!parsed.exitCode, parsed.message.c_str());
        QCOMPARE(*parsed.line.withText, std::string("u"));
        QCOMPARE(*parsed.line.withModel, std::string("m"));
        QVERIFY(!parse("difference --session a.json --with-session b.json").exitCode);
        QVERIFY(!parse("difference --session a.json --with-model m").exitCode);
        for (const auto* words : {"difference --text t", "difference --text t --with-text u --with-session f",
                                  "difference --session f --with-text u", "stats --text t --with-text u"}) {
            const auto refused = parse(words);
            QCOMPARE(refused.exitCode, std::optional<int>(2));
            QVERIFY2(refused.message.find("--with-") != std::string::npos, refused.message.c_str());
        }
    }

    void exitCodesTellUsageFromInput_data() {
        QTest::addColumn<QString>("words");
        QTest::addColumn<int>("code");
        QTest::addColumn<QString>("mention");
        QTest::newRow("unknown option") << "stats --text t --colour red" << 2 << "--colour";
        QTest::newRow("option of another command")
            << "tokenize --text t --dpi 3" << 2 << "'--dpi' is no option of 'tokenize'";
        QTest::newRow("one word too many") << "stats --text t more" << 2 << "'more'";
        QTest::newRow("unknown command") << "visualise" << 2 << "visualize";
        QTest::newRow("unknown choice") << "stats --text t --format yaml" << 2 << "yaml";
        QTest::newRow("unknown colour map") << "visualize --text t --colormap jet" << 2 << "jet";
        QTest::newRow("missing text") << "stats" << 2 << "--text";
        QTest::newRow("missing value") << "stats --text" << 2 << "--text";
        QTest::newRow("unusable ids") << "stats --token-ids 1,x" << 1 << "--token-ids";
        QTest::newRow("unusable number") << "visualize --text t --layer two" << 1 << "layer";
        QTest::newRow("unknown preset") << "visualize --text t --preset a4" << 2 << "183mm";
        QTest::newRow("preset and size")
            << "visualize --text t --preset 89mm --figure-size 2x2" << 2 << "exclude";
        QTest::newRow("unusable size") << "visualize --text t --figure-size big" << 1 << "figure-size";
        QTest::newRow("missing path") << "no/such/folder" << 1 << "no/such/folder";
        QTest::newRow("both texts") << "stats --text a --text-file b" << 2 << "exclude";
        QTest::newRow("session and model") << "stats --session a --model b" << 2 << "--session";
        QTest::newRow("segments without ids") << "stats --text a --segment-ids 1" << 2 << "--token-ids";
        QTest::newRow("interactive and static")
            << "visualize --text a --interactive --static" << 2 << "exclude";
        QTest::newRow("unknown device") << "stats --text a --device tpu" << 2 << "tpu";
    }
    void exitCodesTellUsageFromInput() {
        QFETCH(QString, words);
        QFETCH(int, code);
        QFETCH(QString, mention);
        const auto parsed = parse(words);
        QVERIFY(parsed.exitCode.has_value());
        QVERIFY2(*parsed.exitCode == code, parsed.message.c_str());
        QVERIFY2(QString::fromStdString(parsed.message).contains(mention), parsed.message.c_str());
        QCOMPARE(QString::fromStdString(parsed.message).count('\n'), 1);
        QVERIFY(!parsed.toStandardOutput);
    }

    void helpListsEveryCommandAndVersionSaysItself() {
        const auto help = parse("--help");
        QCOMPARE(help.exitCode, std::optional<int>(0));
        QVERIFY(help.toStandardOutput);
        for (const auto* command : commands())
            QVERIFY2(help.message.find(command->name) != std::string::npos,
                     std::string(command->name).c_str());
        for (const auto* analysis : analyses())
            QVERIFY2(help.message.find(analysis->id) != std::string::npos, std::string(analysis->id).c_str());
        QVERIFY(parse("--version").message.find(ATTNVIZ_VERSION) != std::string::npos);
        for (const auto* command : commands()) {
            const auto own = parse(QString::fromStdString(std::string(command->name)) + " --help");
            QCOMPARE(own.exitCode, std::optional<int>(0));
            QVERIFY(own.message.find("--config") != std::string::npos);
        }
    }

    void indicesAreListsAndRanges() {
        QCOMPARE(*parseIndices("0,3,6-8", 12, "layer"), (std::vector<int>{0, 3, 6, 7, 8}));
        QCOMPARE(*parseIndices("0 3 -1", 12, "layer"), (std::vector<int>{0, 3, 11}));
        QCOMPARE(*parseIndices("-2--1", 12, "head"), (std::vector<int>{10, 11}));
        QCOMPARE(*parseIndices("3-1", 12, "head"), (std::vector<int>{3, 2, 1}));
        QCOMPARE(*parseIndices("1,1,1", 2, "head"), (std::vector<int>{1}));
        for (const auto* wrong : {"12", "-13", "x", "", "1-", "0-12", "99999999999", "1.5"}) {
            const auto parsed = parseIndices(wrong, 12, "layer");
            QVERIFY2(!parsed.ok(), wrong);
            QVERIFY2(parsed.error().sentence().find("--layers") != std::string::npos, wrong);
        }
    }
};

QTEST_GUILESS_MAIN(CommandLineTest)
#include "command_line_test.moc"
