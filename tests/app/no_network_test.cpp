// The real program without a network: under a kernel that kills it at the first socket, and in a name space
// that has no network at all. What needs no download works in both.
#include <QTemporaryDir>
#include <QtTest>
#include <filesystem>
#include <fstream>

#include "tests/support/program.h"
#include "tests/support/shared_data.h"

using namespace attnviz::test;
namespace fs = std::filesystem;

class NoNetworkTest : public QObject {
    Q_OBJECT
    QTemporaryDir m_folder;

    QString path(const char* name) const { return m_folder.filePath(name); }
    // Nothing forbids a download here but the need for one.
    ProgramSetting setting(const QString& wrapper) const {
        ProgramSetting setting;
        setting.variables = {
            {"HF_HUB_OFFLINE", ""}, {"HF_HUB_CACHE", path("hub")}, {"HF_ENDPOINT", "http://127.0.0.1:1"}};
        setting.wrapper = wrapper;
        return setting;
    }
    static QString watched() { return "exec '" WITHOUT_SOCKETS "' \"$0\" \"$@\""; }
    static QString alone() { return "exec unshare -rn \"$0\" \"$@\""; }

    void addRows() const {
        QTest::addColumn<QStringList>("arguments");
        QTest::newRow("tokenize") << QStringList{"tokenize", "--text", "The quick", "--format", "csv"};
        QTest::newRow("tokenize a cached name")
            << QStringList{"tokenize", "--model", "org/cached", "--text", "The quick", "--format", "csv"};
        QTest::newRow("models") << QStringList{"models"};
#if ATTNVIZ_WITH_TORCH
        const QStringList text{"--text", "The quick brown fox", "--model", "org/cached"};
        QTest::newRow("doctor") << QStringList{"doctor"};
        QTest::newRow("stats") << QStringList{"stats", "--format", "csv"} + text;
        QTest::newRow("analyze") << QStringList{"analyze"} + text;
        QTest::newRow("session") << QStringList{"export", "--output", path("run.attn.json")} + text;
        QTest::newRow("page") << QStringList{"export", "--output", path("page.html")} + text;
#if ATTNVIZ_WITH_GUI
        QTest::newRow("figure") << QStringList{"visualize", "--output", path("head.pdf")} + text;
        QTest::newRow("window") << QStringList{"--screenshot", path("window.png")} + text;
#endif
#endif
    }

 private slots:
    void initTestCase() {
        const fs::path repository = path("hub").toStdString() + "/models--org--cached";
        const std::string commit(40, 'c');
        fs::create_directories(repository / "refs");
        std::ofstream(repository / "refs/main") << commit;
        fs::create_directories(repository / "snapshots");
        fs::copy(sourceDir() / "resources/sample-model", repository / "snapshots" / commit);
    }

    void noSocketIsOpened_data() {
        addRows();
    }
    void noSocketIsOpened() {
        QFETCH(QStringList, arguments);
        const auto outcome = runProgram(arguments, setting(watched()));
        if (outcome.code == 77) QSKIP("the kernel has no filters of system calls");
        QVERIFY2(outcome.code == 0 && !outcome.crashed, outcome.err.toUtf8());
    }

    // The watch is no sham: what does need the network dies of it.
    void aDownloadIsSeen() {
        const auto outcome =
            runProgram({"tokenize", "--model", "org/absent", "--text", "x"}, setting(watched()));
        if (outcome.code == 77) QSKIP("the kernel has no filters of system calls");
        QVERIFY2(outcome.crashed, outcome.err.toUtf8());
    }

    void withoutANetworkItIsTheSame_data() {
        addRows();
    }
    void withoutANetworkItIsTheSame() {
        QFETCH(QStringList, arguments);
        auto permitted = setting("unshare -rn true || exit 77");
        if (runProgram({"--version"}, permitted).code == 77) QSKIP("'unshare -rn' is not permitted here");
        const auto apart = runProgram(arguments, setting(alone()));
        QVERIFY2(apart.code == 0 && !apart.crashed, apart.err.toUtf8());
        // What another moment changes: the time, and the memory that doctor finds free.
        const auto timeless = [](QString text) {
            text.replace(QRegularExpression("\\d{4}-\\d\\d-\\d\\dT[\\d:]+Z"), "now");
            return text.replace(QRegularExpression("[\\d.]+ [KMGT]?B available"), "free");
        };
        QCOMPARE(timeless(apart.out), timeless(runProgram(arguments, setting({})).out));
    }

    void withoutANetworkANameIsASentence() {
        if (runProgram({"--version"}, setting("unshare -rn true || exit 77")).code == 77)
            QSKIP("'unshare -rn' is not permitted here");
        const auto outcome =
            runProgram({"tokenize", "--model", "org/absent", "--text", "x"}, setting(alone()));
        QCOMPARE(outcome.code, 1);
        QVERIFY2(outcome.err.contains("127.0.0.1") && !outcome.crashed, outcome.err.toUtf8());
    }
};

QTEST_GUILESS_MAIN(NoNetworkTest)
#include "no_network_test.moc"
