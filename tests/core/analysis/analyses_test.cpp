// Every analysis of the table, on every sample run; and what they share: options, tables, refusals.
#include <QtTest>
#include <set>

#include "core/base/json_parse.h"
#include "core/base/readable.h"
#include "tests/core/analysis/analysis_cases.h"
#include "tests/support/attention_text.h"

using namespace attnviz;
using namespace attnviz::test;

namespace {

AnalysisRequest requestFor(const AttentionRun& run) {
    return {.run = run,
            .source = run.main(),
            .options = {},
            .layers = {},
            .heads = {},
            .progress = {},
            .stop = {},
            .otherRun = &run,
            .otherSource = &run.main()};
}

// RFC 4180, the obvious way: fields by line.
std::vector<std::vector<std::string>> parsedCsv(const std::string& text) {
    std::vector<std::vector<std::string>> lines(1, std::vector<std::string>(1));
    bool quoted = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (quoted) {
            if (c == '"' && at + 1 < text.size() && text[at + 1] == '"')
                lines.back().back() += text[++at];
            else if (c == '"')
                quoted = false;
            else
                lines.back().back() += c;
        } else if (c == '"') {
            quoted = true;
        } else if (c == ',') {
            lines.back().emplace_back();
        } else if (c == '\r') {
            lines.emplace_back(1);
            ++at;
        } else {
            lines.back().back() += c;
        }
    }
    lines.pop_back();  // after the last line's end
    return lines;
}

std::string refusal(const std::string& id, AnalysisRequest request) {
    const auto result = runAnalysis(*findAnalysis(id), request);
    return result ? std::string() : result.error().sentence();
}

}  // namespace

class AnalysesTest : public QObject {
    Q_OBJECT

 private slots:
    void everyAnalysisRunsOnEverySample_data() {
        QTest::addColumn<QString>("id");
        QTest::addColumn<int>("sample");
        const auto samples = sampleRuns();
        for (const auto* analysis : analyses())
            for (std::size_t sample = 0; sample < samples.size(); ++sample)
                QTest::newRow((std::string(analysis->id) + ", " + samples[sample].name).c_str())
                    << QString::fromStdString(std::string(analysis->id)) << static_cast<int>(sample);
    }
    void everyAnalysisRunsOnEverySample() {
        QFETCH(QString, id);
        QFETCH(int, sample);
        const auto run = sampleRuns()[static_cast<std::size_t>(sample)].run;
        const auto result = runAnalysis(*findAnalysis(id.toStdString()), requestFor(*run));
        if (!result) {  // only what has no meaning may be refused, and by a sentence
            QCOMPARE(result.error().kind, ErrorKind::unsupported);
            QVERIFY(!result.error().hint.empty());
            QVERIFY(run->main().info().kind == AttentionKind::cross ||
                    findAnalysis(id.toStdString())->wishes);  // most samples ran without wishes
            return;
        }
        const auto& members = result->document.members();
        QVERIFY(members.size() > 3);
        if (id != "analyze") {
            QCOMPARE(members[0].first, std::string("model_name"));
            QCOMPARE(members[1].first, std::string("text"));
            QCOMPARE(members[2].first, std::string("tokens"));
        }
        const std::string text = result->document.toText();
        QVERIFY(parseJson(text, "document").ok());
        QVERIFY(!result->tables.empty() && !result->tables.front().columns.empty());
        for (const auto& table : result->tables) {
            const auto lines = parsedCsv(tableCsv(table));
            QCOMPARE(lines.size(), table.rows.size() + 1);
            for (const auto& line : lines) {
                QCOMPARE(line.size(), table.columns.size());
                for (const auto& field : line) {
                    QVERIFY(field != "nan" && field != "inf" && field != "-nan");
                    QCOMPARE(harmless(field), field);
                }
            }
        }
        QVERIFY(!result->text.empty());
        QCOMPARE(harmless(result->text, true), result->text);
        QVERIFY(
            !QRegularExpression("\\b-?(nan|inf)\\b").match(QString::fromStdString(result->text)).hasMatch());
    }

    void idsAreUniqueAndOptionsKnowTheirFallbacks() {
        std::set<std::string_view> ids;
        const auto run = sampleRuns().front().run;
        for (const auto* analysis : analyses()) {
            QVERIFY(ids.insert(analysis->id).second);
            QCOMPARE(findAnalysis(analysis->id), analysis);
            QVERIFY(!analysis->title.empty() && !analysis->help.empty());
            for (const auto& option : analysis->options) {
                QVERIFY(!option.help.empty());
                if (option.fallback.empty()) continue;
                auto request = requestFor(*run);  // the fallback, typed, is an allowed value
                request.options.set(std::string(option.name), std::string(option.fallback));
                QCOMPARE(refusal(std::string(analysis->id), request), std::string());
            }
        }
        QVERIFY(!findAnalysis("nothing"));
    }

    void wrongRequestsAreRefusedWithTheAllowedValues() {
        const auto run = randomRun(3, 2, 6);
        auto colour = requestFor(*run);
        colour.options.set("colour", "red");
        QCOMPARE(refusal("stats", colour),
                 std::string("'stats' has no option --colour. It has --sparse-below."));
        auto threshold = requestFor(*run);
        threshold.options.set("sparse-below", "2");
        QCOMPARE(refusal("stats", threshold),
                 std::string("'2' is no value of --sparse-below. Give a number from 0 to 1."));
        threshold.options.set("sparse-below", "nan");
        QVERIFY(!refusal("stats", threshold).empty());
        auto choice = requestFor(*run);
        choice.layers = {3};
        QCOMPARE(refusal("stats", choice),
                 std::string("layer 3 is not there. This attention has layers 0 to 2."));
        choice.layers = {-1};
        choice.heads = {-3};
        QCOMPARE(refusal("stats", choice),
                 std::string("head -3 is not there. This attention has heads 0 to 1."));
    }

    void indicesBelowZeroCountFromTheEnd() {
        const auto run = randomRun(3, 2, 6);
        auto request = requestFor(*run);
        request.layers = {-1, 0, 2};
        const auto result = runAnalysis(*findAnalysis("stats"), request);
        QVERIFY(result.ok());
        const auto& layers = result->document["layer_stats"].items();
        QCOMPARE(layers.size(), std::size_t{2});
        QCOMPARE(layers[0]["layer"].integerOr(-1), std::int64_t{0});
        QCOMPARE(layers[1]["layer"].integerOr(-1), std::int64_t{2});
    }

    void csvKeepsNumbersAndDisarmsFormulas() {
        const Table table{"t",
                          {"token", "weight"},
                          {{"=1+1", -0.5}, {"a,\"b\"", 3}, {"\xE2\x80\xAEx", JsonValue()}, {"\tcmd", 0.25F}}};
        QCOMPARE(tableCsv(table), std::string("token,weight\r\n"
                                              "'=1+1,-0.5\r\n"
                                              "\"a,\"\"b\"\"\",3\r\n"
                                              "\\u202Ex,\r\n"
                                              "'\\tcmd,0.25\r\n"));
    }

    void textColumnsAlignOnTheLeftAndNumbersOnTheRight() {
        const std::string chinese = "\xE6\xBC\xA2\xE5\xAD\x97\xE6\xBC\xA2";  // three characters, six columns
        const Table table{
            "t", {"token", "weight"}, {{"a", 0.5}, {chinese, 12}, {"\x1b[2J", 1e-9}, {"b", JsonValue()}}};
        const std::string escape = harmless("\x1b[2J");
        const auto pad = [&](const std::string& text, std::size_t width) {
            return text + std::string(escape.size() - width, ' ');
        };
        QCOMPARE(tableText(table), pad("token", 5) + "     weight\n" + pad("a", 1) + "     0.5000\n" +
                                       pad(chinese, 6) + "         12\n" + escape + "  1.000e-09\n" +
                                       pad("b", 1) + "          -\n");
    }

    void optionsReadWholeValuesOnly() {
        AnalysisOptions options;
        options.set("a", "12");
        options.set("b", "12x");
        options.set("c", "1e-3");
        options.set("d", "inf");
        QCOMPARE(*options.integer("a"), std::int64_t{12});
        QVERIFY(!options.integer("b") && !options.integer("c") && !options.integer("none"));
        QCOMPARE(*options.number("c"), 1e-3);
        QVERIFY(!options.number("d") && !options.flag("a"));
    }
};

QTEST_GUILESS_MAIN(AnalysesTest)
#include "analyses_test.moc"
