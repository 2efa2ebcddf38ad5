// What is exported opens again: sessions and archives through the program's own readers.
#include <QTemporaryDir>
#include <QtTest>
#include <fstream>

#include "core/attention/dense_attention.h"
#include "core/base/atomic_file.h"
#include "core/base/half.h"
#include "core/exporting/exporters.h"
#include "core/session/session.h"
#include "tests/core/exporting/hostile_tokens.h"
#include "tests/support/attention_text.h"

using namespace attnviz;
using namespace attnviz::test;

namespace {

std::string exported(const ExporterDescriptor& exporter, const ExportRequest& request) {
    StringSink sink;
    const auto done = exporter.write(request, sink, {}, {});
    if (!done) qFatal("%s", done.error().sentence().c_str());
    return sink.take();
}

std::vector<float> weights(const AttentionSource& source, HeadId head) {
    const AttentionInfo& info = source.info();
    std::vector<float> all(static_cast<std::size_t>(info.queries) * info.keys);
    for (int query = 0; query < info.queries; ++query)
        source.row(head, query,
                   std::span(all).subspan(static_cast<std::size_t>(query) * info.keys, info.keys));
    return all;
}

Session sessionOf(std::shared_ptr<const AttentionRun> run) {
    Session session;
    session.run = std::move(run);
    session.notes = "mine";
    session.created = "2026-01-02T03:04:05Z";
    return session;
}

}  // namespace

class SessionExportTest : public QObject {
    Q_OBJECT
    QTemporaryDir m_folder;

    Session reopened(const std::string& name, const std::string& bytes) {
        const auto path = std::filesystem::path(m_folder.path().toStdString()) / name;
        if (!writeFile(path, bytes)) qFatal("cannot write");
        auto session = openSession(path);
        if (!session) qFatal("%s", session.error().sentence().c_str());
        return *session;
    }

 private slots:
    void wholeSessionOpensAgainTheSame() {
        const Session session = sessionOf(randomRun(2, 3, 7));
        for (const auto* exporter : {&kJsonExporter, &kGzipJsonExporter}) {
            const Session back = reopened("whole" + std::string(exporter->suffixes.front()),
                                          exported(*exporter, {.session = session}));
            QVERIFY(back.run->input == session.run->input);
            QCOMPARE(back.notes, session.notes);
            QVERIFY(back.unknownKeys.empty());
            for (int layer = 0; layer < 2; ++layer)
                for (int head = 0; head < 3; ++head)
                    QCOMPARE(weights(back.run->main(), {layer, head}),
                             weights(session.run->main(), {layer, head}));
        }
    }

    void selectionIsASessionOfTheChosenHeadsThatSaysSo() {
        const Session session = sessionOf(randomRun(4, 3, 6));
        std::vector<std::string> notices;
        ExportRequest request{.session = session};
        request.layers = {3, 1};
        request.heads = {2};
        request.notices = &notices;
        const Session back = reopened("chosen.json", exported(kJsonExporter, request));
        QCOMPARE(back.run->main().info().layers, 2);
        QCOMPARE(back.run->main().info().heads, 1);
        QVERIFY(back.run->main().info().visibility == session.run->main().info().visibility);
        QCOMPARE(weights(back.run->main(), {0, 0}), weights(session.run->main(), {3, 2}));
        QCOMPARE(weights(back.run->main(), {1, 0}), weights(session.run->main(), {1, 2}));
        QCOMPARE(notices, (std::vector<std::string>{"The session holds layers 3, 1 of 4, heads 2 of 3."}));
        QCOMPARE(back.unknownKeys.size(), std::size_t{1});
        QCOMPARE(back.unknownKeys.front().first, std::string("exported"));
        QVERIFY(QString::fromStdString(back.unknownKeys.front().second).contains("[3, 1]"));
    }

    void filteredWeightsAreWhatIsWritten() {
        const Session session = sessionOf(runFromText("1 .\n.25 .75"));
        ExportRequest request{.session = session};
        request.sources = {attentionFromText("1 .\n1 .")};
        const Session back = reopened("filtered.json", exported(kJsonExporter, request));
        QCOMPARE(weights(back.run->main(), {0, 0}), (std::vector<float>{1, 0, 1, 0}));
    }

    void wordsAreRefusedInASessionOfTokens() {
        const Session session = sessionOf(runFromText("1 . .\n.5 .5 .\n.2 .3 .5"));
        ExportRequest request{.session = session};
        request.sources = {attentionFromText("1 .\n.5 .5")};
        StringSink sink;
        const auto done = kJsonExporter.write(request, sink, {}, {});
        QVERIFY(!done.ok());
        QVERIFY(done.error().sentence().find("Switch words off") != std::string::npos);
    }

    void halfPrecisionIsKeptAsFloat16() {
        const Session session = sessionOf(randomRun(1, 2, 5));
        ExportRequest request{.session = session};
        request.halfPrecision = true;
        const Session back = reopened("half.json", exported(kJsonExporter, request));
        QCOMPARE(back.encoding, SessionEncoding::float16);
        const auto exact = weights(session.run->main(), {0, 1}), rounded = weights(back.run->main(), {0, 1});
        for (std::size_t i = 0; i < exact.size(); ++i)
            QCOMPARE(rounded[i], floatFromHalf(halfFromFloat(exact[i])));
    }

    void hostileTokensComeBackAsTheyWere() {
        for (const auto& token : hostileTokens()) {
            if (token.find('\xff') != std::string::npos) continue;  // a tokenizer gives valid UTF-8
            const Session session = sessionOf(runFromText("1", {token}));
            const Session back = reopened("token.json", exported(kJsonExporter, {.session = session}));
            QCOMPARE(back.run->input.tokens.front().text, token);
        }
    }

    void archiveOpensWithTheSameWeightsAndTokens() {
        const Session session = sessionOf(randomRun(2, 3, 9));
        for (const bool compress : {false, true}) {
            ExportRequest request{.session = session};
            request.compress = compress;
            const Session back = reopened("run.npz", exported(kNpzExporter, request));
            QVERIFY(back.foreign);
            QCOMPARE(back.run->main().info().layers, 2);
            QVERIFY(back.run->main().info().visibility.causal());
            QCOMPARE(back.run->input.tokens[4].text, std::string("t4"));
            for (int head = 0; head < 3; ++head)
                QCOMPARE(weights(back.run->main(), {1, head}), weights(session.run->main(), {1, head}));
        }
    }
};

QTEST_GUILESS_MAIN(SessionExportTest)
#include "session_export_test.moc"
