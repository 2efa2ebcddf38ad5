// Encoder-decoders: three kinds of attention that arrive layer by layer, what is refused, what is predicted,
// and the text that the model writes itself, against the reference implementation's greedy ids.
#include <QtTest>
#include <algorithm>
#include <cmath>

#include "core/base/atomic_file.h"
#include "core/base/json_parse.h"
#include "core/model/engine_loader.h"
#include "core/model/text_run.h"
#include "core/session/session.h"
#include "tests/support/shared_data.h"

using namespace attnviz;
using namespace attnviz::test;
namespace fs = std::filesystem;

class EncoderDecoderTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;

    static std::shared_ptr<Model> load(const fs::path& folder) {
        const auto files = findModelFolder(folder.string());
        if (!files) return nullptr;
        auto model = (*loadEngine())->load({*files, {DeviceKind::cpu, 0}, ComputeType::automatic, 0}, {}, {});
        return model ? *model : nullptr;
    }
    // Two encoder layers of four heads, three decoder layers of two, 32 positions, a vocabulary of 120.
    static std::shared_ptr<Model> uneven() { return load(sourceDir() / "tests/reference/bart-uneven"); }
    static ModelInput input() { return {{0, 5, 6, 7, 8, 2}, {}, {1, 1, 1, 1, 1, 0}, {2, 9, 10, 11}}; }

    static std::vector<std::int64_t> integers(const JsonValue& list) {
        std::vector<std::int64_t> values;
        for (const auto& item : list.items()) values.push_back(item.integerOr(-1));
        return values;
    }
    static double largestDifference(const AttentionSource& source, const JsonValue& layers) {
        double worst = 0;
        std::vector<float> row(static_cast<std::size_t>(source.info().keys));
        for (int layer = 0; layer < source.info().layers; ++layer)
            for (int head = 0; head < source.info().heads; ++head)
                for (int query = 0; query < source.info().queries; ++query) {
                    source.row({layer, head}, query, row);
                    const auto& values = layers.items()[static_cast<std::size_t>(layer)]
                                             .items()[static_cast<std::size_t>(head)]
                                             .items()[static_cast<std::size_t>(query)]
                                             .items();
                    for (std::size_t key = 0; key < row.size(); ++key)
                        worst = std::max(worst,
                                         std::fabs(values[key].numberOr(9) - static_cast<double>(row[key])));
                }
        return worst;
    }

 private slots:
    void initTestCase() {
        const auto engine = loadEngine();
        QVERIFY2(engine.ok(), engine.ok() ? "" : engine.error().sentence().c_str());
    }

    void threeKindsArriveLayerByLayer() {
        const auto model = uneven();
        QVERIFY(model);
        QVERIFY(model->info().encoderDecoder && !model->info().causal);
        std::vector<std::vector<int>> ready;
        std::vector<int> numbers;
        std::vector<std::string> progress;
        std::vector<double> fractions;
        RunListener listener;
        listener.layerReady = [&](const LayerReady& layer) {
            numbers.push_back(layer.layer);
            ready.emplace_back();
            for (const auto& source : layer.sources) ready.back().push_back(source->layersReady());
        };
        listener.progress = [&](const Progress& step) {
            progress.push_back(step.what);
            fractions.push_back(step.fraction);
        };
        const auto output = model->run(input(), {}, listener, {});
        QVERIFY2(output.ok(), output.ok() ? "" : output.error().sentence().c_str());
        QCOMPARE(ready, (std::vector<std::vector<int>>{{1}, {2}, {2, 1, 1}, {2, 2, 2}, {2, 3, 3}}));
        QCOMPARE(numbers, (std::vector<int>{0, 1, 2, 3, 4}));
        QCOMPARE(progress.front(), std::string("Capturing encoder layer 1 of 2"));
        QCOMPARE(progress.back(), std::string("Capturing decoder layer 3 of 3"));
        QVERIFY(std::is_sorted(fractions.begin(), fractions.end()) && fractions.back() == 0.8);

        QCOMPARE(output->sources.size(), std::size_t{3});
        const AttentionInfo& encoder = output->sources[0]->info();
        const AttentionInfo& decoder = output->sources[1]->info();
        const AttentionInfo& cross = output->sources[2]->info();
        QCOMPARE(encoder.kind, AttentionKind::encoder);
        QCOMPARE(decoder.kind, AttentionKind::decoder);
        QCOMPARE(cross.kind, AttentionKind::cross);
        QCOMPARE(encoder.heads, 4);
        QCOMPARE(decoder.heads, 2);
        QCOMPARE(cross.heads, 2);
        QCOMPARE(decoder.queries, 4);
        QCOMPARE(cross.queries, 4);
        QCOMPARE(cross.keys, 6);
        QVERIFY(decoder.visibility == Visibility::causal(4));
        QVERIFY(cross.visibility.masked(5) && !cross.visibility.masked(4) && !cross.visibility.causal());
    }

    void aStopEndsTheRunInTheDecoderToo() {
        const auto model = uneven();
        QVERIFY(model);
        std::stop_source stop;
        int layers = 0;
        RunListener listener;
        listener.layerReady = [&](const LayerReady&) {
            if (++layers == 3) stop.request_stop();
        };
        const auto output = model->run(input(), {}, listener, stop.get_token());
        QVERIFY(!output.ok());
        QCOMPARE(output.error().kind, ErrorKind::cancelled);
        QCOMPARE(layers, 3);
    }

    void theEstimateCountsAllThree() {
        const auto model = uneven();
        QVERIFY(model);
        RunOptions dense, factored;
        dense.storage = StorageForm::dense;
        factored.storage = StorageForm::factored;
        const std::int64_t maps = 2 * 4 * 6 * 6 + 3 * 2 * 4 * 4 + 3 * 2 * 4 * 6;
        QCOMPARE(model->estimate(input(), dense).keptBytes, 4 * maps);
        // Queries and keys are as wide as the model, 32, and there is a number a row.
        const std::int64_t encoder = 2 * (6 * 32 + 6 * 32 + 4 * 6);
        const std::int64_t decoder = 3 * (4 * 32 + 4 * 32 + 2 * 4), cross = 3 * (4 * 32 + 6 * 32 + 2 * 4);
        QCOMPARE(model->estimate(input(), factored).keptBytes, 4 * (encoder + decoder + cross));
        qputenv("ATTNVIZ_AVAILABLE_MEMORY", "20000");
        const auto output = model->run(input(), {}, {}, {});
        qunsetenv("ATTNVIZ_AVAILABLE_MEMORY");
        QVERIFY(!output.ok());
        QCOMPARE(output.error().kind, ErrorKind::outOfMemory);
    }

    void wrongTargetsAreRefusedWithASentence() {
        const auto model = uneven();
        QVERIFY(model);
        const auto refused = [&](const ModelInput& wrong, const char* word, RunOptions options = {}) {
            const auto output = model->run(wrong, options, {}, {});
            return !output.ok() && output.error().sentence().find(word) != std::string::npos;
        };
        ModelInput wrong = input();
        wrong.targetIds.clear();
        QVERIFY(refused(wrong, "no target token"));
        wrong.targetIds = {2, 120};
        QVERIFY(refused(wrong, "target token 1 has the id 120"));
        wrong.targetIds.assign(33, 5);
        QVERIFY(refused(wrong, "the target text has 33 tokens, but the model has 32 positions"));
        RunOptions position;
        position.predictAt = {4};
        QVERIFY(refused(input(), "position 4", position));
    }

    void predictionsAreTheDecoders() {
        const auto model = uneven();
        QVERIFY(model);
        RunOptions options;
        options.allLogits = options.hiddenStates = true;
        options.predictAt = {-1, 1};
        const auto output = model->run(input(), options, {}, {});
        QVERIFY(output.ok());
        QCOMPARE(output->logits->rows, std::int64_t{4});
        QCOMPARE(output->hiddenStates.size(), std::size_t{3});
        QCOMPARE(output->targetHiddenStates.size(), std::size_t{4});
        QCOMPARE(output->predictions[0].position, 3);
        QCOMPARE(output->predictions[1].position, 1);
        for (const auto& prediction : output->predictions) {
            const auto row = output->logits->values.begin() + prediction.position * output->logits->columns;
            const auto best = std::max_element(row, row + output->logits->columns) - row;
            QCOMPARE(prediction.top.front().id, static_cast<std::int64_t>(best));
        }
    }

    void whatIsSavedIsOpenedWithThreeKinds() {
        const auto model = uneven();
        QVERIFY(model);
        for (const auto form : {StorageForm::dense, StorageForm::factored}) {
            TextInput text;
            text.ids = input();
            RunOptions options;
            options.storage = form;
            const auto run = runText(*model, nullptr, text, options, {}, {});
            QVERIFY2(run.ok(), run.ok() ? "" : run.error().sentence().c_str());
            Session session;
            session.run = *run;
            const fs::path path = m_folder.filePath("three.attn.json").toStdString();
            QVERIFY(saveSession(session, path).ok());
            const auto again = openSession(path);
            QVERIFY2(again.ok(), again.ok() ? "" : again.error().sentence().c_str());
            QCOMPARE(again->run->sources.size(), std::size_t{3});
            for (std::size_t kind = 0; kind < 3; ++kind) {
                const AttentionSource &wanted = *(*run)->sources[kind], &found = *again->run->sources[kind];
                QCOMPARE(found.info().kind, wanted.info().kind);
                QVERIFY(found.info().visibility == wanted.info().visibility);
                std::vector<float> a(static_cast<std::size_t>(wanted.info().keys)), b(a.size());
                for (int layer = 0; layer < wanted.info().layers; ++layer)
                    for (int query = 0; query < wanted.info().queries; ++query) {
                        wanted.row({layer, 1}, query, a);
                        found.row({layer, 1}, query, b);
                        for (std::size_t key = 0; key < a.size(); ++key)
                            QVERIFY(std::fabs(a[key] - b[key]) <= 2e-6F);
                    }
            }
        }
    }

    // greedy_expected.json is made by make_greedy.py. The end is not written: a target is what a decoder is
    // given.
    void withoutATargetItWritesWhatTheReferenceWrites_data() {
        QTest::addColumn<QString>("folder");
        QTest::addColumn<QString>("name");
        const auto expected = readJsonFile(sourceDir() / "tests/core/torch/greedy_expected.json");
        QVERIFY(expected.ok());
        for (const auto& [name, runs] : expected->members())
            for (const auto& root : {sourceDir() / "tests/reference", sharedDir() / "reference"})
                if (fs::exists(root / name / "config.json")) {
                    QTest::newRow(name.c_str())
                        << QString::fromStdString((root / name).string()) << QString::fromStdString(name);
                    break;
                }
    }
    void withoutATargetItWritesWhatTheReferenceWrites() {
        QFETCH(QString, folder);
        QFETCH(QString, name);
        const auto expected = readJsonFile(sourceDir() / "tests/core/torch/greedy_expected.json");
        const auto model = load(folder.toStdString());
        QVERIFY(model);
        const auto config = parseJson(model->info().configJson, "config.json");
        QVERIFY(config.ok());
        for (const auto& record : (*expected)[name.toStdString()].items()) {
            TextInput text;
            text.ids = ModelInput{integers(record["input_ids"]), {}, integers(record["attention_mask"]), {}};
            const auto run = runText(*model, nullptr, text, {}, {}, {});
            QVERIFY2(run.ok(), run.ok() ? "" : run.error().sentence().c_str());
            std::vector<std::int64_t> written;
            for (const auto& token : (*run)->target->tokens) written.push_back(token.id);
            auto wanted = integers(record["written"]);
            if (wanted.back() == (*config)["eos_token_id"].integerOr(-1)) wanted.pop_back();
            QCOMPARE(written, wanted);
        }
    }

    void aTrainedBartAgrees() {
        ATTNVIZ_NEED_SHARED("data/checkpoints/bart-g2p-us");
        const auto root = sharedDir() / "data/checkpoints";
        const auto model = load(root / "bart-g2p-us");
        QVERIFY(model);
        const auto json = readJsonFile(root / "reference/bart-g2p-us.json");
        QVERIFY(json.ok());
        const JsonValue& record = json->isArray() ? json->items().front() : *json;
        TextInput text;
        text.ids =
            ModelInput{integers(record["encoder_input_ids"]), {}, {}, integers(record["decoder_input_ids"])};
        const auto run = runText(*model, nullptr, text, {}, {}, {});
        QVERIFY2(run.ok(), run.ok() ? "" : run.error().sentence().c_str());
        for (const auto& [kind, key] : {std::pair{AttentionKind::encoder, "encoder_attentions"},
                                        {AttentionKind::decoder, "decoder_attentions"},
                                        {AttentionKind::cross, "cross_attentions"}}) {
            const double worst = largestDifference(*(*run)->find(kind), record[key]);
            QVERIFY2(worst <= 1e-5, (std::string(key) + " differ by " + std::to_string(worst)).c_str());
        }
    }
};

QTEST_GUILESS_MAIN(EncoderDecoderTest)
#include "encoder_decoder_test.moc"
