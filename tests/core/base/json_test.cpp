#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QtTest>
#include <cmath>
#include <limits>

#include "core/base/json_parse.h"
#include "tests/support/safetensors_text.h"

using namespace attnviz;

class JsonTest : public QObject {
    Q_OBJECT
    QTemporaryDir m_folder;

 private slots:
    void valuesComeBackAsTheyWere_data() {
        QTest::addColumn<QByteArray>("text");
        for (const char* text :
             {"null", "true", "false", "0", "-1", "9223372036854775807", "-9223372036854775808", "0.1",
              "1e-300", "-2.5", "\"\"", "\"a\\\"b\\\\c\\n\\t\\u0000\\u001f\"",
              "\"\xC3\xA4\xE4\xBD\xA0\xF0\x9F\x98\x80\"", "[]", "{}", "[1, 2.5, \"x\", null]",
              "[[1, 2], [3]]", R"({"b": 1, "a": {"c": [true]}})", R"({"": []})"})
            QTest::newRow(text) << QByteArray(text);
    }
    void valuesComeBackAsTheyWere() {
        QFETCH(QByteArray, text);
        const auto value = parseJson(text.toStdString(), "test");
        QVERIFY2(value.ok(), value.ok() ? "" : value.error().sentence().c_str());
        for (const int indent : {0, 2, 4}) {
            const auto again = parseJson(value->toText(indent), "written");
            QVERIFY2(again.ok(), value->toText(indent).c_str());
            QVERIFY(*again == *value);
        }
    }

    void numbersKeepEveryBit() {
        for (const double number : {0.1, 1.0 / 3, 1e300, -0.0, 5e-324, std::numeric_limits<double>::max()})
            QCOMPARE(parseJson(JsonValue(number).toText(0), "t")->numberOr(7), number);
        for (const float number : {0.1F, 1.0F / 3, 1e30F, std::numeric_limits<float>::denorm_min()}) {
            QCOMPARE(static_cast<float>(parseJson(JsonValue(number).toText(0), "t")->numberOr(7)), number);
            QVERIFY(JsonValue(number).toText(0).size() < 16);
        }
        QCOMPARE(JsonValue(2.0).toText(0), std::string("2.0"));
        QCOMPARE(JsonValue(18446744073709551615UL).numberOr(0), 18446744073709551615.0);
        QCOMPARE(parseJson("18446744073709551615", "t")->numberOr(0), 18446744073709551615.0);
        for (const double number : {std::nan(""), std::numeric_limits<double>::infinity()}) {
            QVERIFY(JsonValue(number).isNull());
            QVERIFY(JsonValue(static_cast<float>(number)).isNull());
        }
    }

    void bytesOfStrangersNeverMakeAnInvalidDocument() {
        const JsonValue value(std::string("a\xFF\xC3(\xED\xA0\x80z\x7F"));
        const auto again = parseJson(value.toText(), "t");
        QVERIFY2(again.ok(), value.toText().c_str());
        QVERIFY(again->string().starts_with("a\xEF\xBF\xBD\xEF\xBF\xBD("));
        QVERIFY(again->string().ends_with("z\x7F"));
    }

    void missingMembersReadAsNull() {
        const auto value = parseJson(R"({"a":{"b":[1,"x"]}})", "t");
        QVERIFY(value.ok());
        QCOMPARE((*value)["a"]["b"].items()[0].integerOr(0), std::int64_t{1});
        QVERIFY((*value)["a"]["c"]["d"].isNull());
        QVERIFY((*value)["a"]["b"].find("x") == nullptr);
        QCOMPARE((*value)["a"].string(), std::string());
        QCOMPARE((*value)["a"]["b"].items()[1].numberOr(2.5), 2.5);
        auto copy = *value;
        copy.set("a", 1).set("z", JsonValue::array({1, 2}));
        QCOMPARE(copy.toText(0), std::string(R"({"a": 1, "z": [1, 2]})"));
        QVERIFY((*value)["a"].isObject());
    }

    void whatIsNoJsonIsRefused_data() {
        QTest::addColumn<QByteArray>("text");
        for (const char* text : {"",
                                 " ",
                                 "{",
                                 "[1,]",
                                 "{\"a\":1,}",
                                 "{a:1}",
                                 "'a'",
                                 "[1 2]",
                                 "01",
                                 "+1",
                                 ".5",
                                 "1.",
                                 "NaN",
                                 "Infinity",
                                 "1e999",
                                 "nul",
                                 "[1]]",
                                 "1 2",
                                 "\"\xFF\"",
                                 "\"\\ud800\"",
                                 "\"\n\"",
                                 "// x\n1",
                                 "{\"a\":1,\"a\":2}",
                                 "{\"a\":{\"b\":1,\"\\u0062\":2}}",
                                 "\xEF\xBF"})
            QTest::newRow(text) << QByteArray(text);
    }
    void whatIsNoJsonIsRefused() {
        QFETCH(QByteArray, text);
        const auto value = parseJson(text.toStdString(), "place");
        QVERIFY(!value.ok());
        QVERIFY(value.error().sentence().starts_with("place: "));
    }

    void depthIsLimited() {
        const auto nested = [](std::size_t levels) {
            return std::string(levels, '[') + std::string(levels, ']');
        };
        QVERIFY(parseJson(nested(500), "t").ok());
        QVERIFY(!parseJson(nested(600), "t").ok());
        QElapsedTimer timer;
        timer.start();
        QVERIFY(!parseJson(std::string(1000000, '['), "t").ok());
        QVERIFY(!parseJson(nested(500000), "t").ok());
        qInfo("a million '[' refused in %lld ms", static_cast<long long>(timer.elapsed()));
    }

    void documentsAreLimited() {
        const auto value = parseJson("[1, 2, 3]", "t", 4);
        QVERIFY(!value.ok());
        QVERIFY(value.error().what.find("9 B, more than the 4 B") != std::string::npos);
        const auto path = m_folder.path().toStdString() + "/document.json";
        test::writeText(path, "{\"a\":1}");
        QCOMPARE((*readJsonFile(path))["a"].integerOr(0), std::int64_t{1});
        QVERIFY(!readJsonFile(path, 3).ok());
        QCOMPARE(readJsonFile(path + "x").error().kind, ErrorKind::notFound);
        test::writeText(path, "version https://git-lfs.github.com/spec/v1\n");
        QVERIFY(readJsonFile(path).error().sentence().find("git lfs pull") != std::string::npos);
        test::writeText(path, "");
        QVERIFY(!readJsonFile(path).ok());
    }
};

QTEST_GUILESS_MAIN(JsonTest)
#include "json_test.moc"
