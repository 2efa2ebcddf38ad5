#include <QtTest>
#include <charconv>

#include "core/base/readable.h"
#include "core/exporting/exporters.h"
#include "core/exporting/unicode_text.h"
#include "tests/core/exporting/hostile_tokens.h"
#include "tests/support/attention_text.h"

using namespace attnviz;
using namespace attnviz::test;

namespace {

using Rows = std::vector<std::vector<std::string>>;

// RFC 4180, nothing else.
Rows parseCsv(const std::string& text) {
    Rows rows;
    std::vector<std::string> row(1);
    bool quoted = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (quoted) {
            if (c != '"')
                row.back() += c;
            else if (at + 1 < text.size() && text[at + 1] == '"')
                row.back() += text[++at];
            else
                quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == ',') {
            row.emplace_back();
        } else if (c == '\r' && at + 1 < text.size() && text[at + 1] == '\n') {
            ++at;
            rows.push_back(std::move(row));
            row.assign(1, {});
        } else {
            row.back() += c;
        }
    }
    return rows;
}

Rows exported(const ExportRequest& request) {
    StringSink sink;
    const auto done = kCsvExporter.write(request, sink, {}, {});
    if (!done) qFatal("%s", done.error().sentence().c_str());
    return parseCsv(sink.bytes());
}

float number(const std::string& text) {
    float value = -1;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

}  // namespace

class CsvExporterTest : public QObject {
    Q_OBJECT

 private slots:
    void everyVisibleCellIsALineAndReadsBackExactly() {
        Session session;
        session.run = randomRun(2, 2, 6, true, 3, {1});  // causal, key 1 is padding
        const AttentionSource& source = session.run->main();
        const Rows rows = exported({.session = session});
        QCOMPARE(rows.front(), (std::vector<std::string>{"layer", "head", "query", "key", "query_token",
                                                         "key_token", "weight"}));
        std::size_t at = 1;
        std::vector<float> weights(6);
        for (int layer = 0; layer < 2; ++layer)
            for (int head = 0; head < 2; ++head)
                for (int query = 0; query < 6; ++query) {
                    source.row({layer, head}, query, weights);
                    for (int key = 0; key <= query; ++key) {
                        if (key == 1) continue;
                        const auto& row = rows.at(at++);
                        QCOMPARE(row.size(), std::size_t{7});
                        QCOMPARE(row[0], std::to_string(layer));
                        QCOMPARE(row[1], std::to_string(head));
                        QCOMPARE(row[2], std::to_string(query));
                        QCOMPARE(row[3], std::to_string(key));
                        QCOMPARE(row[4], "t" + std::to_string(query));
                        QCOMPARE(row[5], "t" + std::to_string(key));
                        QVERIFY(number(row[6]) == weights[static_cast<std::size_t>(key)]);
                    }
                }
        QCOMPARE(at, rows.size());
    }

    void visibleZerosAreWritten() {
        Session session;
        session.run = runFromText("1 0\n0 1");
        const Rows rows = exported({.session = session});
        QCOMPARE(rows.size(), std::size_t{5});
        QCOMPARE(rows[2].back(), std::string("0"));
    }

    void selectionKeepsTheModelsNumbers() {
        Session session;
        session.run = randomRun(3, 4, 2);
        ExportRequest request{.session = session};
        request.layers = {2};
        request.heads = {3};
        const Rows rows = exported(request);
        QCOMPARE(rows.size(), std::size_t{4});
        QCOMPARE(rows[1][0] + rows[1][1], std::string("23"));
    }

    void severalAttentionsAreNamed() {
        auto run = std::make_shared<AttentionRun>(*randomRun(1, 1, 2, false));
        run->target = runFromText("1", {"T"})->input;
        run->sources.push_back(attentionFromText("1"));
        run->sources.push_back(attentionFromText(".25 .75"));
        Session session;
        session.run = run;
        const Rows rows = exported({.session = session});
        QCOMPARE(rows[0][0], std::string("attention"));
        QCOMPARE(rows[1][0], std::string("encoder"));
        QCOMPARE(rows.back()[0], std::string("cross"));
        QCOMPARE(rows.back()[5], std::string("T"));
        QCOMPARE(rows.back()[6], std::string("t1"));
        QCOMPARE(rows.back()[7], std::string("0.75"));
    }

    void hostileTokensStayInTheirCellAndAreNoFormula() {
        const auto tokens = hostileTokens();
        for (const auto& token : tokens) {
            Session session;
            session.run = runFromText("1", {token});
            const Rows rows = exported({.session = session});
            QCOMPARE(rows.size(), std::size_t{2});
            QCOMPARE(rows[1].size(), std::size_t{7});
            const std::string& cell = rows[1][4];
            QVERIFY2(cell.empty() || std::string("=+-@").find(cell.front()) == std::string::npos,
                     cell.c_str());
            QCOMPARE(harmless(cell), cell);  // no control or direction character is left
            const bool guarded = cell.front() == '\'' && token.front() != '\'';
            QCOMPARE(guarded ? cell.substr(1) : cell, harmless(token));
        }
    }
};

QTEST_GUILESS_MAIN(CsvExporterTest)
#include "csv_exporter_test.moc"
