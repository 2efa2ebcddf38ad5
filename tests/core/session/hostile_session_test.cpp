// Sessions that strangers made: each is refused in one sentence that names the place, before memory is taken
// for it.
#include <zlib.h>

#include <QtTest>
#include <cstdlib>
#include <fstream>

#include "core/session/json_scanner.h"
#include "core/session/session.h"
#include "tests/core/session/session_cases.h"

using namespace attnviz;
using namespace attnviz::test;

class HostileSessionTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;

    std::filesystem::path written(std::string_view bytes) const {
        const auto file = std::filesystem::path(m_folder.filePath("hostile.attn.json").toStdString());
        std::ofstream(file, std::ios::binary) << bytes;  // thousands of small files: no flush to the disk
        return file;
    }
    std::string refusal(std::string_view bytes) const {
        const auto session = openSession(written(bytes));
        return session ? "opened" : session.error().sentence();
    }
    // A session whose parts are as given; the keys' texts are JSON.
    static std::string small(
        const std::string& weights = "[[[[1,0],[0.5,0.5]]]]", const std::string& more = {},
        const std::string& shape = "\"num_layers\":1,\"num_heads\":1,\"sequence_length\":2") {
        return "{\"text\":\"a b\",\"tokens\":[\"a\",\" b\"]," + shape +
               ",\n\"attention_weights\":" + weights + more + "}";
    }
    static std::string ours() {
        StringSink sink;
        if (!writeSession(encoderDecoderSession(), {}, sink)) qFatal("cannot write");
        return sink.take();
    }
    static std::string replaced(std::string text, const std::string& what, const std::string& with) {
        const auto at = text.find(what);
        if (at == std::string::npos) qFatal("no %s", what.c_str());
        return text.replace(at, what.size(), with);
    }
    static std::string gzipped(const std::string& text) {
        std::string out(compressBound(text.size()) + 32, '\0');
        z_stream stream{};
        deflateInit2(&stream, 9, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY);
        stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
        stream.avail_in = static_cast<uInt>(text.size());
        stream.next_out = reinterpret_cast<Bytef*>(out.data());
        stream.avail_out = static_cast<uInt>(out.size());
        deflate(&stream, Z_FINISH);
        out.resize(stream.total_out);
        deflateEnd(&stream);
        return out;
    }

 private slots:
    void theSmallSessionItselfOpens() { QCOMPARE(refusal(small()), std::string("opened")); }

    void brokenTextIsRefusedWithItsPlace_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("reason");
        const auto row = [](const char* name, const std::string& text, const char* reason) {
            QTest::newRow(name) << QByteArray::fromStdString(text) << QByteArray(reason);
        };
        row("NaN", small("[[[[1,0],[NaN,0.5]]]]"), "layer 0, head 0, query 1, key 0");
        row("NaN says so", small("[[[[1,0],[NaN,0.5]]]]"), "NaN and Infinity are no JSON numbers");
        row("Infinity", small("[[[[1,0],[0.5,-Infinity]]]]"), "query 1, key 1");
        row("1e999", small("[[[[1,1e999],[0.5,0.5]]]]"),
            "too large to be kept (weights, layer 0, head 0, query 0, key 1");
        row("1e39", small("[[[[1,1e39],[0.5,0.5]]]]"), "too large");
        row("1e999 elsewhere", small("[[[[1,0],[0.5,0.5]]]]", ",\"x\":1e999"), "line 2, column 47");
        row("null", small("[[[[1,null],[0.5,0.5]]]]"), "a number is expected");
        row("duplicate key", small("[[[[1,0],[0.5,0.5]]]]", ",\"text\":\"c\""), "\"text\" appears twice");
        row("duplicate key, escaped", small("[[[[1,0],[0.5,0.5]]]]", ",\"\\u0074ext\":\"c\""),
            "\"text\" appears twice");
        row("duplicate key, deep", small("[[[[1,0],[0.5,0.5]]]]", ",\"x\":[{\"a\":1,\"b\":{},\"a\":2}]"),
            "\"a\" appears twice");
        row("duplicate among many",
            small("[[[[1,0],[0.5,0.5]]]]",
                  ",\"x\":{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,\"j\":1,"
                  "\"k\":1,\"l\":1,\"m\":1,\"c\":2}"),
            "\"c\" appears twice");
        row("invalid UTF-8", replaced(small(), "a b", "a \xC3("),
            "line 1, column 12: the text is not valid UTF-8");
        row("lone surrogate", replaced(small(), "a b", "\\ud800"), "half of a surrogate pair");
        row("swapped surrogates", replaced(small(), "a b", "\\udc00\\ud800"), "half of a surrogate pair");
        row("trailing text", small() + " x", "text follows the end");
        row("second document", small() + small(), "text follows the end");
        row("trailing comma", replaced(small(), "0.5]]]]", "0.5,]]]]"), "not ']'");
        row("leading zero", replaced(small(), "0.5,", "00.5,"), "no number that JSON knows");
        row("plus", replaced(small(), "0.5,", "+0.5,"), "not '+'");
        row("control character", replaced(small(), "a b", "a\nb"), "control character");
        row("single quotes", replaced(small(), "\"text\"", "'text'"), "double quotes");
        row("comment", "/* */" + small(), "no session");
        row("cut short", small().substr(0, 60), "the document ends");
        row("empty file", "", "the file is empty");
        row("only space", "  \n ", "no session");
        row("another JSON", "{\"a\": 1}", "no attention that is known");
        row("a number", "17", "no session");
        row("pickle", "\x80\x04K\x01.", "pickle");
    }
    void brokenTextIsRefusedWithItsPlace() {
        QFETCH(QByteArray, text);
        QFETCH(QByteArray, reason);
        const auto sentence = QByteArray::fromStdString(refusal(text.toStdString()));
        QVERIFY2(sentence.contains(reason), sentence);
    }

    void shapesThatDisagreeAreRefusedWithBothNumbers_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("reason");
        const auto row = [](const char* name, const std::string& text, const char* reason) {
            QTest::newRow(name) << QByteArray::fromStdString(text) << QByteArray(reason);
        };
        row("keys", small("[[[[1,0],[0.5]]]]"), "has 1 keys, the ones before it have 2");
        row("too many keys", small("[[[[1,0],[0.5,0.5,0]]]]"), "has 3 keys, the ones before it have 2");
        row("queries", small("[[[[1,0],[0.5,0.5]],[[1,0]]]]"), "has 1 queries, the ones before it have 2");
        row("heads", small("[[[[1,0],[0,1]]],[[[1,0],[0,1]],[[1,0],[0,1]]]]"),
            "has 2 heads, the ones before it have 1");
        row("depth", small("[[[[1,0],0.5]]]"), "a list is expected");
        row("empty", small("[[[[]]]]"), "empty");
        row("six levels", small("[[[[[[1,0],[0.5,0.5]]]]]]"), "6 nested lists");
        row("a batch of two", small("[[[[[1,0],[0,1]]],[[[1,0],[0,1]]]],[[[[1,0],[0,1]]],[[[1,0],[0,1]]]]]"),
            "batch of one");
        row("tokens", replaced(small(), "[\"a\",\" b\"]", "[\"a\"]"),
            "\"sequence_length\" is 2, but the attention has 1 tokens");
        row("tokens and length",
            replaced(replaced(small(), "[\"a\",\" b\"]", "[\"a\"]"), "length\":2", "length\":1"),
            "1 x 1 x 1 x 1 (layers, heads, queries, keys), but its weights are 1 x 1 x 2 x 2");
        row("layers",
            small("[[[[1,0],[0.5,0.5]]]]", "", "\"num_layers\":12,\"num_heads\":1,\"sequence_length\":2"),
            "\"num_layers\" is 12, but the attention has 1");
        row("length",
            small("[[[[1,0],[0.5,0.5]]]]", "", "\"num_layers\":1,\"num_heads\":1,\"sequence_length\":99"),
            "\"sequence_length\" is 99, but the attention has 2");
        row("huge declared shape",
            small("[[[[1,0],[0.5,0.5]]]]", "",
                  "\"num_layers\":1,\"num_heads\":4611686018427387904,\"sequence_length\":3037000500"),
            "\"num_heads\" is 4611686018427387904, but the attention has 1");
        const std::string own = ours();
        row("version", replaced(own, "\"version\":1", "\"version\":2"),
            "has version 2, this program reads up to version 1");
        row("version zero", replaced(own, "\"version\":1", "\"version\":0"), "never was");
        row("no version", replaced(own, "\"version\":1,", ""), "no \"version\"");
        row("own layers", replaced(own, "\"layers\":2", "\"layers\":3"),
            "\"window\" has 2 entries for 3 layers");
        row("own kv heads", replaced(own, "\"kv_heads\":4", "\"kv_heads\":3"), "cannot share 3");
        row("a kind twice", replaced(own, "\"kind\":\"decoder\"", "\"kind\":\"encoder\""), "appears twice");
        row("a masked key", replaced(own, "\"masked_keys\":[5", "\"masked_keys\":[700"),
            "masked key 700 is not among the 7 keys");
        row("a window", replaced(own, "\"window\":[", "\"window\":[{\"left\":1,\"right\":1},"),
            "3 entries for 2 layers");
        row("a sequence", replaced(own, "\"keys\":\"input\"", "\"keys\":\"other\""), "\"other\"");
        row("offsets", replaced(own, "\"begin\":0,\"end\":3", "\"begin\":0,\"end\":3000"),
            "covers the bytes 0 to 3000 of a text that has");
        row("encoding", replaced(own, "\"encoding\":\"nested\"", "\"encoding\":\"zip\""),
            "\"zip\" is not known");
    }
    void shapesThatDisagreeAreRefusedWithBothNumbers() {
        QFETCH(QByteArray, text);
        QFETCH(QByteArray, reason);
        const auto sentence = QByteArray::fromStdString(refusal(text.toStdString()));
        QVERIFY2(sentence.contains(reason), sentence);
    }

    void packedWeightsAreMeasuredBeforeTheyAreTaken_data() {
        QTest::addColumn<QByteArray>("what");
        QTest::addColumn<QByteArray>("with");
        QTest::addColumn<QByteArray>("reason");
        QTest::newRow("short") << QByteArray("\"data\":[\"") << QByteArray("\"data\":[\"AAAA")
                               << QByteArray("characters of base64, its shape wants");
        QTest::newRow("foreign letter")
            << QByteArray("=\"") << QByteArray("-\"") << QByteArray("not valid base64");
        QTest::newRow("no string") << QByteArray("\"data\":[") << QByteArray("\"data\":[7,")
                                   << QByteArray("not a base64 string");
        QTest::newRow("heads") << QByteArray("\"heads\":4") << QByteArray("\"heads\":4096")
                               << QByteArray("4096");
        QTest::newRow("no list") << QByteArray("\"data\":[") << QByteArray("\"data\":{},\"more\":[")
                                 << QByteArray("a list is expected");
    }
    void packedWeightsAreMeasuredBeforeTheyAreTaken() {
        QFETCH(QByteArray, what);
        QFETCH(QByteArray, with);
        QFETCH(QByteArray, reason);
        StringSink sink;
        QVERIFY(writeSession(encoderDecoderSession(), {.encoding = SessionEncoding::float16}, sink).ok());
        const auto sentence = QByteArray::fromStdString(
            refusal(replaced(sink.bytes(), what.toStdString(), with.toStdString())));
        QVERIFY2(sentence.contains(reason), sentence);
    }

    void aMillionOpenListsAreRefusedAtOnce() {
        for (const std::string prefix : {"", "{\"x\":", "{\"attention\":"}) {
            for (const char bracket : {'[', '{'}) {
                std::string text = prefix;
                for (int i = 0; i < 1'000'000; ++i) text += bracket == '[' ? "[" : "{\"a\":";
                QElapsedTimer timer;
                timer.start();
                QVERIFY2(refusal(text).find("deeper than 1024 levels") != std::string::npos,
                         refusal(text).c_str());
                QVERIFY2(timer.elapsed() < 1000, "a gross bound; it takes milliseconds");
            }
        }
        std::string deep(1023, '[');
        QVERIFY(isJson(deep + std::string(1023, ']')));
        QVERIFY(!isJson("[[" + deep + std::string(1023, ']') + "]]"));
    }

    void whatIsOddButHonestIsFlagged() {
        const auto notices = [&](const std::string& weights) {
            auto session = openSession(written(small(weights)));
            if (!session) qFatal("%s", session.error().sentence().c_str());
            std::string all;
            for (const auto& notice : session->run->notices) all += notice + "\n";
            return all;
        };
        QVERIFY(notices("[[[[1.5,-0.5],[0.5,0.5]]]]").find("1 weights are negative") != std::string::npos);
        QVERIFY(notices("[[[[0.7,0],[0.5,0.5]]]]").find("1 of 2 rows do not sum to one (0.7 to 1)") !=
                std::string::npos);
        QVERIFY(notices("[[[[1,0],[0.5,0.5]]]]").find("sum to one") == std::string::npos);
        // Text of float64 that vanishes in float32, and integers, are weights like others.
        QVERIFY(notices("[[[[1,1e-400],[1e-50,1]]]]").find("sum") == std::string::npos);
    }

    void weightsThatNobodyCouldSeeAreShown() {
        auto text = replaced(ours(), "\"causal\":false", "\"causal\":true");
        const auto session = openSession(written(text));
        QVERIFY2(session.ok(), session ? "" : session.error().sentence().c_str());
        QVERIFY(session->run->notices.at(0).find("where the file says that nothing can be seen") !=
                std::string::npos);
        QVERIFY(!session->run->main().info().visibility.causal());
    }

    void gzipBombsAreRefused() {
        qputenv("ATTNVIZ_AVAILABLE_MEMORY", "10000000");
        const std::string sentence = refusal(gzipped(small() + std::string(60'000'000, ' ')));
        qunsetenv("ATTNVIZ_AVAILABLE_MEMORY");
        QVERIFY2(sentence.find("unpacks to more than 8") != std::string::npos, sentence.c_str());
    }

    void weightsBeyondTheMemoryAreRefused() {
        qputenv("ATTNVIZ_AVAILABLE_MEMORY", "1000");
        StringSink sink;
        QVERIFY(writeSession(encoderDecoderSession(), {.encoding = SessionEncoding::float32}, sink).ok());
        const std::string sentence = refusal(sink.bytes());
        qunsetenv("ATTNVIZ_AVAILABLE_MEMORY");
        QVERIFY2(sentence.find("more than 80 % of the available memory (800 B)") != std::string::npos,
                 sentence.c_str());
    }

    void damagedGzipIsRefused() {
        const std::string whole = gzipped(small());
        QCOMPARE(refusal(whole), std::string("opened"));
        QCOMPARE(refusal(gzipped(small().substr(0, 30)) + gzipped(small().substr(30))),
                 std::string("opened"));
        QVERIFY(refusal(whole.substr(0, whole.size() - 9)).find("ends too early") != std::string::npos);
        QVERIFY(refusal(whole + "x").find("follows the compressed text") != std::string::npos);
        std::string flipped = whole;
        flipped[whole.size() / 2] = static_cast<char>(flipped[whole.size() / 2] ^ 0x10);
        QVERIFY(refusal(flipped).find("damaged") != std::string::npos || refusal(flipped) != "opened");
    }

    void everyPrefixAndEveryFlippedByteIsSurvived() {
        const std::string own = ours();
        for (std::size_t size = 0; size < own.size() - 2; size += 17)
            QVERIFY(refusal(own.substr(0, size)) != "opened");
        std::string changed = own;
        for (std::size_t at = 0; at < own.size(); at += 13) {
            changed[at] = static_cast<char>(changed[at] ^ 0x15);
            (void)refusal(changed);  // opened or refused: what matters is that it answers
            changed[at] = own[at];
        }
    }

    void aStopIsHeard() {
        std::stop_source stop;
        stop.request_stop();
        const auto session = openSession(written(ours()), {}, stop.get_token());
        QVERIFY(!session.ok());
        QCOMPARE(session.error().kind, ErrorKind::cancelled);
    }

    void numbersAreReadAsTheyAreMeant_data() {
        QTest::addColumn<QByteArray>("text");
        for (const char* text :
             {"0", "-0", "-0.0", "1e-5", "1E+2", "0.1", "0.30000001192092896", "1.17549435e-38", "1e-45",
              "7e-46", "3.4028234663852886e38", "16777217", "16777216.5", "0.000000000000000000000000000001",
              "123456789012345678901234567890", "0.5000000298023223876953125",
              "0.50000002980232238769531249999", "8.5899345920000001e9", "1.00000017881393432617187499"})
            QTest::newRow(text) << QByteArray(text);
    }
    void numbersAreReadAsTheyAreMeant() {
        QFETCH(QByteArray, text);
        JsonScanner scanner(std::string_view(text.constData(), static_cast<std::size_t>(text.size())),
                            "number"),
            again(std::string_view(text.constData(), static_cast<std::size_t>(text.size())), "number");
        std::vector<float> floats;
        const std::string list = "[" + text.toStdString() + "]";
        JsonScanner inList(list, "list");
        QVERIFY(inList.readFloats(floats));
        const float wanted = std::strtof(text.constData(), nullptr);
        QVERIFY(std::memcmp(&floats[0], &wanted, 4) == 0);
        double wide = 0;
        QVERIFY(scanner.readNumber(wide));
        QCOMPARE(wide, std::strtod(text.constData(), nullptr));
    }
};

QTEST_GUILESS_MAIN(HostileSessionTest)
#include "hostile_session_test.moc"
