#include "core/model/hub/hub_settings.h"

#include <QTemporaryDir>
#include <QtTest>

#include "core/base/json_parse.h"
#include "core/model/hub/hub_name.h"
#include "tests/support/safetensors_text.h"
#include "tests/support/shared_data.h"

using namespace attnviz;
namespace fs = std::filesystem;

namespace {

std::string replaced(std::string text, const std::string& what, const std::string& by) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
        text.replace(at, what.size(), by);
    return text;
}

}  // namespace

class HubSettingsTest : public QObject {
    Q_OBJECT

 private slots:
    // What huggingface_hub itself answered: environment_cases.json, written by make_environment_cases.py.
    void theEnvironmentMeansWhatItMeansToPython_data() {
        QTest::addColumn<int>("index");
        const auto cases = readJsonFile(test::sourceDir() / "tests/core/model/hub/environment_cases.json");
        QVERIFY(cases.ok());
        QVERIFY(cases->items().size() > 50);
        for (std::size_t i = 0; i < cases->items().size(); ++i)
            QTest::newRow(cases->items()[i]["name"].string().c_str()) << static_cast<int>(i);
    }
    void theEnvironmentMeansWhatItMeansToPython() {
        QFETCH(int, index);
        QTemporaryDir folder;
        const std::string root = folder.path().toStdString();
        test::writeText(fs::path(root) / "home/.cache/huggingface/token", "hf_home\n");
        test::writeText(fs::path(root) / "elsewhere/token", "hf_elsewhere\n");
        test::writeText(fs::path(root) / "other/token", "hf_other\n");
        const auto cases = readJsonFile(test::sourceDir() / "tests/core/model/hub/environment_cases.json");
        const JsonValue& one = cases->items()[static_cast<std::size_t>(index)];
        const Variables variables = [&](const std::string& name) -> std::optional<std::string> {
            const JsonValue* value = one["variables"].find(name);
            if (!value) return std::nullopt;
            return replaced(value->string(), "{ROOT}", root);
        };
        const auto settings = hubSettings(variables);
        const JsonValue& expected = one["expected"];
        auto cache = fs::absolute(replaced(expected["cache"].string(), "{ROOT}", root)).lexically_normal();
        QCOMPARE(settings.cache.string(), cache.string());
        QCOMPARE(settings.endpoint, expected["endpoint"].string());
        QCOMPARE(settings.offline, expected["offline"].boolOr(false));
        QCOMPARE(settings.links, expected["links"].boolOr(false));
        QCOMPARE(settings.anonymous, expected["anonymous"].boolOr(false));
        QCOMPARE(static_cast<std::int64_t>(settings.answerTimeout.count()),
                 expected["answer_timeout"].integerOr(0));
        QCOMPARE(static_cast<std::int64_t>(settings.dataTimeout.count()),
                 expected["data_timeout"].integerOr(0));
        const auto token = hubToken(settings);
        QCOMPARE(token.empty(), expected["token"].string().empty());
        if (!token.empty()) QCOMPARE(*token.header(), "Authorization: Bearer " + expected["token"].string());
    }

    void whatPythonCannotReadLeavesTheDefault() {
        const auto with = [](std::string name, std::string value) {
            return hubSettings([=](const std::string& asked) -> std::optional<std::string> {
                if (asked == name) return value;
                return std::nullopt;
            });
        };
        for (const char* text : {"", "ten", "-1", "1.5", "99999999999999999999"})
            QCOMPARE(with("HF_HUB_ETAG_TIMEOUT", text).answerTimeout.count(), 10);
        QCOMPARE(with("HF_ENDPOINT", "").endpoint, std::string("https://huggingface.co"));
        QCOMPARE(with("HF_ENDPOINT", "///").endpoint, std::string("https://huggingface.co"));
    }

    void aTokenThatIsNoneIsNeitherSentNorShown() {
        for (const auto& text : {std::string("hf_a b"), std::string("hf_a\tb"), std::string("hf_a\x01"),
                                 std::string("hf\0a", 4)}) {
            const auto header = HubToken(text).header();
            QVERIFY(!header.ok());
            QVERIFY(header.error().sentence().find("hf") == std::string::npos);
        }
        QVERIFY(HubToken(" \r\n").empty());
    }

    void namesOfTheHub_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("repository");
        QTest::addColumn<QString>("revision");
        QTest::addColumn<QString>("folder");
        const auto row = [](const char* text, const char* repository, const char* revision,
                            const char* folder) {
            QTest::newRow(text) << QString(text) << QString(repository) << QString(revision)
                                << QString(folder);
        };
        row("gpt2", "gpt2", "main", "models--gpt2");
        row("openai-community/gpt2", "openai-community/gpt2", "main", "models--openai-community--gpt2");
        row("Foo-BAR_foo.bar123", "Foo-BAR_foo.bar123", "main", "models--Foo-BAR_foo.bar123");
        row("123", "123", "main", "models--123");
        row("a/b@main", "a/b", "main", "models--a--b");
        row("a/b@refs/pr/1", "a/b", "refs/pr/1", "models--a--b");
        row("a/b@v1.0-rc_2", "a/b", "v1.0-rc_2", "models--a--b");
        row("a/b@0123456789abcdef0123456789abcdef01234567", "a/b", "0123456789abcdef0123456789abcdef01234567",
            "models--a--b");
        row("_a_/_b_", "_a_/_b_", "main", "models--_a_--_b_");
    }
    void namesOfTheHub() {
        QFETCH(QString, text);
        QFETCH(QString, repository);
        QFETCH(QString, revision);
        QFETCH(QString, folder);
        const auto name = parseHubName(text.toStdString());
        QVERIFY2(name.ok(), name.ok() ? "" : name.error().sentence().c_str());
        QCOMPARE(QString::fromStdString(name->repository), repository);
        QCOMPARE(QString::fromStdString(name->revision), revision);
        QCOMPARE(QString::fromStdString(name->folderName()), folder);
        QCOMPARE(*repositoryOfFolder(name->folderName()), name->repository);
    }

    void whatCouldLeadElsewhereIsNoName_data() {
        QTest::addColumn<QByteArray>("text");
        const std::vector<QByteArray> texts{"",
                                            "/",
                                            "a/",
                                            "/a",
                                            "a/b/c",
                                            "..",
                                            "../a",
                                            "a/..",
                                            "a..b",
                                            ".",
                                            ".a",
                                            "a.",
                                            "-a",
                                            "a-",
                                            "a--b",
                                            "a/b.git",
                                            "a b",
                                            "a\\b",
                                            "a/b@",
                                            "a/b@..",
                                            "a/b@../../x",
                                            "a/b@/x",
                                            "a/b@x/",
                                            "a/b@x//y",
                                            "a/b@.x",
                                            "a/b@x/.y",
                                            "a/b@x.lock",
                                            "a/b@x y",
                                            "a/b@x\ny",
                                            "a/b@x~1",
                                            "a/b@x^",
                                            "a/b@x:y",
                                            "a/b@x?",
                                            "a/b@x*",
                                            "a/b@[x",
                                            "a/b@x\\y",
                                            "a/b@@{1}",
                                            "a/b@x.",
                                            "caf\xc3\xa9",
                                            "a%2fb",
                                            "a:b",
                                            "https://huggingface.co/a/b",
                                            "~/a",
                                            "$HOME",
                                            QByteArray("a\0b", 3),
                                            QByteArray(97, 'a'),
                                            "a/" + QByteArray(97, 'b'),
                                            "a/b@" + QByteArray(201, 'c')};
        for (const auto& text : texts) QTest::newRow(("'" + text.left(60) + "'").constData()) << text;
    }
    void whatCouldLeadElsewhereIsNoName() {
        QFETCH(QByteArray, text);
        const auto name = parseHubName(text.toStdString());
        QVERIFY(!name.ok());
        QVERIFY(!name.error().sentence().empty());
    }

    void foldersThatStandForNoModel() {
        for (const char* folder : {"models--", "models--a--b--c", "datasets--a", "models--..",
                                   "models--a--..", "models", ".locks", "models--.a", "blobs"})
            QVERIFY2(!repositoryOfFolder(folder).ok(), folder);
        for (const char* name : {"", ".", "..", "a/b", "a\\b", "a\n"}) QVERIFY2(!isPlainName(name), name);
        QVERIFY(isPlainName("0123abcd"));
    }
};

QTEST_GUILESS_MAIN(HubSettingsTest)
#include "hub_settings_test.moc"
