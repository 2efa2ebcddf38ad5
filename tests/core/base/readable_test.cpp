#include "core/base/readable.h"

#include <QtTest>
#include <limits>

#include "core/base/result.h"

using namespace attnviz;

class ReadableTest : public QObject {
    Q_OBJECT
 private slots:
    void bytesAreReadable_data() {
        QTest::addColumn<qint64>("bytes");
        QTest::addColumn<QString>("text");
        const auto row = [](qint64 bytes, const char* text) {
            QTest::newRow(text) << bytes << QString(text);
        };
        row(0, "0 B");
        row(999, "999 B");
        row(1000, "1 KB");
        row(47400, "47 KB");
        row(999499, "999 KB");
        row(999600, "1.0 MB");
        row(2700000000, "2.7 GB");
        row(64000000000, "64 GB");
        row(std::numeric_limits<qint64>::max(), "9223 PB");
    }

    void bytesAreReadable() {
        QFETCH(qint64, bytes);
        QFETCH(QString, text);
        QCOMPARE(QString::fromStdString(readableBytes(bytes)), text);
    }

    void textOfStrangersIsMadeHarmless() {
        QCOMPARE(harmless("a\x1B]0;x\x07z"), std::string("a\\u001B]0;x\\u0007z"));
        QCOMPARE(harmless("\xC2\x9B\x7F"), std::string("\\u009B\\u007F"));
        QCOMPARE(harmless("\xE2\x80\xAE"
                          "txt"),
                 std::string("\\u202Etxt"));
        QCOMPARE(harmless("\xFF\xC3("), std::string("\\xFF\\xC3("));
        QCOMPARE(harmless("\xED\xA0\x80"), std::string("\\xED\\xA0\\x80"));
        QCOMPARE(harmless("a\nb\tc\r"), std::string("a\\nb\\tc\\r"));
        QCOMPARE(harmless("a\nb\tc\r", true), std::string("a\nb\tc\\r"));
        QCOMPARE(harmless(std::string_view("\0", 1)), std::string("\\u0000"));
        const std::string plain = "h\xC3\xA4 \xE4\xBD\xA0 \xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB <b>";
        QCOMPARE(harmless(plain), plain);
    }

    void utf8IsCheckedToTheLetter() {
        for (const char* good : {"", "a", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xEF\xBF\xBF",
                                 "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"})
            QVERIFY2(isValidUtf8(good), good);
        for (const char* bad :
             {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
              "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xC2", "\xE0\xA0", "\xF0\x90\x80", "\xC2g"})
            QVERIFY2(!isValidUtf8(bad), bad);
        QCOMPARE(utf8SequenceLength("\xE4\xBD\xA0x"), std::size_t{3});
        QCOMPARE(utf8SequenceLength("\xE4\xBDx"), std::size_t{0});
        QCOMPARE(utf8SequenceLength(""), std::size_t{0});
    }

    void anErrorIsASentence() {
        QCOMPARE(badInput("it is bad", "file", "Do this").sentence(),
                 std::string("file: it is bad. Do this."));
        QCOMPARE(badInput("it is bad.").sentence(), std::string("it is bad."));
        QCOMPARE(badInput("a\x1B", "b\n").sentence(), std::string("b\\n: a\\u001B."));
    }
};

QTEST_GUILESS_MAIN(ReadableTest)
#include "readable_test.moc"
