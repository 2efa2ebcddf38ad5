// Long texts are kept as queries and keys, and come back as such.
#include <QtTest>

#include "core/attention/factored_attention.h"
#include "core/base/atomic_file.h"
#include "core/session/session.h"
#include "tests/core/session/session_cases.h"

using namespace attnviz;
using namespace attnviz::test;

class FactoredSessionTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;

    static std::string textOf(const Session& session, SessionEncoding encoding = SessionEncoding::automatic) {
        StringSink sink;
        const auto written = writeSession(session, {.encoding = encoding}, sink);
        if (!written) qFatal("%s", written.error().sentence().c_str());
        return sink.take();
    }
    Result<Session> open(const std::string& bytes) const {
        const auto file = std::filesystem::path(m_folder.filePath("factored.attn.json").toStdString());
        if (!writeFile(file, bytes)) qFatal("cannot write");
        return openSession(file);
    }
    Session opened(const std::string& bytes) const {
        auto session = open(bytes);
        if (!session) qFatal("%s", session.error().sentence().c_str());
        return std::move(*session);
    }
    static const FactoredAttention& factored(const Session& session) {
        return dynamic_cast<const FactoredAttention&>(session.run->main());
    }
    static std::string replaced(std::string text, const std::string& what, const std::string& with) {
        const auto at = text.find(what);
        if (at == std::string::npos) qFatal("no %s", what.c_str());
        return text.replace(at, what.size(), with);
    }

 private slots:
    void queriesAndKeysComeBackWithEveryAdjustment() {
        const Session session = factoredSession();
        const std::string first = textOf(session, SessionEncoding::factoredFloat32);
        const Session again = opened(first);
        QCOMPARE(again.encoding, SessionEncoding::factoredFloat32);
        for (int layer = 0; layer < 3; ++layer) {
            const FactoredLayer &wanted = factored(session).layer(layer),
                                &found = factored(again).layer(layer);
            QCOMPARE(found.width, wanted.width);
            QCOMPARE(found.scale, wanted.scale);
            QVERIFY(found.adjust == wanted.adjust);
            QVERIFY(found.queryFloats == wanted.queryFloats);
            QVERIFY(found.keyFloats == wanted.keyFloats);
            QVERIFY(found.lse == wanted.lse);
        }
        QVERIFY(weightsOf(again.run->main()) == weightsOf(session.run->main()));
        QVERIFY(again.run->notices.empty());
        QVERIFY(textOf(again) == first);
    }

    void float16RoundsOnceAndKeepsWhatDoesNotFit() {
        const Session session = factoredSession(true);
        const std::string first = textOf(session, SessionEncoding::factoredFloat16);
        const Session again = opened(first);
        QCOMPARE(again.encoding, SessionEncoding::factoredFloat16);
        QVERIFY(factored(again).layer(0).isHalf());
        QVERIFY(!factored(again).layer(2).isHalf());  // holds a value beyond float16
        const auto wanted = weightsOf(session.run->main()), found = weightsOf(again.run->main());
        for (std::size_t i = 0; i < wanted.size(); ++i) QVERIFY(std::abs(wanted[i] - found[i]) < 4e-3F);
        QVERIFY(again.run->notices.empty());
        QVERIFY(textOf(again) == first);
    }

    void halvesMayBeSavedAsFloats() {
        const Session half = opened(textOf(factoredSession(), SessionEncoding::factoredFloat16));
        const std::string first = textOf(half, SessionEncoding::factoredFloat32);
        const Session again = opened(first);
        QVERIFY(!factored(again).layer(0).isHalf());
        QVERIFY(weightsOf(again.run->main()) == weightsOf(half.run->main()));
    }

    void theyMayBeSavedAsWeightsToo() {
        const Session session = factoredSession();
        for (const auto encoding :
             {SessionEncoding::nested, SessionEncoding::float32, SessionEncoding::automatic})
            QVERIFY(weightsOf(opened(textOf(session, encoding)).run->main()) ==
                    weightsOf(session.run->main()));
        // What is dense stays dense where queries and keys are asked for.
        const Session dense = opened(textOf(encoderDecoderSession(), SessionEncoding::factoredFloat32));
        QCOMPARE(dense.encoding, SessionEncoding::float32);
    }

    void anotherLogSumExpIsNoticed() {
        const std::string text = textOf(factoredSession(), SessionEncoding::factoredFloat32);
        const auto at = text.find("\"lse\":\"") + 7;
        std::string other = text;
        other.replace(at, 16, "AAAAAAAAAAAAAAAA");
        const Session session = opened(other);
        QCOMPARE(session.run->notices.size(), std::size_t{1});
        QVERIFY(session.run->notices[0].find("do not sum to one") != std::string::npos);
    }

    void whatDoesNotFitTogetherIsRefused_data() {
        QTest::addColumn<QString>("what");
        QTest::addColumn<QString>("with");
        QTest::addColumn<QString>("reason");
        QTest::newRow("layers") << "\"layers\":3"
                                << "\"layers\":4"
                                << "num_layers";
        QTest::newRow("heads") << "\"heads\":4,\"kv_heads\":2"
                               << "\"heads\":4,\"kv_heads\":1"
                               << "k has";
        QTest::newRow("shared heads") << "\"kv_heads\":2"
                                      << "\"kv_heads\":3"
                                      << "cannot share";
        QTest::newRow("short q") << "\"q\":\""
                                 << "\"q\":\"AAAA"
                                 << "no vectors for 4 heads";
        QTest::newRow("no k") << "\"k\":"
                              << "\"kk\":"
                              << "without q, k, lse and scale";
        QTest::newRow("no base64") << "\"k\":\"AAAA"
                                   << "\"k\":\"A!AA"
                                   << "";
        QTest::newRow("slopes") << "\"alibi_slopes\":["
                                << "\"alibi_slopes\":[0.5,"
                                << "5 numbers for 4 heads";
        QTest::newRow("buckets") << "\"buckets\":8"
                                 << "\"buckets\":9"
                                 << "even number of buckets";
        QTest::newRow("table") << "\"table\":[["
                               << "\"table\":[[1.0,"
                               << "4 heads by 8 buckets";
        QTest::newRow("huge width") << "\"scale\":0.5"
                                    << "\"scale\":1e39"
                                    << "too large";
    }
    void whatDoesNotFitTogetherIsRefused() {
        QFETCH(QString, what);
        QFETCH(QString, with);
        QFETCH(QString, reason);
        std::string text = textOf(factoredSession(), SessionEncoding::factoredFloat32);
        if (what.contains("AAAA")) {
            const auto at = text.find("\"k\":\"") + 5;
            text[at + 1] = '!';
        } else {
            text = replaced(text, what.toStdString(), with.toStdString());
        }
        const auto session = open(text);
        QVERIFY(!session.ok());
        QVERIFY2(QString::fromStdString(session.error().sentence()).contains(reason),
                 session.error().sentence().c_str());
    }
};

QTEST_GUILESS_MAIN(FactoredSessionTest)
#include "factored_session_test.moc"
