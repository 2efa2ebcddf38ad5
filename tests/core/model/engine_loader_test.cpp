#include "core/model/engine_loader.h"

#include <QTemporaryDir>
#include <QtTest>
#include <cstdlib>

#include "tests/support/safetensors_text.h"
#include "tests/support/toy_engine.h"

using namespace attnviz;

namespace {

QString refusal(const std::string& module) {
    ::setenv("ATTNVIZ_TORCH_MODULE", module.c_str(), 1);
    const auto engine = loadEngine();
    return engine ? QString() : QString::fromStdString(engine.error().sentence());
}

LoadRequest requestFor(const std::string& folder) {
    LoadRequest request;
    request.folder = *findModelFolder(folder);
    return request;
}

}  // namespace

// One process loads one engine, so what fails is tried before what works.
class EngineLoaderTest : public QObject {
    Q_OBJECT
    QTemporaryDir m_folder;

 private slots:
    void anAbsentModuleIsSaid() {
        const auto sentence = refusal("/nonexistent/libattnviz-torch.so");
        QVERIFY2(sentence.contains("this build has no LibTorch module"), qPrintable(sentence));
        QVERIFY2(sentence.contains("Saved sessions still open"), qPrintable(sentence));
        QVERIFY(!engineIsLoaded());
    }

    void withoutASettingItLiesBesideTheProgram() {
        ::unsetenv("ATTNVIZ_TORCH_MODULE");
        const auto path = engineModulePath();
        QVERIFY(path.is_absolute());
        QVERIFY(path.string().ends_with("/lib/attention-viz/libattnviz-torch.so"));
        ::setenv("ATTNVIZ_TORCH_MODULE", "module.so", 1);
        QVERIFY(engineModulePath().is_absolute());
    }

    void whatIsNoModuleIsRefusedHarmlessly() {
        const auto name = m_folder.path().toStdString() + "/bad\x1B]0;x.so";
        test::writeText(name, "no library");
        const auto sentence = refusal(name);
        QVERIFY2(sentence.contains("cannot be loaded"), qPrintable(sentence));
        QVERIFY(!sentence.contains('\x1B'));
        QVERIFY(!refusal(m_folder.path().toStdString()).isEmpty());
    }

    void anotherLibraryIsRefused() {
        const auto sentence = refusal(TOY_MODULES "/libattnviz-empty-module.so");
        QVERIFY2(sentence.contains("no module of Attention Viz"), qPrintable(sentence));
    }

    void aModuleOfAnotherVersionIsRefused() {
        const auto sentence = refusal(TOY_MODULES "/libattnviz-foreign-engine.so");
        QVERIFY2(sentence.contains("another version"), qPrintable(sentence));
        QVERIFY(!engineIsLoaded());
    }

    void theModuleIsLoadedOnceAndThreadsSleep() {
        ::unsetenv("OMP_WAIT_POLICY");
        ::setenv("ATTNVIZ_TORCH_MODULE", TOY_MODULES "/libattnviz-toy-engine.so", 1);
        const auto engine = loadEngine();
        QVERIFY2(engine.ok(), engine.ok() ? "" : engine.error().sentence().c_str());
        QVERIFY(engineIsLoaded());
        QCOMPARE((*engine)->describe().library, std::string("toy engine"));
        QCOMPARE(qgetenv("OMP_WAIT_POLICY"), QByteArray("passive"));
        ::setenv("ATTNVIZ_TORCH_MODULE", "/nonexistent", 1);
        QCOMPARE(*loadEngine(), *engine);
    }

    void aModelIsLoadedAndRunThroughTheModule() {
        const auto path = m_folder.path().toStdString() + "/toy";
        test::writeToyFolder(path, JsonValue::object({{"n_layer", 3}, {"n_head", 2}, {"n_positions", 16}}));
        const auto engine = loadEngine();
        QVERIFY(engine.ok());
        const auto model = (*engine)->load(requestFor(path), {}, {});
        QVERIFY2(model.ok(), model.ok() ? "" : model.error().sentence().c_str());
        QCOMPARE((*model)->info().layers, 3);
        QCOMPARE((*model)->info().positionLimit.value_or(0), 16);
        const auto output = (*model)->run(
            {.ids = {5, 6, 7}, .segmentIds = {}, .attentionMask = {}, .targetIds = {}}, {}, {}, {});
        QVERIFY(output.ok());
        QCOMPARE(output->sources.front()->info().queries, 3);
    }

    void aModelOfAnotherFamilyIsRefused() {
        const auto path = m_folder.path().toStdString() + "/gpt2";
        test::writeToyFolder(path, JsonValue::object());
        test::writeText(path + "/config.json", "{\"model_type\":\"gpt2\"}");
        const auto model = (*loadEngine())->load(requestFor(path), {}, {});
        QVERIFY(!model.ok());
        QCOMPARE(model.error().kind, ErrorKind::unsupported);
    }
};

QTEST_GUILESS_MAIN(EngineLoaderTest)
#include "engine_loader_test.moc"
