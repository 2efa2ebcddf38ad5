// The program and a hub: names on the command line, downloads that are killed, a token that nobody sees.
#include <csignal>

#include <QDirIterator>
#include <QTemporaryDir>
#include <QtTest>
#include <fstream>
#include <iterator>
#include <random>

#include "core/base/json_parse.h"
#include "tests/support/hub_server.h"
#include "tests/support/program.h"
#include "tests/support/safetensors_text.h"
#include "tests/support/shared_data.h"

using namespace attnviz::test;
namespace fs = std::filesystem;

namespace {

const std::string kCommit(40, 'a');
const QString kCanary = "hf_CanaryThatNobodySees";

std::string contentOf(const fs::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace

class HubProgramTest : public QObject {
    Q_OBJECT
    QTemporaryDir m_folder;
    fs::path m_cache;
    std::unique_ptr<HubServer> m_server;

    ProgramSetting setting(QList<QPair<QString, QString>> more = {}) const {
        ProgramSetting setting;
        setting.variables = {{"HF_HUB_OFFLINE", ""},
                             {"HF_HUB_CACHE", QString::fromStdString(m_cache.string())},
                             {"HF_ENDPOINT", QString::fromStdString(m_server->endpoint())}};
        setting.variables += more;
        return setting;
    }
    fs::path repository(const char* name) const { return m_cache / (std::string("models--org--") + name); }
    ProgramOutcome tokenize(const QStringList& more = {},
                            QList<QPair<QString, QString>> variables = {}) const {
        return runProgram(
            QStringList{"tokenize", "--model", "org/sample", "--text", "The quick", "--format", "csv"} + more,
            setting(std::move(variables)));
    }

 private slots:
    void init() {
        m_cache = fs::path(m_folder.path().toStdString()) / QTest::currentTestFunction();
        m_server = std::make_unique<HubServer>();
        auto& sample = m_server->models["org/sample"];
        sample.commit = kCommit;
        for (const auto& entry : fs::directory_iterator(sourceDir() / "resources/sample-model"))
            sample.files[entry.path().filename().string()] = contentOf(entry.path());
    }
    void cleanup() { m_server.reset(); }

    void aNameIsDownloadedOnceAndRunsAsTheFolderDoes() {
        const auto first = tokenize();
        QVERIFY2(first.code == 0, first.err.toUtf8());
        QVERIFY(first.err.contains("Downloading org/sample from 127.0.0.1"));
        const auto folder = runProgram({"tokenize", "--text", "The quick", "--format", "csv"});
        QCOMPARE(first.out, folder.out);
        m_server->forget();
        const auto second = tokenize();
        QCOMPARE(second.out, first.out);
        QCOMPARE(second.err, QString());
        QCOMPARE(m_server->requests().size(), std::size_t{0});
        QVERIFY(!fs::exists(repository("sample") / "snapshots" / kCommit / "model.safetensors"));
#if ATTNVIZ_WITH_TORCH
        const QStringList stats{"stats", "--text", "The quick brown fox", "--format", "csv"};
        const auto named = runProgram(stats + QStringList{"--model", "org/sample"}, setting());
        QVERIFY2(named.code == 0, named.err.toUtf8());
        QCOMPARE(named.out, runProgram(stats).out);
        m_server->forget();
        const auto again = runProgram(stats + QStringList{"--model", "org/sample@aaaaaaa"}, setting());
        QCOMPARE(again.out, named.out);
        QCOMPARE(m_server->requests().size(), std::size_t{0});
#endif
    }
    void offlineNothingIsAskedFor() {
        QCOMPARE(tokenize().code, 0);
        m_server->forget();
        for (const char* variable : {"HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"}) {
            QCOMPARE(tokenize({}, {{variable, "1"}}).code, 0);
            const auto other =
                runProgram({"tokenize", "--model", "org/other", "--text", "x"}, setting({{variable, "1"}}));
            QCOMPARE(other.code, 1);
            QCOMPARE(other.err.count('\n'), 1);
            QVERIFY2(other.err.contains("nothing may be downloaded"), other.err.toUtf8());
        }
        QCOMPARE(m_server->requests().size(), std::size_t{0});
    }
    void theListSaysWhatIsThereAndWhatRuns() {
        QCOMPARE(tokenize().code, 0);
        writeText(m_cache / "models--org--odd/refs/main", "c0ffee");
        writeText(m_cache / "models--org--odd/snapshots/c0ffee/config.json",
                  "{\"model_type\":\"odd\\u001b[31m\"}");
        m_server->forget();
        const auto list = runProgram({"models", "--format", "json"}, setting());
        QCOMPARE(list.code, 0);
        const auto document = attnviz::parseJson(list.out.toStdString(), "models");
        QVERIFY(document.ok());
        QCOMPARE((*document)["cache"].string(), m_cache.string());
        const auto& models = (*document)["models"].items();
        QCOMPARE(models.size(), std::size_t{2});
        QCOMPARE(models[0]["name"].string(), std::string("org/odd"));
        QCOMPARE(models[0]["runs"].boolOr(true), false);
        QCOMPARE(models[1]["name"].string(), std::string("org/sample"));
        QCOMPARE(models[1]["commit"].string(), kCommit);
        QCOMPARE(models[1]["family"].string(), std::string("gpt2"));
        QCOMPARE(models[1]["hurdle"].string(),
                 std::string("the folder has no model.safetensors and no pytorch_model.bin"));
        const auto text = runProgram({"models"}, setting());
        QVERIFY(text.out.contains("org/sample") && !text.out.contains('\x1b'));
        QCOMPARE(runProgram({"models", "--format", "csv"}, setting()).out.count('\n'), 3);
        const auto none = runProgram({"models"}, setting({{"HF_HUB_CACHE", "/dev/null/none"}}));
        QCOMPARE(none.code, 0);
        QCOMPARE(none.out, QString());
        QVERIFY(none.err.contains("holds no model"));
        QCOMPARE(m_server->requests().size(), std::size_t{0});
#if ATTNVIZ_WITH_TORCH
        QCOMPARE(runProgram({"stats", "--model", "org/sample", "--token-ids", "1,2"}, setting()).code, 0);
        const auto whole = runProgram({"models"}, setting());
        QVERIFY2(whole.out.contains(QRegularExpression("org/sample +[0-9.]+ MB +gpt2 +yes")),
                 whole.out.toUtf8());
#endif
    }
    void aWrongTextIsKnownBeforeADownload() {
        const auto outcome =
            runProgram({"stats", "--model", "org/sample", "--text-file", "/none"}, setting());
        QCOMPARE(outcome.code, 1);
        QCOMPARE(m_server->requests().size(), std::size_t{0});
    }

    // On a terminal there is a bar, coloured unless NO_COLOR says otherwise; in a pipe there is none.
    void progressIsSeenOnATerminalOnly_data() {
        QTest::addColumn<QString>("noColor");
        QTest::newRow("coloured") << "";
        QTest::newRow("NO_COLOR") << "1";
    }
    void progressIsSeenOnATerminalOnly() {
        QFETCH(QString, noColor);
        fs::remove_all(m_cache);
        auto onTerminal = setting({{"NO_COLOR", noColor}});
        onTerminal.wrapper =
            "command -v script >/dev/null || exit 77; exec script -qec \"$(printf '%q ' \"$0\" "
            "\"$@\")\" /dev/null";
        const auto seen = runProgram({"tokenize", "--model", "org/sample", "--text", "x"}, onTerminal);
        if (seen.code == 77) QSKIP("'script' is absent");
        QVERIFY2(seen.code == 0, seen.out.toUtf8());
        QVERIFY2(seen.out.contains("Asking 127.0.0.1 for org/sample"), seen.out.toUtf8());
        QCOMPARE(seen.out.contains("\x1b[33mnote:"), noColor.isEmpty());
        QVERIFY(seen.out.contains("note:"));
        fs::remove_all(m_cache);
        const auto piped = tokenize();
        QCOMPARE(piped.err.count('\n'), 1);
        QVERIFY(!piped.err.contains("Asking"));
    }

    // Every way out of the program, and every file that it leaves: the token is in none.
    void theTokenIsNowhere() {
        m_server->models["org/sample"].token = kCanary.toStdString();
        const auto out = m_folder.path() + "/out";
        QDir().mkpath(out);
        const auto with = [&](const QString& endpoint = {}) {
            auto one = setting({{"HF_TOKEN", kCanary}});
            if (!endpoint.isEmpty()) one.variables += {"HF_ENDPOINT", endpoint};
            return one;
        };
        QList<ProgramOutcome> outcomes;
        const auto run = [&](const QStringList& arguments, const ProgramSetting& one) {
            outcomes << runProgram(arguments + QStringList{"--verbose"}, one);
        };
        run({"tokenize", "--model", "org/sample", "--text", "x"}, with());
        QCOMPARE(outcomes.last().code, 0);
        run({"models", "--format", "json"}, with());
        run({"doctor"}, with());
        run({"tokenize", "--model", "org/none", "--text", "x"}, with());
        run({"tokenize", "--model", "org/none", "--text", "x"}, with("http://127.0.0.1:1"));
        run({"tokenize", "--model", "org/none", "--text", "x"},
            with("http://user:" + kCanary + "@127.0.0.1:1"));
#if ATTNVIZ_WITH_TORCH
        for (const char* suffix : {"attn.json", "npz", "csv", "html", "md"}) {
            run({"export", "--model", "org/sample", "--text", "The quick", "--output",
                 out + "/run." + suffix},
                with());
            QCOMPARE(outcomes.last().code, 0);
        }
#endif
        m_server->adjust = [](const HubRequest& request, HubReply& reply) {
            if (request.method == "GET") reply.body = "other bytes";
        };
        m_server->models["org/sample"].commit = std::string(40, 'b');
        fs::remove_all(m_cache);
        run({"tokenize", "--model", "org/sample", "--text", "x"}, with());
        QCOMPARE(outcomes.last().code, 1);
        for (const auto& outcome : outcomes)
            QVERIFY2(!(outcome.out + outcome.err).contains("Canary"), (outcome.out + outcome.err).toUtf8());
        for (QDirIterator at(m_folder.path(), QDir::Files | QDir::Hidden, QDirIterator::Subdirectories);
             at.hasNext();) {
            const auto path = at.next();
            QVERIFY2(contentOf(path.toStdString()).find("Canary") == std::string::npos, path.toUtf8());
        }
        bool sent = false;
        for (const auto& request : m_server->requests()) {
            sent = sent || request.headers.contains("authorization");
            QVERIFY(!request.store || !request.headers.contains("authorization"));
        }
        QVERIFY(sent);
    }

    // Killed after a random number of bytes, twenty times: what is there is then as if nothing had happened.
    void aDownloadThatIsKilledGoesOn() {
        constexpr int kKills = 20;
        auto& large = m_server->models["org/large"];
        large.commit = kCommit;
        const auto weights = seededBytes(12'000'000, 7);
        large.files = {{"config.json", "{\"model_type\":\"gpt2\"}"}, {"model.safetensors", weights}};
        const auto hash = sha256Of(weights);
        std::atomic<qint64> victim = 0;
        std::atomic<std::int64_t> limit = 0;
        m_server->adjust = [](const HubRequest& request, HubReply& reply) {
            if (request.store) reply.microsecondsABlock = 300;
        };
        m_server->whenSent([&](const HubRequest& request, std::int64_t bytes) {
            if (!request.store || victim == 0 || bytes < limit) return;
            ::kill(static_cast<pid_t>(victim.exchange(0)), SIGKILL);
        });
        const auto start = [&](QProcess& process) {
            auto environment = QProcessEnvironment::systemEnvironment();
            for (const auto& [name, value] : setting().variables)
                value.isEmpty() ? environment.remove(name) : environment.insert(name, value);
            process.setProcessEnvironment(environment);
            process.start(qEnvironmentVariable("ATTNVIZ_BIN"),
                          {"stats", "--model", "org/large", "--token-ids", "1,2"});
            return process.waitForStarted();
        };
        std::mt19937 random(42);
        int killed = 0, resumed = 0;
        for (int round = 0; round < kKills; ++round) {
            m_server->forget();
            limit = 1 + static_cast<std::int64_t>(random() % 900'000);
            QProcess process;
            QVERIFY(start(process));
            victim = process.processId();
            QVERIFY(process.waitForFinished(60'000));
            killed += process.exitStatus() == QProcess::CrashExit ? 1 : 0;
            for (const auto& request : m_server->requests())
                resumed += request.store && request.headers.contains("range") ? 1 : 0;
            QVERIFY(!fs::exists(repository("large") / "blobs" / hash));
            QVERIFY(!fs::exists(
                fs::symlink_status(repository("large") / "snapshots" / kCommit / "model.safetensors")));
        }
        QCOMPARE(killed, kKills);
        QVERIFY2(resumed >= kKills / 2, QByteArray::number(resumed));
        victim = 0;
        m_server->forget();
        QProcess process;
        QVERIFY(start(process));
        QVERIFY(process.waitForFinished(60'000));
        QVERIFY(m_server->bodyBytes() < 11'000'000);
        const auto there = contentOf(repository("large") / "snapshots" / kCommit / "model.safetensors");
        QCOMPARE(sha256Of(there), hash);
        for (const auto& entry : fs::directory_iterator(repository("large") / "blobs"))
            QVERIFY2(entry.path().extension() != ".incomplete", entry.path().c_str());
    }
    void anInterruptEndsADownloadWithItsOwnCode() {
        m_server->adjust = [](const HubRequest&, HubReply& reply) { reply.microsecondsABlock = 200'000; };
        QProcess process;
        auto environment = QProcessEnvironment::systemEnvironment();
        for (const auto& [name, value] : setting().variables)
            value.isEmpty() ? environment.remove(name) : environment.insert(name, value);
        process.setProcessEnvironment(environment);
        std::atomic<bool> asked = false;
        m_server->whenSent([&](const HubRequest& request, std::int64_t) {
            if (!asked.exchange(true) && request.method == "GET")
                ::kill(static_cast<pid_t>(process.processId()), SIGINT);
        });
        process.start(qEnvironmentVariable("ATTNVIZ_BIN"),
                      {"tokenize", "--model", "org/sample", "--text", "x"});
        QVERIFY(process.waitForFinished(20'000));
        QCOMPARE(process.exitStatus(), QProcess::NormalExit);
        QCOMPARE(process.exitCode(), 130);
    }
};

QTEST_GUILESS_MAIN(HubProgramTest)
#include "hub_program_test.moc"
