#include <QtTest>

#include "core/base/json_parse.h"
#include "core/text/tokenize_document.h"
#include "tests/support/failing_sink.h"
#include "tests/support/shared_data.h"

using namespace attnviz;

class TokenizeDocumentTest : public QObject {
    Q_OBJECT

    std::shared_ptr<const Tokenizer> m_tokenizer;

    QList<JsonValue> lines(std::string_view text) {
        StringSink sink;
        const auto done = tokenizeLines(*m_tokenizer, "m", text, {}, sink, {});
        QList<JsonValue> out;
        if (!done) return out;
        for (const QByteArray& line : QByteArray::fromStdString(sink.bytes()).split('\n')) {
            if (line.isEmpty()) continue;
            const auto document = parseJson(line.toStdString(), "line");
            out << (document ? *document : JsonValue());
        }
        return out;
    }

 private slots:
    void initTestCase() {
        const auto loaded = loadTokenizer(test::sourceDir() / "tests/core/text/golden/word-level-bert");
        QVERIFY(loaded.ok());
        m_tokenizer = loaded->tokenizer;
    }

    void aDocumentHasTheKeysOfTheCommand() {
        const auto text = m_tokenizer->encode("the fox", std::nullopt, {});
        QVERIFY(text.ok());
        const auto document = parseJson(tokenizeDocument("sample", *text), "document");
        QVERIFY(document.ok());
        QStringList keys;
        for (const auto& [key, value] : document->members()) keys << QString::fromStdString(key);
        QCOMPARE(keys.join(' '), QString("model_name text tokens input_ids pieces spans special"));
        QCOMPARE((*document)["tokens"].toText(0), std::string(R"(["[CLS]", "the", "fox", "[SEP]"])"));
        QCOMPARE((*document)["spans"].toText(0), std::string("[[0, 0], [0, 3], [4, 7], [0, 0]]"));
        QCOMPARE((*document)["special"].toText(0), std::string("[true, false, false, true]"));
    }

    void aPairHasASecondTextAndSegments() {
        const auto documents = lines("the\tfox\tdog\n");
        QCOMPARE(documents.size(), 1);
        QCOMPARE(documents[0]["text"].string(), std::string("the"));
        QCOMPARE(documents[0]["text_pair"].string(), std::string("fox\tdog"));
        QCOMPARE(documents[0]["segments"].toText(0), std::string("[0, 0, 0, 1, 1, 1]"));
    }

    void linesEndAtLineFeedsOnlyAndNothingIsStripped() {
        const auto documents = lines(" a \r\n\n\xE2\x80\xA8x\x0B\nlast");
        QCOMPARE(documents.size(), 4);
        QCOMPARE(documents[0]["text"].string(), std::string(" a \r"));
        QCOMPARE(documents[1]["text"].string(), std::string());
        QCOMPARE(documents[2]["text"].string(), std::string("\xE2\x80\xA8x\x0B"));
        QCOMPARE(documents[3]["text"].string(), std::string("last"));
        QCOMPARE(lines("").size(), 0);
        QCOMPARE(lines("\n").size(), 1);
    }

    void everyControlCharacterIsEscaped() {
        std::string text;
        for (char letter = 1; letter < 0x20; ++letter)
            if (letter != '\n' && letter != '\t') text += letter;
        text += "\x7F\"\\\xF0\x9F\x98\x80";
        const auto documents = lines(text + std::string("\0", 1) + "\n");
        QCOMPARE(documents.size(), 1);
        QCOMPARE(documents[0]["text"].string(), text + std::string("\0", 1));
    }

    void anErrorNamesItsLine() {
        StringSink sink;
        const auto done = tokenizeLines(*m_tokenizer, "m", "a\nb\nc\xff\n", {}, sink, {});
        QVERIFY(!done.ok());
        QVERIFY(done.error().sentence().starts_with("line 3: the text is not valid UTF-8 at byte 1"));
    }

    void aFullDiskIsAnError() {
        test::FailingSink sink(10);
        QCOMPARE(tokenizeLines(*m_tokenizer, "m", "a\n", {}, sink, {}).error().kind, ErrorKind::io);
    }

    void aStopRequestEndsTheWork() {
        std::stop_source source;
        source.request_stop();
        StringSink sink;
        QCOMPARE(tokenizeLines(*m_tokenizer, "m", "a\n", {}, sink, source.get_token()).error().kind,
                 ErrorKind::cancelled);
    }
};

QTEST_GUILESS_MAIN(TokenizeDocumentTest)
#include "tokenize_document_test.moc"
