// What every exporter of the table must do, whatever it writes.
#include "core/exporting/exporters.h"

#include <QtTest>
#include <set>

#include "core/attention/dense_attention.h"
#include "core/attention/filtered_attention.h"
#include "core/base/readable.h"
#include "tests/core/exporting/hostile_tokens.h"
#include "tests/support/attention_text.h"
#include "tests/support/failing_sink.h"

using namespace attnviz;
using attnviz::test::FailingSink;
using attnviz::test::hostileTokens;
using attnviz::test::randomRun;
using attnviz::test::runFromText;

namespace {

Session sessionOf(std::shared_ptr<const AttentionRun> run) {
    Session session;
    session.run = std::move(run);
    session.created = "2026-01-02T03:04:05Z";
    session.generator = "test";
    return session;
}

ExportRequest requestOf(const Session& session) {
    ExportRequest request{.session = session};
    request.sources = session.run->sources;
    request.created = session.created;
    return request;
}

Result<std::string> exported(const ExporterDescriptor& exporter, const ExportRequest& request) {
    StringSink sink;
    if (auto done = exporter.write(request, sink, {}, {}); !done) return done.error();
    return sink.take();
}

void eachExporter() {
    QTest::addColumn<const void*>("row");
    for (const auto* exporter : coreExporters())
        QTest::newRow(std::string(exporter->id).c_str()) << static_cast<const void*>(exporter);
}

const ExporterDescriptor& fetched(const void* row) {
    return *static_cast<const ExporterDescriptor*>(row);
}

}  // namespace

class ExportersTest : public QObject {
    Q_OBJECT

 private slots:
    void rowsAreCompleteAndDistinct() {
        std::set<std::string_view> ids, suffixes;
        for (const auto* exporter : coreExporters()) {
            QVERIFY(ids.insert(exporter->id).second);
            QVERIFY(!exporter->title.empty() && exporter->write && !exporter->suffixes.empty());
            for (const auto suffix : exporter->suffixes) {
                QVERIFY(suffix.starts_with('.') && suffixes.insert(suffix).second);
                const std::string name = "Some Name" + std::string(suffix);
                QCOMPARE(exporterForName(name, coreExporters()), exporter);
                QCOMPARE(
                    exporterForName(QString::fromStdString(name).toUpper().toStdString(), coreExporters()),
                    exporter);
            }
        }
    }

    void namesWithoutAKnownSuffixHaveNoExporter() {
        for (const char* name : {"", "npz", ".npz", "folder/.npz", "x.npz.part", "x.exe"})
            QVERIFY2(!exporterForName(name, coreExporters()), name);
    }

    void secondExportGivesTheSameBytes_data() { eachExporter(); }
    void secondExportGivesTheSameBytes() {
        QFETCH(const void*, row);
        const Session session = sessionOf(randomRun(2, 3, 9, true, 5));
        const auto first = exported(fetched(row), requestOf(session));
        QVERIFY2(first.ok(), first.ok() ? "" : first.error().sentence().c_str());
        QVERIFY(!first->empty());
        QTest::qWait(0);
        const auto second = exported(fetched(row), requestOf(session));
        QVERIFY(second.ok() && *first == *second);
    }

    void fullDiskIsAnErrorAtEveryByte_data() { eachExporter(); }
    void fullDiskIsAnErrorAtEveryByte() {
        QFETCH(const void*, row);
        const auto& exporter = fetched(row);
        const Session session = sessionOf(randomRun(1, 2, 5, true, 2));
        ExportRequest request = requestOf(session);
        for (const bool compress : {false, true}) {
            request.compress = compress;
            const auto whole = exported(exporter, request);
            QVERIFY(whole.ok());
            const std::size_t step = std::max<std::size_t>(1, whole->size() / 400);
            for (std::size_t room = 0; room < whole->size(); room += step) {
                FailingSink sink(room);
                const auto done = exporter.write(request, sink, {}, {});
                QVERIFY2(!done.ok(), std::to_string(room).c_str());
                QCOMPARE(done.error().kind, ErrorKind::io);
            }
            FailingSink enough(whole->size());
            QVERIFY(exporter.write(request, enough, {}, {}).ok());
        }
    }

    void stopRequestCancels_data() { eachExporter(); }
    void stopRequestCancels() {
        QFETCH(const void*, row);
        const Session session = sessionOf(randomRun(2, 2, 8));
        std::stop_source stop;
        stop.request_stop();
        StringSink sink;
        const auto done = fetched(row).write(requestOf(session), sink, {}, stop.get_token());
        QVERIFY(!done.ok());
        QCOMPARE(done.error().kind, ErrorKind::cancelled);
    }

    void reportKeepsTheNumbersOfChosenLayers() {
        const Session session = sessionOf(randomRun(4, 2, 6));
        ExportRequest request = requestOf(session);
        request.layers = {2};
        request.heads = {1};
        const auto report = exported(kMarkdownExporter, request);
        QVERIFY(report.ok());
        QVERIFY(report->starts_with("# Attention Analysis Report"));
        QVERIFY(report->find("### Layer 2") != std::string::npos);
        QVERIFY(report->find("### Layer 0") == std::string::npos);
        QVERIFY(report->find(session.created) != std::string::npos);
    }

    void hostileTokensLeaveNoControlCharactersInText_data() { eachExporter(); }
    void hostileTokensLeaveNoControlCharactersInText() {
        QFETCH(const void*, row);
        const auto& exporter = fetched(row);
        if (exporter.id == "npz" || exporter.id.starts_with("json")) QSKIP("keeps tokens as they are");
        for (const auto& token : hostileTokens()) {
            auto run = std::make_shared<AttentionRun>(*runFromText("1 .\n.5 .5", {token, token}));
            run->model.name = token;
            const Session session = sessionOf(run);
            const auto text = exported(exporter, requestOf(session));
            QVERIFY2(text.ok(), text.ok() ? "" : text.error().sentence().c_str());
            QVERIFY2(isValidUtf8(*text), token.c_str());
            for (const std::string_view raw : {std::string_view("\0", 1), std::string_view("\x1b"),
                                               std::string_view("\u202E"), std::string_view("\u2028")})
                QVERIFY2(text->find(raw) == std::string::npos, token.c_str());
        }
    }

    void wordsAreNamedByTheirPieces() {
        auto run =
            std::make_shared<AttentionRun>(*runFromText("1 . .\n.5 .5 .\n.2 .3 .5", {"un", "easy", " calm"}));
        FilterSettings words;
        words.words = true;
        const Session session = sessionOf(run);
        ExportRequest request = requestOf(session);
        request.sources = {
            filtered(run->sources.front(), words, {{}, {}, {{0, 2}, {2, 3}}, {{0, 2}, {2, 3}}})};
        const auto csv = exported(kCsvExporter, request);
        QVERIFY2(csv.ok() && csv->find("0,0,1,0,\" calm\",uneasy,0.5\r\n") != std::string::npos,
                 csv->c_str());
        const auto page = exported(kHtmlExporter, request);
        QVERIFY(page.ok() && page->find("[\"uneasy\", \" calm\"]") != std::string::npos);
        const auto archive = exported(kNpzExporter, request);
        QVERIFY(archive.ok() && archive->find("query_words.npy") != std::string::npos);
        QVERIFY(!exported(kJsonExporter, request).ok());  // a session holds maps of tokens
        request.layers = {0};
        request.heads = {0};
        QVERIFY(exported(kHtmlExporter, request)->find("[\"uneasy\", \" calm\"]") != std::string::npos);
    }

    void unfinishedRunIsRefusedUnlessFinishedLayersAreChosen_data() { eachExporter(); }
    void unfinishedRunIsRefusedUnlessFinishedLayersAreChosen() {
        QFETCH(const void*, row);
        auto run = std::make_shared<AttentionRun>(*randomRun(2, 1, 4));
        const auto& whole = dynamic_cast<const DenseAttention&>(run->main());
        AttentionInfo info = whole.info();
        info.layers = 5;
        run->sources = {DenseAttention::create(info, {std::make_shared<DenseLayer>(whole.layer(0)),
                                                      std::make_shared<DenseLayer>(whole.layer(1))})};
        const Session session = sessionOf(run);
        ExportRequest request = requestOf(session);
        const auto all = exported(fetched(row), request);
        QVERIFY(!all.ok() && all.error().sentence().find("layer 2 is not computed yet") != std::string::npos);
        request.layers = {0, 1};
        QVERIFY(exported(fetched(row), request).ok());
    }

    void layerOrHeadThatIsNotThereIsRefused_data() { eachExporter(); }
    void layerOrHeadThatIsNotThereIsRefused() {
        QFETCH(const void*, row);
        const Session session = sessionOf(randomRun(2, 3, 4));
        ExportRequest request = requestOf(session);
        request.layers = {2};
        const auto layer = exported(fetched(row), request);
        QVERIFY(!layer.ok() && layer.error().sentence().find("no layer 2") != std::string::npos);
        request.layers = {};
        request.heads = {0, -1};
        QVERIFY(!exported(fetched(row), request).ok());
    }
};

QTEST_GUILESS_MAIN(ExportersTest)
#include "exporters_test.moc"
