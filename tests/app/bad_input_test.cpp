// Everything that a stranger can hand to the program: one sentence, exit 1, nothing written.
#include <unistd.h>

#include <QtTest>
#include <functional>
#include <limits>

#include "tests/support/model_files.h"
#include "tests/support/program.h"
#include "tests/support/shared_data.h"

using namespace attnviz::test;

class BadInputTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;

    QString path(const QString& name) const { return m_folder.path() + "/" + name; }
    // A gpt2 folder whose files the case may spoil.
    QString model(const QString& name, const std::function<void(const QString&)>& spoil) {
        const auto folder = path(name);
        makeGpt2Folder(folder, 1, 2, 16, 20);
        spoil(folder);
        return folder;
    }
    void refuses(const QStringList& arguments, const QStringList& words, const ProgramSetting& setting = {}) {
        const auto before =
            QDir(m_folder.path()).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot);
        const auto outcome = runProgram(arguments, setting);
        const auto said = outcome.err.toUtf8();
        QVERIFY2(!outcome.crashed, said);
        QVERIFY2(outcome.code == 1, (QByteArray::number(outcome.code) + ": " + said).constData());
        QVERIFY2(outcome.out.isEmpty(), outcome.out.toUtf8());
        QVERIFY2(!outcome.err.contains("Sanitizer") && !outcome.err.contains("runtime error"), said);
        const auto lines = outcome.err.split('\n', Qt::SkipEmptyParts);
        QVERIFY2(lines.size() == 1, said);
        QVERIFY2(lines.front().startsWith("attention-viz:") &&
                     (lines.front().endsWith('.') || lines.front().endsWith('?')),
                 said);
        for (const auto& word : words) QVERIFY2(outcome.err.contains(word, Qt::CaseInsensitive), said);
        QCOMPARE(QDir(m_folder.path()).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot),
                 before);
    }
    QStringList exportOf(const QString& folder, const QString& ids = "1,2,3") {
        return {"export", "--model", folder, "--token-ids", ids, "--output", path("out.npz"), "--quiet"};
    }

 private slots:
    void foldersAndWeights_data() {
        using Spoil = std::function<void(const QString&)>;
        QTest::addColumn<QString>("name");
        QTest::addColumn<Spoil>("spoil");
        QTest::addColumn<QStringList>("words");
        const auto weights = [](const std::string& bytes) {
            return Spoil(
                [bytes](const QString& folder) { writeBytes(folder + "/model.safetensors", bytes); });
        };
        const auto header = [&](const std::string& text, std::size_t data) {
            return weights(safetensorsRaw(text.size(), text, std::string(data, '\0')));
        };
        QTest::newRow("missing folder")
            << "absent" << Spoil([](const QString& folder) { QDir(folder).removeRecursively(); })
            << QStringList{"absent"};
        QTest::newRow("no config") << "no-config" << Spoil([](const QString& folder) {
            QFile::remove(folder + "/config.json");
        }) << QStringList{"config.json"};
        QTest::newRow("no weights") << "no-weights" << Spoil([](const QString& folder) {
            QFile::remove(folder + "/model.safetensors");
        }) << QStringList{"safetensors"};
        QTest::newRow("lfs pointer")
            << "pointer" << weights("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n")
            << QStringList{"Git LFS"};
        QTest::newRow("truncated") << "truncated" << Spoil([](const QString& folder) {
            QFile file(folder + "/model.safetensors");
            file.resize(file.size() - 100);
        }) << QStringList{"model.safetensors"};
        QTest::newRow("overlapping")
            << "overlap"
            << header(
                   R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
                   12)
            << QStringList{"b"};
        QTest::newRow("overflowing shape")
            << "overflow"
            << header(
                   R"({"a":{"dtype":"F32","shape":[4194305,4194305,211106198978564],"data_offsets":[0,16]}})",
                   16)
            << QStringList{"a"};
        QTest::newRow("header of 100 MB and one")
            << "huge-header" << weights(safetensorsRaw(100000001, "{}", "")) << QStringList{"header"};
        QTest::newRow("header longer than the file")
            << "long-header" << weights(safetensorsRaw(1U << 20U, "{}", "")) << QStringList{"header"};
        QTest::newRow("missing tensor") << "missing-tensor" << Spoil([](const QString& folder) {
            auto tensors = gpt2Tensors(1, 2, 16, 20);
            std::erase_if(tensors, [](const auto& tensor) { return tensor.name == "h.0.mlp.c_fc.bias"; });
            writeBytes(folder + "/model.safetensors", safetensorsBytes(tensors));
        }) << QStringList{"h.0.mlp.c_fc.bias"};
        QTest::newRow("mis-shaped tensor") << "mis-shaped" << Spoil([](const QString& folder) {
            auto tensors = gpt2Tensors(1, 2, 16, 20);
            for (auto& tensor : tensors)
                if (tensor.name == "h.0.attn.c_proj.weight") tensor.shape = {8, 32};
            writeBytes(folder + "/model.safetensors", safetensorsBytes(tensors));
        }) << QStringList{"h.0.attn.c_proj.weight", "(8, 32)", "(16, 16)"};
        QTest::newRow("unknown model_type") << "unknown-type" << Spoil([](const QString& folder) {
            writeBytes(folder + "/config.json", R"({"model_type": "mamba"})");
        }) << QStringList{"mamba", "gpt2"};
        QTest::newRow("config is no JSON") << "bad-config" << Spoil([](const QString& folder) {
            writeBytes(folder + "/config.json", "{\"model_type\": ");
        }) << QStringList{"config.json"};
        QTest::newRow("heads do not divide the width") << "bad-heads" << Spoil([](const QString& folder) {
            writeBytes(
                folder + "/config.json",
                R"({"model_type":"gpt2","n_layer":1,"n_head":3,"n_embd":16,"n_positions":16,"vocab_size":20})");
        }) << QStringList{"n_head"};
        QTest::newRow("a billion layers") << "many-layers" << Spoil([](const QString& folder) {
            writeBytes(
                folder + "/config.json",
                R"({"model_type":"gpt2","n_layer":1000000000,"n_head":2,"n_embd":16,"n_positions":16,"vocab_size":20})");
        }) << QStringList{"n_layer"};
    }
    void foldersAndWeights() {
        using Spoil = std::function<void(const QString&)>;
        QFETCH(QString, name);
        QFETCH(Spoil, spoil);
        QFETCH(QStringList, words);
#if !ATTNVIZ_WITH_TORCH
        QSKIP("this build runs no models");
#endif
        refuses(exportOf(model(name, spoil)), words);
    }

    void idsAndLengths() {
#if !ATTNVIZ_WITH_TORCH
        QSKIP("this build runs no models");
#endif
        const auto folder = model("whole", [](const QString&) {});
        refuses(exportOf(folder, "1,2,20"), {"20"});
        refuses(exportOf(folder, "1,-1"), {"-1"});
        const QString seventeen = "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17";
        refuses(exportOf(folder, seventeen) + QStringList{"--max-length", "0"}, {"16"});
        refuses(exportOf(folder) + QStringList{"--attention-mask", "1,1"}, {"mask"});
        refuses(exportOf(folder) + QStringList{"--layers", "1"}, {"--layers", "0 to 0"});
        refuses(exportOf(folder) + QStringList{"--heads", "2"}, {"--heads", "0 to 1"});
        refuses(exportOf(folder) + QStringList{"--layer", "-2"}, {"--layer:", "layer -2"});
        refuses(exportOf(folder) + QStringList{"--head", "2"}, {"--head:", "head 2"});
        // Beyond the position table a text is cut, with a notice.
        auto arguments = exportOf(folder, seventeen);
        arguments.removeLast();
        const auto cut = runProgram(arguments);
        QCOMPARE(cut.code, 0);
        QVERIFY2(cut.err.contains("16"), cut.err.toUtf8());
        QFile::remove(path("out.npz"));
    }

    void texts() {
        const QStringList stats{"stats", "--quiet", "--text-file"};
        writeBytes(path("empty.txt"), "");
        refuses(stats + QStringList{path("empty.txt")}, {"empty"});
        writeBytes(path("latin1.txt"), "caf\xe9 noir");
        refuses(stats + QStringList{path("latin1.txt")}, {"UTF-8"});
        refuses(stats + QStringList{path("absent.txt")}, {"absent.txt"});
        refuses(stats + QStringList{m_folder.path()}, {"folder"});
        refuses({"stats", "--text", ""}, {"empty"});
        ProgramSetting piped;
        piped.input = "caf\xe9 noir";
        refuses({"stats", "--text", "-"}, {"standard input", "UTF-8"}, piped);
        piped.input.clear();
        refuses({"stats", "--text", "-"}, {"standard input", "empty"}, piped);
        // What the shell handed over, byte by byte.
        ProgramSetting typed;
        typed.wrapper = "set -- \"${@:1:2}\" $'caf\\xe9'";
        refuses({"stats", "--text"}, {"--text", "UTF-8"}, typed);
    }

    void aTextLongerThanThePositionTable() {
#if !ATTNVIZ_WITH_TORCH
        QSKIP("this build runs no models");
#endif
        // The sample model has 1,024 positions.
        const QStringList stats{"stats",   "--text", QString("word ").repeated(1500), "--layers", "0",
                                "--heads", "0"};
        refuses(stats + QStringList{"--max-length", "0"}, {"1024"});
        const auto cut = runProgram(stats);
        QVERIFY2(cut.code == 0 && cut.err.contains("1024"), cut.err.toUtf8());
        QVERIFY(cut.out.contains("1024 tokens"));
    }

    void sessions_data() {
        QTest::addColumn<QByteArray>("document");
        QTest::addColumn<QStringList>("words");
        const QByteArray head =
            R"({"text":"a b","tokens":["a","b"],"num_layers":1,"num_heads":1,"sequence_length":2,)";
        QTest::newRow("NaN") << head + R"("attention_weights":[[[[NaN,0],[0.5,0.5]]]]})" << QStringList{};
        QTest::newRow("infinite") << head + R"("attention_weights":[[[[1e999,0],[0.5,0.5]]]]})"
                                  << QStringList{};
        QTest::newRow("wrong shape") << head + R"("attention_weights":[[[[1,0],[0.5]]]]})" << QStringList{};
        QTest::newRow("wrong layers") << QByteArray(head).replace("\"num_layers\":1", "\"num_layers\":3") +
                                             R"("attention_weights":[[[[1,0],[0.5,0.5]]]]})"
                                      << QStringList{"3", "1"};
        QTest::newRow("larger version")
            << QByteArray(
                   R"({"format":"attention-viz session","version":99,"tokens":["a"],"attention_weights":[[[[1]]]]})")
            << QStringList{"99", "1"};
        QTest::newRow("a million brackets") << QByteArray(1000000, '[') << QStringList{};
        QTest::newRow("empty") << QByteArray() << QStringList{};
        QTest::newRow("no JSON") << QByteArray("hello") << QStringList{};
        QTest::newRow("trailing text")
            << head + R"("attention_weights":[[[[1,0],[0.5,0.5]]]]} x)" << QStringList{};
        QTest::newRow("key twice") << head + R"("text":"c","attention_weights":[[[[1,0],[0.5,0.5]]]]})"
                                   << QStringList{"text"};
    }
    void sessions() {
        QFETCH(QByteArray, document);
        QFETCH(QStringList, words);
        writeBytes(path("bad.json"), document.toStdString());
        refuses({"stats", "--session", path("bad.json"), "--quiet"}, QStringList{"bad.json"} + words);
    }

    void arraysThatAreNoAttention() {
        const auto array = [](const std::string& numbers, const std::string& shape) {
            std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }";
            header.append(118 - header.size() - 1, ' ');
            return std::string("\x93NUMPY\x01\x00", 8) + std::string("\x76\x00", 2) + header + "\n" + numbers;
        };
        const auto bytes = [](std::initializer_list<float> values) {
            return std::string(reinterpret_cast<const char*>(std::data(values)),
                               values.size() * sizeof(float));
        };
        const float nan = std::numeric_limits<float>::quiet_NaN();
        const auto stats = [&](const std::string& file) {
            writeBytes(path("bad.npy"), file);
            return QStringList{"stats", "--session", path("bad.npy"), "--quiet"};
        };
        refuses(stats(array(bytes({1, 0, nan, 0.5F}), "(2, 2)")), {"bad.npy"});
        refuses(stats(array(bytes({1, 0, std::numeric_limits<float>::infinity(), 0.5F}), "(2, 2)")),
                {"bad.npy"});
        refuses(stats(array(bytes({1, 0, 0.5F}), "(2, 2)")), {"bad.npy"});
        refuses(stats(array(bytes({1, 0, 0.5F, 0.5F}), "(4194305, 4194305, 211106198978564)")), {"bad.npy"});
        refuses(stats(array(bytes({1, 0, 0.5F, 0.5F}), "(2, 2)").substr(0, 60)), {"bad.npy"});
    }

    void outputsThatCannotBeWritten() {
        writeBytes(path("good.json"),
                   R"({"text":"a b","tokens":["a","b"],"num_layers":1,"num_heads":1,"sequence_length":2,)"
                   R"("attention_weights":[[[[1,0],[0.5,0.5]]]]})");
        const QStringList base{"export", "--session", path("good.json"), "--quiet", "--output"};
        refuses(base + QStringList{path("no/such/out.npz")}, {"does not exist"});
        refuses(base + QStringList{m_folder.path() + "/"}, {"folder"});
        refuses(base + QStringList{path("out.xyz")}, {".npz"});
        refuses({"stats", "--session", path("good.json"), "--quiet", "--output", path("out.npz")},
                {"stats", ".csv"});
        refuses(base + QStringList{"/proc/out.npz"}, {"/proc"});
        refuses({"stats", "--session", path("good.json"), "--quiet", "--output", "/dev/full"}, {"space"});
        // A limit on file sizes ends the writing as a full disk would: what was there before stays.
        writeBytes(path("large.csv"), "precious");
        ProgramSetting limited;
        limited.wrapper = "ulimit -f 0";
        refuses({"export", "--session", path("good.json"), "--quiet", "--output", path("large.csv")},
                {"large.csv"}, limited);
        QCOMPARE(readBytes(path("large.csv")), QByteArray("precious"));
    }

    // A disk that fills up at the first byte or later, for every format.
    void disksThatFillUp_data() {
        QTest::addColumn<QString>("suffix");
        QStringList suffixes{"json", "json.gz", "npz", "csv", "html", "md"};
#if ATTNVIZ_WITH_GUI
        suffixes << "png"
                 << "svg"
                 << "pdf";
#endif
        for (const auto& suffix : suffixes) QTest::newRow(qPrintable(suffix)) << suffix;
    }
    void disksThatFillUp() {
        QFETCH(QString, suffix);
        // 64 tokens that compress badly: every format takes more than the largest limit.
        std::string weights;
        std::uint32_t state = 1;
        for (int query = 0; query < 64; ++query) {
            std::vector<double> row;
            double sum = 0;
            for (int key = 0; key < 64; ++key) {
                state = state * 1664525U + 1013904223U;
                row.push_back(static_cast<double>(state >> 8U));
                sum += row.back();
            }
            weights += query ? ",[" : "[";
            for (int key = 0; key < 64; ++key)
                weights += (key ? "," : "") + std::to_string(row[static_cast<std::size_t>(key)] / sum);
            weights += "]";
        }
        writeBytes(path("random.json"), "[[[" + weights + "]]]");
        const auto out = path("full." + suffix);
        writeBytes(out, "precious");
        for (const auto* blocks : {"0", "1"}) {
            ProgramSetting limited;
            limited.wrapper = QString("ulimit -f %1").arg(blocks);
            refuses({"export", "--session", path("random.json"), "--quiet", "--output", out},
                    {"full." + suffix, "too large", "nothing was changed"}, limited);
            if (QTest::currentTestFailed()) return;
            QCOMPARE(readBytes(out), QByteArray("precious"));
        }
    }

    void aFolderThatIsNotWritable() {
        if (::geteuid() == 0) QSKIP("root may write anywhere");
        const auto folder = path("locked");
        QDir().mkpath(folder);
        writeBytes(path("good.json"), R"({"tokens":["a","b"],"attention":[[1,0],[0.5,0.5]]})");
        QFile::setPermissions(folder, QFileDevice::ReadOwner | QFileDevice::ExeOwner);
        refuses({"export", "--session", path("good.json"), "--quiet", "--output", folder + "/out.npz"},
                {"locked", "not writable"});
        QFile::setPermissions(folder,
                              QFileDevice::ReadOwner | QFileDevice::WriteOwner | QFileDevice::ExeOwner);
    }

    void aConfigurationThatIsWrongNamesTheLine() {
        writeBytes(path("config.yaml"), "visualization:\n  dip: 300\n");
        refuses({"doctor", "--config", path("config.yaml")}, {"line 2", "dip", "dpi"});
    }
};

QTEST_GUILESS_MAIN(BadInputTest)
#include "bad_input_test.moc"
