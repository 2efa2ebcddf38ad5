// What is saved is what is opened, in every encoding, and saving it again gives the same bytes.
#include <QtTest>
#include <bit>
#include <fstream>

#include "core/attention/dense_attention.h"
#include "core/base/atomic_file.h"
#include "core/base/half.h"
#include "core/base/json_parse.h"
#include "core/session/session.h"
#include "tests/core/session/session_cases.h"
#include "tests/support/attention_text.h"
#include "tests/support/failing_sink.h"

using namespace attnviz;
using namespace attnviz::test;

Q_DECLARE_METATYPE(attnviz::SessionEncoding)

class SessionRoundTripTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;

    std::filesystem::path path(const char* name) const { return m_folder.filePath(name).toStdString(); }

    static std::string textOf(const Session& session, SessionWriteOptions options = {}) {
        StringSink sink;
        const auto written = writeSession(session, options, sink);
        if (!written) qFatal("%s", written.error().sentence().c_str());
        return sink.take();
    }

    Session opened(const std::string& bytes, const char* name = "opened.attn.json") const {
        if (!writeFile(path(name), bytes)) qFatal("cannot write");
        auto session = openSession(path(name));
        if (!session) qFatal("%s", session.error().sentence().c_str());
        return std::move(*session);
    }

 private slots:
    void whatAModelWroteIsKeptApart() {
        Session session = encoderDecoderSession();
        auto run = std::make_shared<AttentionRun>(*session.run);
        run->generated = 1;
        session.run = run;
        const std::string bytes = textOf(session);
        const Session again = opened(bytes);
        QCOMPARE(again.run->generated, 1);
        QCOMPARE(again.run->givenText(*again.run->target), run->givenText(*run->target));
        std::string wrong = bytes;
        const std::string key = "\"generated\":1";
        QVERIFY(wrong.find(key) != std::string::npos);
        wrong.replace(wrong.find(key), key.size(), "\"generated\":99");
        QVERIFY(writeFile(path("wrong.attn.json"), wrong).ok());
        const auto refused = openSession(path("wrong.attn.json"));
        QVERIFY(!refused.ok() && refused.error().sentence().find("generated") != std::string::npos);
    }

    void everyEncodingOpensWithTheSameWeights_data() {
        QTest::addColumn<SessionEncoding>("encoding");
        QTest::addColumn<bool>("gzip");
        QTest::newRow("automatic") << SessionEncoding::automatic << false;
        QTest::newRow("nested") << SessionEncoding::nested << false;
        QTest::newRow("float16") << SessionEncoding::float16 << false;
        QTest::newRow("float32") << SessionEncoding::float32 << false;
        QTest::newRow("nested, gzip") << SessionEncoding::nested << true;
        QTest::newRow("float32, gzip") << SessionEncoding::float32 << true;
    }
    void everyEncodingOpensWithTheSameWeights() {
        QFETCH(SessionEncoding, encoding);
        QFETCH(bool, gzip);
        const Session session = encoderDecoderSession();
        const std::string first = textOf(session, {.encoding = encoding, .gzip = gzip});
        const Session again = opened(first);
        QCOMPARE(again.run->sources.size(), session.run->sources.size());
        for (std::size_t i = 0; i < session.run->sources.size(); ++i) {
            const auto& wanted = *session.run->sources[i];
            const auto& found = *again.run->sources[i];
            QCOMPARE(found.info().kind, wanted.info().kind);
            QVERIFY(found.info().visibility == wanted.info().visibility);
            QCOMPARE(found.info().keyValueHeads, wanted.info().keyValueHeads);
            auto expected = weightsOf(wanted);
            if (encoding == SessionEncoding::float16)
                for (float& weight : expected) weight = floatFromHalf(halfFromFloat(weight));
            QVERIFY(weightsOf(found) == expected);
        }
        const std::string second = textOf(again, {.gzip = gzip});
        QVERIFY(second == first);
    }

    void everythingBesideTheWeightsComesBack() {
        const Session session = encoderDecoderSession();
        const Session again = opened(textOf(session));
        QCOMPARE(again.run->input.texts, session.run->input.texts);
        QVERIFY(again.run->target.has_value());
        QCOMPARE(again.run->target->tokens.size(), session.run->target->tokens.size());
        QCOMPARE(again.run->target->tokens[1].id, session.run->target->tokens[1].id);
        QCOMPARE(again.run->target->tokens[0].special, true);
        QCOMPARE(again.run->model.name, session.run->model.name);
        QCOMPARE(again.run->model.configJson, session.run->model.configJson);
        QCOMPARE(again.run->model.weightsSha256, session.run->model.weightsSha256);
        QCOMPARE(again.run->predictions.size(), std::size_t{1});
        QCOMPARE(again.run->predictions[0].top[1].text, std::string("\"\n\u00e9"));
        QCOMPARE(again.run->predictions[0].top[1].probability, 0.1);
        QCOMPARE(again.view, session.view);
        QCOMPARE(again.notes, session.notes);
        QCOMPARE(again.created, session.created);
        QVERIFY(again.unknownKeys == session.unknownKeys);
        QVERIFY(!again.foreign);
        QVERIFY(again.run->notices.empty());
    }

    void theFirstTenKeysAreInTheirOrder() {
        const auto json = parseJson(textOf(encoderDecoderSession()), "session");
        QVERIFY(json.ok());
        const std::vector<std::string> wanted{
            "format",     "version",           "text",      "tokens",
            "model_name", "num_layers",        "num_heads", "sequence_length",
            "statistics", "attention_weights", "sequences", "attentions",
            "model",      "predictions",       "view",      "notes",
            "created",    "generator",         "x-other",   "x-more"};
        std::vector<std::string> found;
        for (const auto& member : json->members()) found.push_back(member.first);
        QCOMPARE(found, wanted);
    }

    // The literal example of the Python library's export.
    void theStatisticsAreTheLibrarysOwn() {
        Session session;
        session.run = runFromText("1 .\n.5 .5", {"Hi", " all"});
        const auto json = parseJson(textOf(session), "session");
        QVERIFY(json.ok());
        const JsonValue& overall = (*json)["statistics"]["overall_stats"];
        QCOMPARE(overall["mean_attention"].numberOr(-1), 0.5);
        QVERIFY(std::abs(overall["std_attention"].numberOr(-1) - 0.3535533905932738) < 1e-12);
        QVERIFY(std::abs(overall["entropy"].numberOr(-1) - 1.5 * std::log(2.0)) < 1e-9);
        QCOMPARE(overall["sparsity"].numberOr(-1), 0.25);
        QCOMPARE(overall["max_attention"].numberOr(-1), 1.0);
        QCOMPARE(overall["min_attention"].numberOr(-1), 0.0);
        QCOMPARE((*json)["statistics"]["layer_stats"].items().size(), std::size_t{1});
        QCOMPARE((*json)["tokens"].items()[1].string(), std::string(" all"));
        QCOMPARE((*json)["sequence_length"].integerOr(0), std::int64_t{2});
    }

    void metadataStaysOutWhenAskedTo() {
        const auto json = parseJson(textOf(encoderDecoderSession(), {.includeMetadata = false}), "session");
        QVERIFY(json.ok());
        for (const char* key : {"model", "created", "generator"}) QVERIFY(!json->find(key));
        QVERIFY(json->find("model_name"));
    }

    void anIndentOnlyAddsWhiteSpace() {
        const Session session = encoderDecoderSession();
        const std::string pretty = textOf(session, {.indent = 2});
        QVERIFY(pretty.find("\n  \"version\": 1,\n") != std::string::npos);
        const Session again = opened(pretty);
        QVERIFY(textOf(again) == textOf(session));
    }

    void fullDisksAreReportedAtEveryByte() {
        const Session session = encoderDecoderSession();
        for (const bool gzip : {false, true}) {
            const std::size_t size = textOf(session, {.gzip = gzip}).size();
            for (std::size_t bytes = 0; bytes < size; bytes += 1 + size / 61) {
                FailingSink sink(bytes);
                const auto written = writeSession(session, {.gzip = gzip}, sink);
                QVERIFY(!written.ok());
                QCOMPARE(written.error().kind, ErrorKind::io);
            }
            FailingSink enough(size);
            QVERIFY(writeSession(session, {.gzip = gzip}, enough).ok());
        }
    }

    void aFailedSaveLeavesTheOldFile() {
        const auto file = path("kept.attn.json");
        Session session = encoderDecoderSession();
        QVERIFY(saveSession(session, file).ok());
        std::ifstream before(file);
        const std::string kept((std::istreambuf_iterator<char>(before)), {});
        std::stop_source stop;
        stop.request_stop();
        session.notes = "changed";
        const auto saved = saveSession(session, file, {}, stop.get_token());
        QVERIFY(!saved.ok());
        QCOMPARE(saved.error().kind, ErrorKind::cancelled);
        std::ifstream after(file);
        QCOMPARE(std::string((std::istreambuf_iterator<char>(after)), {}), kept);
        const auto names = QDir(m_folder.path()).entryList({"*kept*"}, QDir::Files | QDir::Hidden);
        QCOMPARE(names.size(), 1);
    }

    void theSuffixAsksForGzip() {
        const auto file = path("small.attn.json.gz");
        QVERIFY(saveSession(encoderDecoderSession(), file).ok());
        std::ifstream stream(file);
        QCOMPARE(stream.get(), 0x1F);
        QVERIFY(openSession(file).ok());
    }

    void weightsThatAreNotNumbersAreNotSaved() {
        Session session = encoderDecoderSession();
        auto run = std::make_shared<AttentionRun>(*session.run);
        auto layer = std::make_shared<DenseLayer>();
        layer->floats = {1, 0, std::numeric_limits<float>::quiet_NaN(), 1};
        AttentionInfo info;
        info.layers = info.heads = info.keyValueHeads = 1;
        info.queries = info.keys = 2;
        info.visibility = Visibility(2, 2);
        run->sources = {DenseAttention::create(info, {layer})};
        session.run = run;
        StringSink sink;
        const auto written = writeSession(session, {}, sink);
        QVERIFY(!written.ok());
        QVERIFY(written.error().what.find("layer 0, head 0, query 1, key 0") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(SessionRoundTripTest)
#include "session_round_trip_test.moc"
