// Every tiny checkpoint of a known family, found on the disk, against what the reference implementation
// computed from it: attention within 1e-5, logits and hidden states within 1e-4, in the dense and in the
// factored form.
#include <QtTest>
#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/base/json_parse.h"
#include "core/model/engine_loader.h"
#include "core/model/model_config.h"
#include "tests/core/torch/expected_run.h"
#include "tests/support/shared_data.h"

using namespace attnviz;
using namespace attnviz::test;
namespace fs = std::filesystem;

class ReferenceTest : public QObject {
    Q_OBJECT

    static bool known(const fs::path& folder) {
        const auto config = ModelConfig::read(folder / "config.json");
        if (!config) return false;
        const auto families = (*loadEngine())->describe().families;
        return std::any_of(families.begin(), families.end(),
                           [&](const FamilyInfo& family) { return family.modelType == config->modelType(); });
    }

    static std::vector<fs::path> cases() {
        std::vector<fs::path> found;
        for (const auto& root : {sourceDir() / "tests/reference", sharedDir() / "reference"}) {
            if (!fs::exists(root)) continue;
            for (const auto& entry : fs::directory_iterator(root))
                if (fs::exists(entry.path() / "expected.safetensors") && known(entry.path()))
                    found.push_back(entry.path());
        }
        std::sort(found.begin(), found.end());
        return found;
    }

    static void compareCase(const fs::path& folder, StorageForm form) {
        const auto files = findModelFolder(folder.string());
        QVERIFY2(files.ok(), files.ok() ? "" : files.error().sentence().c_str());
        const auto expected = Checkpoint::openFile(folder / "expected.safetensors");
        QVERIFY2(expected.ok(), expected.ok() ? "" : expected.error().sentence().c_str());
        auto model = (*loadEngine())->load({*files, {DeviceKind::cpu, 0}, ComputeType::automatic, 0}, {}, {});
        QVERIFY2(model.ok(), model.ok() ? "" : model.error().sentence().c_str());
        const auto runs = expectedRuns(*expected);
        QVERIFY(!runs.empty());
        for (const auto& run : runs) {
            RunOptions options;
            options.storage = form;
            options.allLogits = options.hiddenStates = true;
            const auto output = (*model)->run(run.input, options, {}, {});
            QVERIFY2(output.ok(), output.ok() ? "" : output.error().sentence().c_str());
            const auto wrong = firstDifference(*expected, run, *output);
            QVERIFY2(wrong.empty(), wrong.c_str());
        }
    }

 private slots:
    void initTestCase() {
        const auto engine = loadEngine();
        QVERIFY2(engine.ok(), engine.ok() ? "" : engine.error().sentence().c_str());
        QVERIFY2(!cases().empty(), "tests/reference holds no case");
    }

    void equalsTheReference_data() {
        QTest::addColumn<QString>("folder");
        QTest::addColumn<int>("form");
        for (const auto& folder : cases()) {
            const auto name =
                folder.parent_path().parent_path().filename().string() + "/" + folder.filename().string();
            QTest::newRow((name + " dense").c_str())
                << QString::fromStdString(folder.string()) << static_cast<int>(StorageForm::dense);
            QTest::newRow((name + " factored").c_str())
                << QString::fromStdString(folder.string()) << static_cast<int>(StorageForm::factored);
        }
    }
    void equalsTheReference() {
        QFETCH(QString, folder);
        QFETCH(int, form);
        compareCase(folder.toStdString(), static_cast<StorageForm>(form));
    }

    // The obvious kernel, which other devices use, is the quick one's oracle.
    void thePlainKernelEqualsTheReference_data() { equalsTheReference_data(); }
    void thePlainKernelEqualsTheReference() {
        QFETCH(QString, folder);
        QFETCH(int, form);
        qputenv("ATTNVIZ_PLAIN_KERNEL", "1");
        compareCase(folder.toStdString(), static_cast<StorageForm>(form));
        qunsetenv("ATTNVIZ_PLAIN_KERNEL");
    }

    void theSampleModelGivesItsExpectedValues() {
        const auto folder = sourceDir() / "resources/sample-model";
        const auto files = findModelFolder(folder.string());
        QVERIFY(files.ok());
        const auto expected = Checkpoint::openFile(folder / "expected.safetensors");
        QVERIFY(expected.ok());
        const auto json = readJsonFile(folder / "expected.json");
        QVERIFY(json.ok());
        auto model = (*loadEngine())->load({*files, {DeviceKind::cpu, 0}, ComputeType::automatic, 0}, {}, {});
        QVERIFY(model.ok());
        int compared = 0;
        for (const auto& [name, tensor] : expected->tensors()) {
            if (!name.ends_with("attentions")) continue;
            const auto stem = name.substr(0, name.size() - std::string("attentions").size());
            const auto* ids = expected->find(stem + "input_ids");
            QVERIFY2(ids, name.c_str());
            ModelInput input;
            input.ids.resize(static_cast<std::size_t>(ids->elements()));
            std::memcpy(input.ids.data(), ids->bytes.data(), ids->bytes.size());
            const auto output = (*model)->run(input, {}, {}, {});
            QVERIFY(output.ok());
            const auto values = floatsOf(tensor);
            const auto& source = *output->sources.front();
            const int n = source.info().keys;
            std::vector<float> row(static_cast<std::size_t>(n));
            std::size_t at = 0;
            double worst = 0;
            for (int layer = 0; layer < source.info().layers; ++layer)
                for (int head = 0; head < source.info().heads; ++head)
                    for (int query = 0; query < n; ++query) {
                        source.row({layer, head}, query, row);
                        for (const float weight : row)
                            worst = std::max(worst, static_cast<double>(std::fabs(weight - values[at++])));
                    }
            QVERIFY2(worst <= kAttentionTolerance, (name + ": " + std::to_string(worst)).c_str());
            ++compared;
        }
        QVERIFY(compared >= 2);
    }
};

QTEST_GUILESS_MAIN(ReferenceTest)
#include "reference_test.moc"
