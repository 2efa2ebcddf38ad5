// The real program from the outside: what it loads, what it does without a display, what the configuration
// changes, and the recordings of other programs through its commands.
#include <QtTest>
#include <cmath>

#if ATTNVIZ_WITH_GUI
#include <QImage>
#endif

#include "core/base/json_parse.h"
#include "tests/support/model_files.h"
#include "tests/support/program.h"
#include "tests/support/shared_data.h"

using namespace attnviz;
using namespace attnviz::test;

namespace {

const char* const kGpt2 = "data/recorded/gpt2-quick-brown-fox/attention_data.json";
const char* const kGpt2Report = "data/recorded/gpt2-quick-brown-fox/attention_report.md";
const char* const kBert = "data/recorded/bert-sst2-dodrio/attention-0006.json";

QString shared(const char* path) {
    return QString::fromStdString((sharedDir() / path).string());
}

// A process is asked for its libraries all its life, and so is the loader, whom nothing escapes.
struct Watched {
    int code = -1;
    bool seen = false, torch = false;
    bool passive =
        false;  // libgomp, when it was loaded, found the policy that keeps its threads from spinning
    QString err;
};

Watched watch(const QStringList& arguments, const QString& module = {}) {
    QProcess process;
    auto environment = QProcessEnvironment::systemEnvironment();
    if (!module.isEmpty()) environment.insert("ATTNVIZ_TORCH_MODULE", module);
    const QTemporaryDir log;
    environment.insert("LD_DEBUG", "files");
    environment.insert("LD_DEBUG_OUTPUT", log.filePath("loaded"));
    environment.insert("OMP_DISPLAY_ENV", "verbose");
    process.setProcessEnvironment(environment);
    process.start(qEnvironmentVariable("ATTNVIZ_BIN"), arguments);
    Watched watched;
    if (!process.waitForStarted()) return watched;
    const auto look = [&watched](const QString& text) {
        if (text.contains("libattnviz-core")) watched.seen = true;
        for (const auto* name : {"libtorch", "libc10", "attnviz-torch"})
            if (text.contains(name)) watched.torch = true;
    };
    const QString maps = QString("/proc/%1/maps").arg(process.processId());
    QElapsedTimer timer;
    timer.start();
    while (!process.waitForFinished(10) && process.state() != QProcess::NotRunning &&
           timer.elapsed() < 120'000) {
        QFile file(maps);
        if (!file.open(QIODevice::ReadOnly)) continue;
        look(QString::fromUtf8(file.readAll()));
    }
    if (process.state() != QProcess::NotRunning) process.kill();
    process.waitForFinished();
    for (const auto& name : QDir(log.path()).entryList(QDir::Files)) look(readBytes(log.filePath(name)));
    watched.code = process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1;
    watched.err = QString::fromUtf8(process.readAllStandardError());
    watched.passive = watched.err.contains("GOMP_SPINCOUNT = '0'");
    return watched;
}

bool near(double found, double expected, double relative) {
    return std::fabs(found - expected) <= relative * std::max(std::fabs(expected), 1e-12);
}

}  // namespace

class ProgramTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;

    QString path(const QString& name) const { return m_folder.path() + "/" + name; }
    QString session() {
        const auto name = path("session.json");
        if (!QFile::exists(name))
            writeBytes(
                name.toUtf8().constData(),
                R"({"text":"a b c","tokens":["a"," b"," c"],"num_layers":1,"num_heads":2,"sequence_length":3,)"
                R"("attention_weights":[[[[1,0,0],[0.5,0.5,0],[0.25,0.25,0.5]],)"
                R"([[1,0,0],[0.9,0.1,0],[0.8,0.1,0.1]]]]})");
        return name;
    }
    ProgramOutcome inFolder(const QString& yaml, const QStringList& arguments) {
        const QString folder = path("configured");
        QDir(folder).removeRecursively();
        QDir().mkpath(folder);
        writeBytes(folder + "/attention_viz_config.yaml", yaml.toStdString());
        ProgramSetting setting;
        setting.folder = folder;
        return runProgram(arguments, setting);
    }
    QString configured(const QString& name) const { return path("configured/" + name); }
    static JsonValue json(const ProgramOutcome& outcome) {
        const auto parsed = parseJson(outcome.out.toStdString(), "output");
        if (!parsed) QTest::qFail(qPrintable(outcome.err + outcome.out), __FILE__, __LINE__);
        return parsed ? *parsed : JsonValue();
    }

 private slots:
#if ATTNVIZ_WITH_TORCH
    // A script is code: it is named as such, with the way to allow it, and runs once that is given.
    void aScriptNeedsToBeAllowed() {
        const auto script =
            QString::fromStdString((sourceDir() / "tests/core/torch/script/attentive.pt").string());
        const QStringList stats{"stats", "--model", script, "--token-ids", "3,1,4", "--format", "csv"};
        const auto refused = runProgram(stats);
        QCOMPARE(refused.code, 1);
        QCOMPARE(refused.err.count('\n'), 1);
        QVERIFY2(refused.err.contains("--allow-code") && refused.out.isEmpty(), refused.err.toUtf8());
        const auto allowed = runProgram(stats + QStringList{"--allow-code"});
        QVERIFY2(allowed.code == 0 && allowed.err.isEmpty(), allowed.err.toUtf8());
        const auto tokenizer = QString::fromStdString((sourceDir() / "resources/sample-model").string());
        const auto text = runProgram({"stats", "--model", script, "--allow-code", "--text", "!",
                                      "--tokenizer", tokenizer, "--no-special-tokens"});
        QVERIFY2(text.code == 0, text.err.toUtf8());
        const auto outside = runProgram({"stats", "--model", script, "--allow-code", "--token-ids", "99"});
        QCOMPARE(outside.code, 1);
        QVERIFY2(outside.err.contains("the script failed: index out of range"), outside.err.toUtf8());
    }
#endif

    // The window is drawn, a session is opened and analysed, and LibTorch is nowhere in the process.
    void theWindowAndSessionsNeedNoLibTorch_data() {
        QTest::addColumn<QStringList>("arguments");
#if ATTNVIZ_WITH_GUI
        QTest::newRow("window") << QStringList{"--screenshot", path("window.png")};
        QTest::newRow("window with a session")
            << QStringList{"--session", session(), "--screenshot", path("session.png")};
        QTest::newRow("figure") << QStringList{"visualize", "--session", session(), "--output",
                                               path("f.png")};
#endif
        QTest::newRow("stats") << QStringList{"stats", "--session", session(), "--output", path("s.txt")};
        QTest::newRow("analyze") << QStringList{"analyze", "--session", session(), "--output", path("r.md")};
        QTest::newRow("page") << QStringList{"export", "--session", session(), "--output", path("p.html")};
        QTest::newRow("tokenize") << QStringList{"tokenize", "--text", "Hi all", "--output", path("t.txt")};
    }
    void theWindowAndSessionsNeedNoLibTorch() {
        QFETCH(QStringList, arguments);
        QFile::remove(arguments.last());
        const auto watched = watch(arguments);
        QVERIFY2(watched.code == 0, qPrintable(watched.err));
        QVERIFY2(watched.seen, "the process ended before it was looked at");
        QVERIFY2(!watched.torch, "LibTorch was loaded");
        QVERIFY(QFile::exists(arguments.last()));
        QFile::remove(arguments.last());
        const auto without = watch(arguments, "/nonexistent");
        QVERIFY2(without.code == 0, qPrintable(without.err));
        QVERIFY(QFile::exists(arguments.last()));
    }

    void aModelNeedsIt() {
        ProgramSetting without;
        without.variables = {{"ATTNVIZ_TORCH_MODULE", "/nonexistent"}};
        const auto refused = runProgram({"stats", "--text", "Hi all"}, without);
        QCOMPARE(refused.code, 1);
        QCOMPARE(refused.err.count('\n'), 1);
        QVERIFY2(refused.err.contains("/nonexistent") && refused.err.contains("doctor"),
                 qPrintable(refused.err));
#if ATTNVIZ_WITH_TORCH
        const auto watched = watch({"stats", "--text", "Hi all", "--output", path("m.txt")});
        QVERIFY2(watched.code == 0, qPrintable(watched.err));
        QVERIFY2(watched.torch, "the check above sees nothing");
#if ATTNVIZ_WITH_GUI
        QVERIFY2(watched.passive, "libgomp's threads spin: it was loaded before the policy was set");
#endif
#endif
    }

    // The library of SentencePiece files brings a protobuf of its own, LibTorch another: neither may see the
    // other.
    void sentencePieceAndLibTorchLiveInOneProcess() {
#if !ATTNVIZ_WITH_TORCH
        QSKIP("this build runs no models");
#endif
        const char* const llama = "data/checkpoints/llama-stories260K-HF-CONVERTED";
        ATTNVIZ_NEED_SHARED(llama);
        const auto folder = path("llama");
        QDir().mkpath(folder);
        for (const auto* name : {"config.json", "model.safetensors", "tokenizer.model"})
            QVERIFY(QFile::exists(folder + "/" + name) ||
                    QFile::copy(shared(llama) + "/" + name, folder + "/" + name));
        const auto outcome =
            runProgram({"stats", "--model", folder, "--text", "Once upon a time", "--format", "json"});
        QVERIFY2(outcome.code == 0, qPrintable(outcome.err));
        QCOMPARE(json(outcome)["tokens"].items().size(),
                 static_cast<std::size_t>(json(outcome)["sequence_length"].integerOr(0)));
    }

#if ATTNVIZ_WITH_GUI
    void analysesDrawFiguresWithoutADisplay() {
        ProgramSetting bare;
        bare.variables = {{"DISPLAY", ""}, {"WAYLAND_DISPLAY", ""}, {"QT_QPA_PLATFORM", ""}};
        for (const char* suffix : {"png", "svg", "pdf"}) {
            const QString file = path(QString("flow.") + suffix);
            const auto drawn = runProgram({"flow", "--session", session(), "--output", file, "--dpi", "50",
                                           "--figure-size", "6x4", "--title", "A & B"},
                                          bare);
            QVERIFY2(drawn.code == 0 && drawn.out.isEmpty(), qPrintable(drawn.err));
            QFile written(file);
            QVERIFY(written.open(QIODevice::ReadOnly));
            const QByteArray begin = written.read(5000);
            if (suffix == std::string("png")) QCOMPARE(QImage(file).size(), QSize(300, 200));
            if (suffix == std::string("svg")) QVERIFY(begin.contains("<title>A &amp; B</title>"));
            if (suffix == std::string("pdf")) QVERIFY(begin.startsWith("%PDF"));
        }
        // What there is nothing of to draw says so in one sentence, and nothing is written.
        const auto none =
            runProgram({"predict", "--quiet", "--session", session(), "--output", path("none.png")}, bare);
        QCOMPARE(none.code, 1);
        QVERIFY2(none.err.contains("has no predictions") && none.err.count('\n') == 1, qPrintable(none.err));
        QVERIFY(!QFile::exists(path("none.png")));
        // A format that was asked for wins.
        const auto text =
            runProgram({"flow", "--session", session(), "--output", path("text.png"), "--format", "csv"});
        QVERIFY2(text.code == 0 && QImage(path("text.png")).isNull(), qPrintable(text.err));
    }

    void withoutADisplay() {
        ProgramSetting bare;
        bare.variables = {{"DISPLAY", ""}, {"WAYLAND_DISPLAY", ""}, {"QT_QPA_PLATFORM", ""}};
        const auto refused = runProgram({}, bare);
        QVERIFY(!refused.crashed);
        QVERIFY2(refused.code == 1 && refused.err.contains("no display") && refused.err.count('\n') == 1,
                 qPrintable(refused.err));
        // A display that does not answer is none.
        bare.variables[0].second = ":987";
        const auto deaf = runProgram({"--quiet"}, bare);
        QVERIFY(!deaf.crashed);
        QVERIFY2(deaf.code == 1 && deaf.err.contains("no display") && deaf.err.count('\n') == 1,
                 qPrintable(deaf.err));
        bare.variables[0].second = QString();
        const auto drawn = runProgram({"--session", session(), "--screenshot", path("bare.png"), "--size",
                                       "1400x900", "--theme", "dark"},
                                      bare);
        QVERIFY2(drawn.code == 0 && drawn.err.isEmpty() && drawn.out.isEmpty(), qPrintable(drawn.err));
        const QImage dark(path("bare.png"));
        QCOMPARE(dark.size(), QSize(1400, 900));
        QVERIFY(dark.pixelColor(450, 2).lightness() < 80);
        const auto light =
            runProgram({"--session", session(), "--screenshot", path("bare.png"), "--theme", "light"}, bare);
        QVERIFY2(light.code == 0, qPrintable(light.err));
        const QImage image(path("bare.png"));
        QCOMPARE(image.size(), QSize(1600, 1000));
        QVERIFY(image.pixelColor(450, 2).lightness() > 180);
        // A screenshot that cannot be written is a sentence.
        const auto nowhere = runProgram({"--screenshot", path("no/such/a.png")}, bare);
        QVERIFY2(nowhere.code == 1 && nowhere.err.count('\n') == 1, qPrintable(nowhere.err));
        // Without --output and without a display, visualize writes the page and says so.
        bare.folder = m_folder.path();
        const auto page = runProgram({"visualize", "--session", session()}, bare);
        QVERIFY2(page.code == 0 && page.out.contains("attention.html"), qPrintable(page.err + page.out));
        QVERIFY(QFile::exists(path("attention.html")));
    }

    // What is to be seen first can be said: head, layout, pane, scale, filters.
    void theWindowOpensAsAsked() {
        const QStringList window{"--session", session(), "--size", "1280x800", "--screenshot"};
        QVERIFY(runProgram(window + QStringList{path("plain.png")}).code == 0);
        const QImage plain(path("plain.png"));
        QVERIFY(!plain.isNull());
        for (const QStringList& asked : {QStringList{"--layer", "0", "--head", "1"},
                                         {"--layout", "long"},
                                         {"--pane", "flow"},
                                         {"--log"},
                                         {"--threshold", "0.2"}}) {
            const auto shown = runProgram(window + QStringList{path("asked.png")} + asked);
            QVERIFY2(shown.code == 0 && shown.err.isEmpty(), qPrintable(shown.err));
            QVERIFY2(QImage(path("asked.png")) != plain, qPrintable(asked.join(' ')));
            QVERIFY(QFile::remove(path("asked.png")));
        }
        for (const QStringList& wrong :
             {QStringList{"--layer", "99"}, {"--head", "-99"}, {"--layout", "none"}, {"--pane", "none"}}) {
            const auto refused = runProgram(window + QStringList{path("asked.png")} + wrong);
            QVERIFY2(refused.code == 1 && refused.err.count('\n') == 1, qPrintable(refused.err));
            QVERIFY(!QFile::exists(path("asked.png")));
        }
    }

    void theConfigurationDraws() {
        const QString yaml =
            "visualization: {default_colormap: magma, figure_size: [4, 3], dpi: 100, interactive: false, "
            "save_format: svg}\n";
        const auto chosen = inFolder(yaml, {"visualize", "--session", session()});
        QVERIFY2(chosen.code == 0 && chosen.out.contains("attention.svg"), qPrintable(chosen.err));
        QVERIFY2(chosen.err.count('\n') == 1,
                 qPrintable(chosen.err));  // how the file was understood, no more
        QVERIFY(QFile::exists(configured("attention.svg")));
        QVERIFY(inFolder(yaml, {"visualize", "--session", session(), "--interactive"}).out.contains(".html"));
        // An image has the size in inches times the dots an inch, and the colours of the map.
        QVERIFY(inFolder(yaml, {"visualize", "--session", session(), "--output", "a.png"}).code == 0);
        const QImage magma(configured("a.png"));
        QCOMPARE(magma.size(), QSize(400, 300));
        QVERIFY(inFolder(yaml,
                         {"visualize", "--session", session(), "--output", "a.png", "--colormap", "viridis"})
                    .code == 0);
        QVERIFY(QImage(configured("a.png")) != magma);
        // Flags win.
        QVERIFY(inFolder(yaml, {"visualize", "--session", session(), "--output", "a.png", "--dpi", "50",
                                "--figure-size", "6x2", "--colormap", "magma"})
                    .code == 0);
        QCOMPARE(QImage(configured("a.png")).size(), QSize(300, 100));
        // A journal's width, in the proportion of the configuration.
        QVERIFY(inFolder(yaml, {"visualize", "--session", session(), "--output", "a.png", "--preset",
                                "3.25in", "--dpi", "200"})
                    .code == 0);
        QCOMPARE(QImage(configured("a.png")).width(), 650);
        QVERIFY(std::abs(QImage(configured("a.png")).height() - 487) <= 1);
        // The window starts with the map of the configuration.
        const QStringList window{"--session", session(), "--screenshot", "w.png", "--size", "1400x900"};
        QVERIFY(inFolder(yaml, window).code == 0);
        const QImage inMagma(configured("w.png"));
        QVERIFY(inFolder("", window).code == 0);
        QVERIFY(!inMagma.isNull() && QImage(configured("w.png")) != inMagma);
    }
#endif

    void theConfigurationExports() {
        const QStringList unnamed{"export", "--session", session(), "--output", "out", "--quiet"};
        QCOMPARE(inFolder("", unnamed).code, 0);
        const auto plain = readBytes(configured("out.json"));
        for (const auto* key : {"\"created\"", "\"generator\""}) QVERIFY2(plain.contains(key), key);
        QCOMPARE(inFolder("export: {include_metadata: false}\n", unnamed).code, 0);
        const auto bare = readBytes(configured("out.json"));
        QVERIFY(bare.startsWith("{") && bare.contains("\"attention_weights\""));
        for (const auto* key : {"\"created\"", "\"generator\"", "\"model\""})
            QVERIFY2(!bare.contains(key), key);
        QCOMPARE(inFolder("export: {compression: true}\n", unnamed).code, 0);
        QVERIFY(readBytes(configured("out.json.gz")).startsWith("\x1f\x8b"));
        QCOMPARE(inFolder("export: {default_format: csv}\n", unnamed).code, 0);
        QVERIFY(readBytes(configured("out.csv")).startsWith("layer,head,query,key"));
        QCOMPARE(inFolder("export: {default_format: csv}\n",
                          {"export", "--session", session(), "--output", "out.npz", "--quiet"})
                     .code,
                 0);
        QVERIFY(readBytes(configured("out.npz")).startsWith("PK"));
    }

    void theConfigurationRuns() {
#if !ATTNVIZ_WITH_TORCH
        QSKIP("this build runs no models");
#endif
        const QStringList stats{"stats", "--text", "one two three four five", "--format", "json"};
        const auto cut = inFolder("model: {max_length: 3}\n", stats);
        QVERIFY2(cut.code == 0 && cut.err.contains("3 tokens"), qPrintable(cut.err));
        QCOMPARE(json(cut)["sequence_length"].integerOr(0), 3);
        const auto whole = inFolder("model: {max_length: 3}\n", stats + QStringList{"--max-length", "auto"});
        QVERIFY(json(whole)["sequence_length"].integerOr(0) > 3);
        const auto device = inFolder("model: {device: mps}\n", stats);
        QVERIFY2(device.code == 1 && device.err.contains("mps"), qPrintable(device.err));
        QCOMPARE(inFolder("model: {device: mps}\n", stats + QStringList{"--device", "cpu"}).code, 0);
    }

    // The recording of the Python library: its own statistics, the values of the definitions, its own report.
    void theRecordingOfGpt2() {
        ATTNVIZ_NEED_SHARED(kGpt2);
        const auto recorded = readJsonFile(sharedDir() / kGpt2);
        QVERIFY(recorded.ok());
        const auto stats = json(runProgram({"stats", "--session", shared(kGpt2), "--format", "json"}));
        const auto same = [](const JsonValue& found, const JsonValue& expected) {
            for (const auto& [key, value] : expected.members())
                QVERIFY2(near(found[key].numberOr(-9), value.numberOr(9), 1e-5), key.c_str());
        };
        same(stats["overall_stats"], (*recorded)["statistics"]["overall_stats"]);
        const auto& layers = (*recorded)["statistics"]["layer_stats"].items();
        QCOMPARE(layers.size(), std::size_t{12});
        for (std::size_t layer = 0; layer < layers.size(); ++layer)
            same(stats["layer_stats"].items().at(layer), layers[layer]);
        QVERIFY(near(stats["overall_stats"]["entropy"].numberOr(0), 7.8377704620, 1e-6));
        QVERIFY(near(stats["overall_stats"]["sparsity"].numberOr(0), .5660150892, 1e-6));
        QVERIFY(near(stats["overall_stats"]["std_attention"].numberOr(0), .2515859008, 1e-6));

        struct Row {
            std::size_t layer;
            double local, medium, global;
            const char* pattern;
        };
        const auto positional =
            json(runProgram({"positional", "--session", shared(kGpt2), "--format", "json"}));
        for (const auto& row : {Row{0, .6137, .1901, .1962, "local"}, Row{1, .4587, .2456, .2957, "mixed"},
                                Row{5, .3105, .2454, .4441, "mixed"}, Row{9, .2866, .2434, .4700, "mixed"},
                                Row{11, .3595, .2380, .4025, "mixed"}}) {
            const auto& found = positional["layers"].items().at(row.layer);
            QVERIFY(std::fabs(found["average_local_ratio"].numberOr(9) - row.local) < 6e-5);
            QVERIFY(std::fabs(found["average_medium_ratio"].numberOr(9) - row.medium) < 6e-5);
            QVERIFY(std::fabs(found["average_global_ratio"].numberOr(9) - row.global) < 6e-5);
            QCOMPARE(found["attention_pattern_type"].string(), std::string(row.pattern));
        }
        const auto summary = json(runProgram({"analyze", "--session", shared(kGpt2), "--format", "json"}));
        QCOMPARE(summary["key_findings"]["highest_entropy_layer"].integerOr(-1), 1);
        QCOMPARE(summary["key_findings"]["sparsest_layer"].integerOr(-1), 9);
        QCOMPARE(summary["key_findings"]["predominant_pattern"].string(), std::string("mixed"));

        // Line by line, but for the time.
        const auto report = runProgram({"analyze", "--session", shared(kGpt2)});
        QCOMPARE(report.code, 0);
        const auto ours = report.out.split('\n');
        auto theirs = QString::fromUtf8(readBytes(shared(kGpt2Report))).split('\n');
        while (!theirs.isEmpty() && theirs.last().trimmed().isEmpty()) theirs.removeLast();
        QVERIFY(theirs.size() > 60 && ours.size() > theirs.size());
        for (qsizetype i = 0; i < theirs.size(); ++i)
            if (!theirs[i].startsWith("**Generated:**")) QCOMPARE(ours[i].trimmed(), theirs[i].trimmed());
    }

    void theRecordingOfBertIsFlagged() {
        ATTNVIZ_NEED_SHARED(kBert);
        const auto outcome = runProgram({"stats", "--session", shared(kBert), "--format", "json"});
        QVERIFY2(outcome.code == 0, qPrintable(outcome.err));
        QVERIFY2(outcome.err.contains("do not sum to one") && outcome.err.contains("rounded"),
                 qPrintable(outcome.err));
        const auto stats = json(outcome);
        QCOMPARE(stats["num_layers"].integerOr(0), 12);
        QCOMPARE(stats["num_heads"].integerOr(0), 12);
        QCOMPARE(stats["sequence_length"].integerOr(0), 64);
    }
};

QTEST_GUILESS_MAIN(ProgramTest)
#include "program_test.moc"
