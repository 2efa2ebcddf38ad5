// The page in a real browser, without a display: it opens, draws exact colours, and answers pointer and keys.
// Needs Chromium; without it the cases are skipped by name.
#include <QFile>
#include <QProcess>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QtTest>

#include "core/exporting/exporters.h"
#include "tests/core/exporting/hostile_tokens.h"
#include "tests/support/attention_text.h"
#include "tests/support/shared_data.h"

using namespace attnviz;
using namespace attnviz::test;

namespace {

QString browser() {
    for (const char* name : {"chromium", "chromium-browser", "google-chrome"}) {
        const QString found = QStandardPaths::findExecutable(name);
        if (!found.isEmpty()) return found;
    }
    return {};
}

QByteArray pageOf(std::shared_ptr<const AttentionRun> run) {
    Session session;
    session.run = std::move(run);
    StringSink sink;
    const auto done = kHtmlExporter.write({.session = session}, sink, {}, {});
    if (!done) qFatal("%s", done.error().sentence().c_str());
    return QByteArray::fromStdString(sink.bytes());
}

// The policy allows the page's own script alone: the copy that is driven goes without.
QByteArray driven(QByteArray page) {
    QFile driver(QString(ATTNVIZ_SOURCE_DIR) + "/tests/core/exporting/page_driver.js");
    if (!driver.open(QIODevice::ReadOnly)) qFatal("no driver");
    const qsizetype begin = page.indexOf("<meta http-equiv"), end = page.indexOf('>', begin);
    page.remove(begin, end - begin + 1);
    page.insert(page.lastIndexOf("</body>"), "<script>" + driver.readAll() + "</script>");
    return page;
}

}  // namespace

class HtmlPageBrowserTest : public QObject {
    Q_OBJECT
    QTemporaryDir m_folder;

    // What the document is after a while.
    QString opened(const QByteArray& page) {
        const QString path = m_folder.filePath("page.html");
        QFile file(path);
        if (!file.open(QIODevice::WriteOnly) || file.write(page) != page.size()) qFatal("cannot write");
        file.close();
        QProcess process;
        process.start(browser(),
                      {"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                       "--disable-background-networking", "--disable-component-update", "--disable-sync",
                       "--user-data-dir=" + m_folder.filePath("profile"), "--virtual-time-budget=30000",
                       "--window-size=1400,1000", "--dump-dom", "file://" + path});
        if (!process.waitForFinished(120'000)) process.kill();
        return QString::fromUtf8(process.readAllStandardOutput());
    }

    static QMap<QString, QString> heard(const QString& dom) {
        QMap<QString, QString> said;
        const qsizetype begin = dom.indexOf("<pre id=\"heard\">") + 16;
        const QString text = dom.mid(begin, dom.indexOf("</pre>", begin) - begin);
        for (const QString& line : text.split('\n'))
            said[line.section(": ", 0, 0)] =
                line.section(": ", 1).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        return said;
    }

 private slots:
    void initTestCase() {
        if (browser().isEmpty()) QSKIP("no Chromium here: the page is only taken apart, not opened");
    }

    void pageRunsUnderItsOwnPolicy() {
        const QString dom = opened(pageOf(randomRun(2, 2, 6)));
        QVERIFY2(dom.contains("data-ready=\"1\""), qPrintable(dom.left(400)));
        QVERIFY(!dom.contains("data-error"));
    }

    void pointerKeysAndControlsAnswerWithTheExactWeights() {
        auto run = std::make_shared<AttentionRun>(
            *runFromText("1 . .\n.25 .75 .\n.125 .375 .5\n-\n1 . .\n.75 .25 .\n.375 .125 .5",
                         {"[CLS]", " be", "\U0001F600"}));
        run->input.tokens[0].special = true;
        const auto said = heard(opened(driven(pageOf(run))));
        QCOMPARE(said["error"], QString("none"));
        QCOMPARE(said["still hidden"], QString("true"));
        QCOMPARE(said["cell"],
                 QString("Query 1 ·be → key 0 [CLS]   0.5000   rank 1 of 2   row entropy 0.693 nats"));
        QCOMPARE(said["head 0"],
                 QString("Query 1 ·be → key 0 [CLS]   0.2500   rank 2 of 2   row entropy 0.562 nats"));
        QCOMPARE(said["right"],
                 QString("Query 1 ·be → key 1 ·be   0.7500   rank 1 of 2   row entropy 0.562 nats"));
        QCOMPARE(said["without specials"],
                 QString("Query 1 ·be → key 1 ·be   0.7500   rank 1 of 1   hidden mass 0.2500"));
        QCOMPARE(said["heads"], QString("pane-heads"));
        QCOMPARE(said["flow"], QString("pane-flow"));
        QCOMPARE(said["statistics"], QString("pane-statistics"));
        QCOMPARE(said["rows"], QString("3"));
        QCOMPARE(said["pointed"], QString("Layer 0 · Head 0   r"));
    }

    // viridis at 1, .5 and .25, the masked ground, and the panel around.
    void cellsHaveTheExactColoursOfTheMap() {
        const auto said = heard(opened(driven(pageOf(runFromText("1 . .\n.5 .5 .\n.25 .25 .5")))));
        QCOMPARE(said["colours"], QString("241,243,245 253,231,37 255,255,255 33,145,140 59,82,139"));
    }

    void hostileTokensRunNothing() {
        const auto tokens = hostileTokens();
        std::string map;
        for (std::size_t query = 0; query < tokens.size(); ++query) {
            for (std::size_t key = 0; key < tokens.size(); ++key)
                map += key > query ? ". " : key == 0 ? "1 " : "0 ";
            map += '\n';
        }
        auto run = std::make_shared<AttentionRun>(*runFromText(map, tokens));
        run->model.name = "<img src=x onerror=alert(1)>";
        run->notices = {"<script>alert(1)</script>"};
        const auto said = heard(opened(driven(pageOf(run))));
        QCOMPARE(said["error"], QString("none"));
        QCOMPARE(said["scripts"],
                 QString("4 images 1"));  // data, a layer, the viewer, the driver; the still picture
    }
};

QTEST_GUILESS_MAIN(HtmlPageBrowserTest)
#include "html_page_browser_test.moc"
