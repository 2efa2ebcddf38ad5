#include "core/config/configuration.h"

#include <QtTest>
#include <cstdlib>
#include <fstream>

using namespace attnviz;

class ConfigurationTest : public QObject {
    Q_OBJECT

 private slots:
    void everyKeyIsRead() {
        const auto read = parseConfiguration(R"(
visualization: {default_colormap: magma, figure_size: [6, 4.5], dpi: 150, interactive: false, save_format: pdf}
export: {default_format: npz, include_metadata: false, compression: true}
model: {max_length: 128, batch_size: 4, device: "cuda:1", cache_attention: false}
)",
                                             "c.yaml");
        QVERIFY2(read.ok(), read.ok() ? "" : read.error().sentence().c_str());
        QCOMPARE(read->visualization.defaultColormap, "magma");
        QCOMPARE(read->visualization.widthInches, 6.0);
        QCOMPARE(read->visualization.heightInches, 4.5);
        QCOMPARE(read->visualization.dpi, 150);
        QVERIFY(!read->visualization.interactive);
        QCOMPARE(read->visualization.saveFormat, "pdf");
        QCOMPARE(read->exporting.defaultFormat, "npz");
        QVERIFY(!read->exporting.includeMetadata);
        QVERIFY(read->exporting.compression);
        QCOMPARE(read->model.maxLength, std::optional<int>(128));
        QCOMPARE(read->model.batchSize, 4);
        QCOMPARE(read->model.device, "cuda:1");
        QVERIFY(!read->model.cacheAttention);
    }

    void anEmptyFileGivesTheDefaults() {
        const auto read = parseConfiguration("# nothing but a comment\n", "c.yaml");
        QVERIFY(read.ok());
        QCOMPARE(read->visualization.dpi, 300);
        QVERIFY(!read->model.maxLength.has_value());
    }

    void wrongInputNamesLineKeyAndWhatIsAllowed_data() {
        QTest::addColumn<QString>("yaml");
        QTest::addColumn<QStringList>("words");
        QTest::newRow("unknown key") << "export:\n  compresion: true\n"
                                     << QStringList{"line 2", "export.compresion", "compression"};
        QTest::newRow("unknown section") << "exports: {}\n"
                                         << QStringList{"line 1", "exports", "visualization"};
        QTest::newRow("wrong type") << "visualization:\n\n  dpi: many\n"
                                    << QStringList{"line 3", "dpi", "from 20"};
        QTest::newRow("quoted number") << "visualization: {dpi: '300'}\n" << QStringList{"dpi", "from 20"};
        QTest::newRow("quoted flag") << "visualization: {interactive: \"true\"}\n"
                                     << QStringList{"interactive", "true or false"};
        QTest::newRow("number for a choice") << "visualization: {save_format: 3}\n"
                                             << QStringList{"png, svg"};
        QTest::newRow("out of range") << "visualization: {dpi: 1000000}\n" << QStringList{"dpi", "2400"};
        QTest::newRow("not a choice") << "visualization: {default_colormap: jet}\n" << QStringList{"viridis"};
        QTest::newRow("figure size") << "visualization: {figure_size: [12]}\n"
                                     << QStringList{"[width, height]"};
        QTest::newRow("nan") << "visualization: {figure_size: [.nan, 4]}\n" << QStringList{"figure_size"};
        QTest::newRow("device") << "model: {device: tpu}\n" << QStringList{"cuda"};
        QTest::newRow("negative length") << "model: {max_length: -1}\n" << QStringList{"max_length", "auto"};
        QTest::newRow("twice") << "model: {device: cpu, device: cuda}\n" << QStringList{"twice"};
        QTest::newRow("list") << "- a\n- b\n" << QStringList{"sections"};
        QTest::newRow("no yaml") << "model: [1, 2\nx: }\n" << QStringList{"no valid YAML", "line"};
        QTest::newRow("scalar section") << "model: 3\n" << QStringList{"model", "max_length"};
    }
    void wrongInputNamesLineKeyAndWhatIsAllowed() {
        QFETCH(QString, yaml);
        QFETCH(QStringList, words);
        const auto read = parseConfiguration(yaml.toStdString(), "c.yaml");
        QVERIFY(!read.ok());
        const auto sentence = QString::fromStdString(read.error().sentence());
        for (const auto& word : words) QVERIFY2(sentence.contains(word), qPrintable(sentence));
        QVERIFY2(sentence.contains("c.yaml"), qPrintable(sentence));
    }

    void invalidUtf8AndHugeFilesAreRefused() {
        QVERIFY(!parseConfiguration("model: {device: \"\xff\"}\n", "c.yaml").ok());
        QVERIFY(!parseConfiguration(std::string(2 << 20, '#'), "c.yaml").ok());
        QVERIFY(!parseConfiguration(std::string(100000, '['), "c.yaml").ok());
    }

    void theSearchPathIsFollowed() {
        QTemporaryDir folder;
        QVERIFY(folder.isValid());
        const auto home = folder.path().toStdString();
        std::filesystem::create_directories(home + "/attention-viz");
        std::ofstream(home + "/attention-viz/config.yaml") << "visualization: {dpi: 77}\n";
        qputenv("XDG_CONFIG_HOME", home.c_str());
        const auto previous = std::filesystem::current_path();
        std::filesystem::current_path(home);
        const auto fromHome = loadConfiguration({});
        std::ofstream("attention_viz_config.yaml") << "visualization: {dpi: 88}\n";
        const auto fromFolder = loadConfiguration({});
        const auto absent = loadConfiguration("absent.yaml");
        std::filesystem::current_path(previous);
        QVERIFY(fromHome.ok());
        QCOMPARE(fromHome->visualization.dpi, 77);
        QVERIFY(fromFolder.ok());
        QCOMPARE(fromFolder->visualization.dpi, 88);
        QVERIFY(!absent.ok());
    }
};

QTEST_GUILESS_MAIN(ConfigurationTest)
#include "configuration_test.moc"
