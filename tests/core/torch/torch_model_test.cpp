// What a model refuses, how it stops, how it keeps what it found, and the real checkpoints that are small
// enough.
#include <QtTest>
#include <chrono>
#include <cmath>
#include <numeric>

#include "core/base/json_parse.h"
#include "core/model/engine_loader.h"
#include "tests/support/model_files.h"
#include "tests/support/shared_data.h"

using namespace attnviz;
using namespace attnviz::test;

class TorchModelTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;

    static Result<std::shared_ptr<Model>> load(const QString& folder) {
        auto files = findModelFolder(folder.toStdString());
        if (!files) return files.error();
        return (*loadEngine())->load({*files, {DeviceKind::cpu, 0}, ComputeType::automatic, 0}, {}, {});
    }
    std::shared_ptr<Model> made(int layers = 2, int heads = 2, int positions = 64, int vocabulary = 50) {
        const auto folder =
            m_folder.path() + "/gpt2-" + QString::number(layers) + "-" + QString::number(positions);
        makeGpt2Folder(folder, layers, heads, positions, vocabulary);
        auto model = load(folder);
        return model ? *model : nullptr;
    }
    static ModelInput tokens(int count, int vocabulary = 50) {
        ModelInput input;
        for (int i = 0; i < count; ++i) input.ids.push_back((i * 7 + 3) % vocabulary);
        return input;
    }
    static double largestDifference(const AttentionSource& a, const AttentionSource& b) {
        std::vector<float> left(static_cast<std::size_t>(a.info().keys)), right(left.size());
        double worst = 0;
        for (int layer = 0; layer < a.info().layers; ++layer)
            for (int head = 0; head < a.info().heads; ++head)
                for (int query = 0; query < a.info().queries; ++query) {
                    a.row({layer, head}, query, left);
                    b.row({layer, head}, query, right);
                    for (std::size_t key = 0; key < left.size(); ++key)
                        worst = std::max(worst, static_cast<double>(std::fabs(left[key] - right[key])));
                }
        return worst;
    }

 private slots:
    void initTestCase() {
        const auto engine = loadEngine();
        QVERIFY2(engine.ok(), engine.ok() ? "" : engine.error().sentence().c_str());
    }

    void wrongInputIsRefusedWithASentence() {
        const auto model = made();
        QVERIFY(model);
        const auto refused = [&](const ModelInput& input, const char* word, RunOptions options = {}) {
            const auto output = model->run(input, options, {}, {});
            return !output.ok() && output.error().sentence().find(word) != std::string::npos;
        };
        ModelInput outside = tokens(3);
        outside.ids[1] = 50;
        QVERIFY(refused(outside, "id 50"));
        outside.ids[1] = -1;
        QVERIFY(refused(outside, "id -1"));
        QVERIFY(refused(tokens(65), "64 positions"));
        QVERIFY(refused({}, "no token"));
        ModelInput mask = tokens(3);
        mask.attentionMask = {1, 1};
        QVERIFY(refused(mask, "mask"));
        mask.attentionMask = {1, 1, 2};
        QVERIFY(refused(mask, "mask"));
        ModelInput target = tokens(3);
        target.targetIds = {1};
        QVERIFY(refused(target, "decoder"));
        RunOptions position;
        position.predictAt = {3};
        QVERIFY(refused(tokens(3), "position 3", position));
    }

    void denseAndFactoredAgree() {
        const auto model = made();
        QVERIFY(model);
        RunOptions dense, factored, half;
        dense.storage = StorageForm::dense;
        factored.storage = StorageForm::factored;
        half.storage = StorageForm::dense;
        half.precision = Precision::float16;
        const auto a = model->run(tokens(40), dense, {}, {});
        const auto b = model->run(tokens(40), factored, {}, {});
        const auto c = model->run(tokens(40), half, {}, {});
        QVERIFY(a.ok() && b.ok() && c.ok());
        QVERIFY(largestDifference(*a->sources.front(), *b->sources.front()) <= 2e-6);
        QVERIFY(largestDifference(*a->sources.front(), *c->sources.front()) <= 2.5e-4);
        QVERIFY(c->sources.front()->info().keptBytes * 2 == a->sources.front()->info().keptBytes);
        const auto& left = a->sources.front()->summary({1, 1});
        const auto& right = b->sources.front()->summary({1, 1});
        QVERIFY(std::fabs(left.rowEntropy - right.rowEntropy) < 1e-6);
        QCOMPARE(left.incoming.size(), std::size_t{40});
    }

    void aMaskHidesKeysAndOnlyKeys() {
        const auto model = made();
        QVERIFY(model);
        ModelInput input = tokens(6);
        input.attentionMask = {1, 1, 0, 1, 1, 0};
        for (const auto form : {StorageForm::dense, StorageForm::factored}) {
            RunOptions options;
            options.storage = form;
            const auto output = model->run(input, options, {}, {});
            QVERIFY(output.ok());
            std::vector<float> row(6);
            for (int query = 0; query < 6; ++query) {
                output->sources.front()->row({0, 1}, query, row);
                QCOMPARE(row[2], 0.0F);
                QCOMPARE(row[5], 0.0F);
                double sum = 0;
                for (const float weight : row) sum += weight;
                QVERIFY(std::fabs(sum - 1) < 1e-6);
            }
        }
    }

    void layersArriveOneByOneAndShareTheirBlocks() {
        const auto model = made(3);
        QVERIFY(model);
        std::vector<int> ready;
        std::shared_ptr<const AttentionSource> first;
        RunListener listener;
        listener.layerReady = [&](const LayerReady& layer) {
            ready.push_back(layer.sources.front()->layersReady());
            if (!first) first = layer.sources.front();
        };
        const auto output = model->run(tokens(10), {}, listener, {});
        QVERIFY(output.ok());
        QCOMPARE(ready, (std::vector<int>{1, 2, 3}));
        QCOMPARE(first->layersReady(), 1);
        QCOMPARE(first->info().layers, 3);
        QCOMPARE(&first->overview({0, 0}), &output->sources.front()->overview({0, 0}));
    }

    void aStopEndsTheRunWithinOneLayer() {
        const auto model = made(6);
        QVERIFY(model);
        std::stop_source stop;
        int layers = 0;
        RunListener listener;
        listener.layerReady = [&](const LayerReady&) {
            if (++layers == 2) stop.request_stop();
        };
        const auto output = model->run(tokens(20), {}, listener, stop.get_token());
        QVERIFY(!output.ok());
        QCOMPARE(output.error().kind, ErrorKind::cancelled);
        QCOMPARE(layers, 2);
        QVERIFY(model->run(tokens(20), {}, {}, {}).ok());
    }

    void whatDoesNotFitIsRefusedBeforeItStarts() {
        const auto model = made();
        QVERIFY(model);
        qputenv("ATTNVIZ_AVAILABLE_MEMORY", "20000");
        const auto plan = model->estimate(tokens(60), {});
        const auto output = model->run(tokens(60), {}, {}, {});
        qunsetenv("ATTNVIZ_AVAILABLE_MEMORY");
        QVERIFY(!plan.fits);
        QVERIFY(!output.ok());
        QCOMPARE(output.error().kind, ErrorKind::outOfMemory);
        QVERIFY(output.error().sentence().find("--storage factored") != std::string::npos);
        // A quarter of the memory decides between maps and what they are made of.
        RunOptions options;
        const auto needed = model->estimate(tokens(60), options).keptBytes;
        qputenv("ATTNVIZ_AVAILABLE_MEMORY", QByteArray::number(static_cast<qlonglong>(needed * 4 + 400000)));
        QCOMPARE(model->estimate(tokens(60), options).form, StorageForm::dense);
        qputenv("ATTNVIZ_AVAILABLE_MEMORY", QByteArray::number(static_cast<qlonglong>(needed * 3)));
        QCOMPARE(model->estimate(tokens(60), options).form, StorageForm::factored);
        qunsetenv("ATTNVIZ_AVAILABLE_MEMORY");
    }

    void predictionsAreTheLikeliestTokens() {
        const auto model = made();
        QVERIFY(model);
        RunOptions options;
        options.allLogits = true;
        options.predictAt = {-1, 0};
        options.predictions = 3;
        const auto output = model->run(tokens(5), options, {}, {});
        QVERIFY(output.ok());
        QCOMPARE(output->predictions.size(), std::size_t{2});
        QCOMPARE(output->predictions[0].position, 4);
        QCOMPARE(output->predictions[1].position, 0);
        const auto& logits = *output->logits;
        const auto last = logits.values.begin() + 4 * logits.columns;
        const auto best = std::max_element(last, last + logits.columns) - last;
        QCOMPARE(output->predictions[0].top.front().id, static_cast<std::int64_t>(best));
        QCOMPARE(output->predictions[0].top.size(), std::size_t{3});
        QVERIFY(output->predictions[0].top[0].probability >= output->predictions[0].top[1].probability);
    }

    // In several batches, the last of them not full, after all layers have been announced.
    void everyPositionOfALongTextIsPredicted() {
        constexpr int kTokens = 4096, kVocabulary = 9000;
        const auto model = made(1, 2, kTokens, kVocabulary);
        QVERIFY(model);
        RunOptions options;
        options.storage = StorageForm::factored;
        options.allLogits = true;
        options.predictions = 2;
        options.predictAt.resize(kTokens);
        std::iota(options.predictAt.begin(), options.predictAt.end(), 0);
        int layers = 0, layersBefore = -1, batches = 0;
        RunListener listener;
        listener.layerReady = [&](const LayerReady&) { ++layers; };
        listener.progress = [&](const Progress& progress) {
            if (!progress.what.starts_with("Predicting at ")) return;
            if (++batches == 1) layersBefore = layers;
        };
        const auto output = model->run(tokens(kTokens, kVocabulary), options, listener, {});
        QVERIFY2(output.ok(), output.ok() ? "" : output.error().sentence().c_str());
        QCOMPARE(layersBefore, 1);
        QCOMPARE(batches, 5);
        QCOMPARE(output->predictions.size(), std::size_t{kTokens});
        const auto& logits = *output->logits;
        for (int position = 0; position < kTokens; ++position) {
            const auto& prediction = output->predictions[static_cast<std::size_t>(position)];
            QCOMPARE(prediction.position, position);
            const auto row = logits.values.begin() + position * logits.columns, end = row + logits.columns;
            const float most = *std::max_element(row, end);
            QVERIFY(std::fabs(row[prediction.top[0].id] - most) <= 1e-4F);
            double sum = 0;
            for (auto logit = row; logit != end; ++logit) sum += std::exp(static_cast<double>(*logit - most));
            QVERIFY(std::fabs(prediction.top[0].probability * sum - 1) <= 1e-4);
        }

        std::stop_source stop;
        batches = 0;
        listener.progress = [&](const Progress& progress) {
            if (progress.what.starts_with("Predicting at ") && ++batches == 2) stop.request_stop();
        };
        options.allLogits = false;
        const auto stopped = model->run(tokens(kTokens, kVocabulary), options, listener, stop.get_token());
        QVERIFY(!stopped.ok());
        QCOMPARE(stopped.error().kind, ErrorKind::cancelled);
        QCOMPARE(batches, 2);
    }

    void unknownDevicesAreRefused() {
        const auto folder = m_folder.path() + "/device";
        makeGpt2Folder(folder, 1, 1, 8, 10);
        const auto files = findModelFolder(folder.toStdString());
        QVERIFY(files.ok());
        const auto mps =
            (*loadEngine())->load({*files, {DeviceKind::mps, 0}, ComputeType::automatic, 0}, {}, {});
        QVERIFY(!mps.ok() && mps.error().sentence().find("cpu") != std::string::npos);
        const auto half =
            (*loadEngine())->load({*files, {DeviceKind::cpu, 0}, ComputeType::float16, 0}, {}, {});
        QVERIFY(!half.ok() && half.error().sentence().find("float32") != std::string::npos);
    }

    void realCheckpointsAgree_data() {
        QTest::addColumn<QString>("folder");
        QTest::addColumn<QString>("expected");
        QTest::newRow("gpt2-capp") << "gpt2-capp"
                                   << "gpt2-capp.json";
        QTest::newRow("gpt2-sort") << "gpt2-sort-HF-CONVERTED"
                                   << "gpt2-sort.json";
        QTest::newRow("llama-stories") << "llama-stories260K-HF-CONVERTED"
                                       << "llama-stories260K.json";
        QTest::newRow("albert-rxnmapper") << "albert-rxnmapper"
                                          << "albert-rxnmapper.json";
    }
    void realCheckpointsAgree() {
        ATTNVIZ_NEED_SHARED("data/checkpoints/reference");
        QFETCH(QString, folder);
        QFETCH(QString, expected);
        const auto root = sharedDir() / "data/checkpoints";
        auto model = load(QString::fromStdString((root / folder.toStdString()).string()));
        QVERIFY2(model.ok(), model.ok() ? "" : model.error().sentence().c_str());
        const auto json = readJsonFile(root / "reference" / expected.toStdString());
        QVERIFY(json.ok());
        const auto& records = json->isArray() ? json->items() : JsonValue::Array{*json};
        QVERIFY(!records.empty());
        for (const auto& record : records) {
            ModelInput input;
            for (const auto& id : record["input_ids"].items()) input.ids.push_back(id.integerOr(-1));
            const auto output = (*model)->run(input, {}, {}, {});
            QVERIFY2(output.ok(), output.ok() ? "" : output.error().sentence().c_str());
            const auto& source = *output->sources.front();
            std::vector<float> row(static_cast<std::size_t>(source.info().keys));
            double worst = 0;
            const auto& layers = record["attentions"].items();
            QCOMPARE(layers.size(), static_cast<std::size_t>(source.info().layers));
            for (std::size_t layer = 0; layer < layers.size(); ++layer)
                for (std::size_t head = 0; head < layers[layer].items().size(); ++head)
                    for (std::size_t query = 0; query < row.size(); ++query) {
                        source.row({static_cast<int>(layer), static_cast<int>(head)}, static_cast<int>(query),
                                   row);
                        const auto& values = layers[layer].items()[head].items()[query].items();
                        for (std::size_t key = 0; key < row.size(); ++key)
                            worst = std::max(
                                worst, std::fabs(values[key].numberOr(9) - static_cast<double>(row[key])));
                    }
            QVERIFY2(worst <= 1e-5, qPrintable(folder + ": attention differs by " + QString::number(worst)));
        }
    }
};

QTEST_GUILESS_MAIN(TorchModelTest)
#include "torch_model_test.moc"
