// Decoder-only families where no reference case looks: what config.json may not say, how long a text may be,
// and padding that leaves no trace where positions count tokens.
#include <QtTest>
#include <algorithm>
#include <cmath>
#include <functional>

#include "core/base/atomic_file.h"
#include "core/base/json_parse.h"
#include "core/model/engine_loader.h"
#include "core/model/text_run.h"
#include "tests/support/shared_data.h"

using namespace attnviz;
using namespace attnviz::test;
namespace fs = std::filesystem;

class DecoderFamiliesTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    int m_made = 0;

    static fs::path reference(const QString& name) {
        return sourceDir() / "tests/reference" / name.toStdString();
    }
    static Result<std::shared_ptr<Model>> load(const fs::path& folder) {
        const auto files = findModelFolder(folder.string());
        if (!files) return files.error();
        return (*loadEngine())->load({*files, {DeviceKind::cpu, 0}, ComputeType::automatic, 0}, {}, {});
    }
    // A copy of a case whose config.json says something else.
    Result<std::shared_ptr<Model>> changed(const QString& name,
                                           const std::function<void(JsonValue&)>& change) {
        const fs::path folder = fs::path(m_folder.path().toStdString()) / std::to_string(++m_made);
        fs::create_directories(folder);
        fs::copy(reference(name), folder);
        fs::permissions(folder / "config.json", fs::perms::owner_write, fs::perm_options::add);
        auto config = readJsonFile(folder / "config.json");
        if (!config) return config.error();
        change(*config);
        if (auto written = writeFile(folder / "config.json", config->toText()); !written)
            return written.error();
        return load(folder);
    }
    static ModelInput tokens(int count, int vocabulary = 60) {
        ModelInput input;
        for (int i = 0; i < count; ++i) input.ids.push_back(3 + (i * 7) % (vocabulary - 3));
        return input;
    }

 private slots:
    void initTestCase() {
        const auto engine = loadEngine();
        QVERIFY2(engine.ok(), engine.ok() ? "" : engine.error().sentence().c_str());
    }

    void whatCannotBeRunIsRefusedWithASentence_data() {
        QTest::addColumn<QString>("folder");
        QTest::addColumn<QString>("key");
        QTest::addColumn<QString>("value");
        QTest::addColumn<QString>("word");
        const auto row = [](const char* name, const char* folder, const char* key, const char* value,
                            const char* word) { QTest::newRow(name) << folder << key << value << word; };
        row("unknown scaling", "llama-gqa", "rope_scaling", R"({"type": "spiral", "factor": 2.0})", "spiral");
        row("scaling without a factor", "llama-gqa", "rope_scaling", R"({"type": "linear"})", "factor");
        row("a factor below zero", "llama-gqa", "rope_scaling", R"({"type": "yarn", "factor": -1})",
            "above 0");
        row("a base that does not grow", "llama-gqa", "rope_scaling",
            R"({"type": "yarn", "factor": 2, "rope_theta": 1})", "above 1");
        row("a base of nothing", "llama-gqa", "rope_theta", "0", "rope_theta");
        row("too few factors", "phi3-su", "rope_scaling",
            R"({"type": "longrope", "short_factor": [1.0], "long_factor": [1.0]})", "short_factor");
        row("a share above one", "phi3-su", "partial_rotary_factor", "1.5", "partial_rotary_factor");
        row("more that turns than there is", "gptj-published-6b", "rotary_dim", "64", "rotary_dim");
        row("another head size", "llama-gqa", "head_dim", "4", "q_proj.weight");
        row("key-value heads that do not divide", "llama-gqa", "num_key_value_heads", "4", "does not divide");
        row("an odd head", "llama-gqa", "head_dim", "5", "odd");
        row("layers of an unknown kind", "gemma2-new-config", "layer_types",
            R"(["full_attention", "spiral_attention", "full_attention"])", "spiral_attention");
        row("too few layer types", "gemma2-new-config", "layer_types", R"(["full_attention"])",
            "layer_types");
        row("attention types that do not reach", "gpt_neo-published-tinystories", "attention_types",
            R"([[["global"], 1000000000000]])", "attention_types");
        row("a window of nothing", "mistral-sliding", "sliding_window", "0", "sliding_window");
        row("a decoder that sees what follows", "gemma-legacy-act", "is_causal", "false",
            "sees what follows");
        row("Falcon's mixture", "falcon-40b", "parallel_attn", "false", "parallel_attn");
        row("a head that is neither stored nor tied", "qwen2-bias", "tie_word_embeddings", "false",
            "lm_head.weight");
        row("an unknown activation", "qwen3-norm", "hidden_act", R"("spiral")", "quick_gelu");
    }
    void whatCannotBeRunIsRefusedWithASentence() {
        QFETCH(QString, folder);
        QFETCH(QString, key);
        QFETCH(QString, value);
        QFETCH(QString, word);
        const auto parsed = parseJson(R"({"value": )" + value.toStdString() + "}", "the row");
        QVERIFY(parsed.ok());
        const auto model = changed(folder, [&](JsonValue& config) {
            if (key == "attention_types") config.set("attention_layers", nullptr);  // repeats it
            config.set(key.toStdString(), (*parsed)["value"]);
        });
        QVERIFY2(!model.ok(), "it was not refused");
        QVERIFY2(model.error().sentence().find(word.toStdString()) != std::string::npos,
                 model.error().sentence().c_str());
    }

    void aModelWithoutAHeadRunsWithoutLogits() {
        const auto model = changed("qwen2-bias", [](JsonValue& config) {
            config.set("tie_word_embeddings", false);
            config.set("architectures", JsonValue::array({JsonValue("Qwen2Model")}));
        });
        QVERIFY2(model.ok(), model.ok() ? "" : model.error().sentence().c_str());
        QVERIFY(!(*model)->info().hasHead);
        RunOptions options;
        options.allLogits = true;
        const auto output = (*model)->run(tokens(5), options, {}, {});
        QVERIFY(output.ok());
        QVERIFY(!output->logits);
        QCOMPARE(output->notices.size(), std::size_t{1});
    }

    void rotaryTextsMayBeLongerAndAreToldSo() {
        const auto model = load(reference("llama-gqa"));
        QVERIFY(model.ok());
        const int length = (*model)->info().configuredLength.value_or(0);
        QCOMPARE(length, 64);
        const auto notices = [&](int count) -> std::size_t {
            TextInput input;
            input.ids = tokens(count);
            const auto run = runText(**model, nullptr, input, {}, {}, {});
            return run ? (*run)->notices.size() : 99;
        };
        QCOMPARE(notices(length), std::size_t{0});
        QCOMPARE(notices(length + 1), std::size_t{1});
    }

    void learnedPositionsAreAHardLimit() {
        for (const auto* name : {"opt-350m", "gpt_neo-published-tinystories"}) {
            const auto model = load(reference(name));
            QVERIFY(model.ok());
            const int limit = (*model)->info().positionLimit.value_or(0);
            QVERIFY(limit > 0);
            QVERIFY((*model)->run(tokens(limit), {}, {}, {}).ok());
            QVERIFY(!(*model)->run(tokens(limit + 1), {}, {}, {}).ok());
        }
    }

    // ALiBi and OPT count unpadded tokens, so padding anywhere leaves the others' attention as it is without
    // it. Rotary positions are relative, so padding at the left does.
    void paddingLeavesNoTrace_data() {
        QTest::addColumn<QString>("folder");
        QTest::addColumn<bool>("anywhere");
        QTest::newRow("bloom") << "bloom-heads-6" << true;
        QTest::newRow("falcon") << "falcon-rw-alibi" << true;
        QTest::newRow("opt") << "opt-350m" << true;
        QTest::newRow("llama") << "llama-gqa" << false;
        QTest::newRow("mistral") << "mistral-sliding" << false;
        QTest::newRow("gptj") << "gptj-published-6b" << false;
        QTest::newRow("phi") << "phi-qk-layernorm" << false;
    }
    void paddingLeavesNoTrace() {
        QFETCH(QString, folder);
        QFETCH(bool, anywhere);
        const auto model = load(reference(folder));
        QVERIFY2(model.ok(), model.ok() ? "" : model.error().sentence().c_str());
        const ModelInput plain = tokens(10);
        ModelInput padded;
        std::vector<int> at;  // where each token stands
        const auto pad = [&](int count) {
            for (int i = 0; i < count; ++i) {
                padded.ids.push_back(1);
                padded.attentionMask.push_back(0);
            }
        };
        pad(2);
        for (std::size_t token = 0; token < plain.ids.size(); ++token) {
            if (anywhere && token == 4) pad(1);
            at.push_back(static_cast<int>(padded.ids.size()));
            padded.ids.push_back(plain.ids[token]);
            padded.attentionMask.push_back(1);
        }
        for (const auto form : {StorageForm::dense, StorageForm::factored}) {
            RunOptions options;
            options.storage = form;
            options.allLogits = true;
            const auto left = (*model)->run(plain, options, {}, {});
            const auto right = (*model)->run(padded, options, {}, {});
            QVERIFY(left.ok() && right.ok());
            const auto& a = *left->sources.front();
            const auto& b = *right->sources.front();
            std::vector<float> rowA(plain.ids.size()), rowB(padded.ids.size());
            double worst = 0, worstLogit = 0;
            for (int layer = 0; layer < a.info().layers; ++layer)
                for (int head = 0; head < a.info().heads; ++head)
                    for (std::size_t query = 0; query < rowA.size(); ++query) {
                        a.row({layer, head}, static_cast<int>(query), rowA);
                        b.row({layer, head}, at[query], rowB);
                        for (std::size_t key = 0; key < rowA.size(); ++key)
                            worst = std::max(
                                worst, static_cast<double>(
                                           std::fabs(rowA[key] - rowB[static_cast<std::size_t>(at[key])])));
                    }
            for (std::size_t token = 0; token < at.size(); ++token)
                for (std::int64_t value = 0; value < left->logits->columns; ++value) {
                    const auto columns = static_cast<std::size_t>(left->logits->columns);
                    const auto place = static_cast<std::size_t>(value);
                    worstLogit = std::max(
                        worstLogit,
                        static_cast<double>(std::fabs(
                            left->logits->values[token * columns + place] -
                            right->logits->values[static_cast<std::size_t>(at[token]) * columns + place])));
                }
            QVERIFY2(worst <= 1e-5, qPrintable(QString::number(worst)));
            QVERIFY2(worstLogit <= 1e-4, qPrintable(QString::number(worstLogit)));
        }
    }
};

QTEST_GUILESS_MAIN(DecoderFamiliesTest)
#include "decoder_families_test.moc"
