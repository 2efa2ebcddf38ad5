// Texts that grow: logits of the next token from kept keys and values are those of a pass over the whole
// text, for every folder that writes text.
#include <QtTest>
#include <algorithm>
#include <cmath>
#include <map>

#include "core/model/engine_loader.h"
#include "tests/support/shared_data.h"

using namespace attnviz;
using namespace attnviz::test;
namespace fs = std::filesystem;

namespace {

constexpr double kTolerance = 1e-4;

// `count` tokens that any of the folders' vocabularies has, the same ones for the same seed.
std::vector<std::int64_t> tokens(int count, std::int64_t vocabulary, int seed = 0) {
    std::vector<std::int64_t> ids;
    for (int i = 0; i < count; ++i) ids.push_back(3 + (i * 7 + seed + i * i % 5) % (vocabulary - 3));
    return ids;
}

}  // namespace

class CachedPassTest : public QObject {
    Q_OBJECT

    static std::shared_ptr<Model> load(const fs::path& folder) {
        const auto files = findModelFolder(folder.string());
        if (!files) return nullptr;
        auto model = (*loadEngine())->load({*files, {DeviceKind::cpu, 0}, ComputeType::automatic, 1}, {}, {});
        return model ? *model : nullptr;
    }
    // By a pass over the whole text, of a model that nothing else is asked of.
    static std::vector<float> whole(Model& model, const ModelInput& input) {
        RunOptions options;
        options.allLogits = true;
        options.predictAt.clear();
        auto output = model.run(input, options, {}, {});
        if (!output || !output->logits) return {};
        const auto& logits = *output->logits;
        return {logits.values.end() - static_cast<std::ptrdiff_t>(logits.columns), logits.values.end()};
    }
    // How far the two are apart; infinity where either has none.
    static double difference(const Result<std::vector<float>>& found, const std::vector<float>& expected) {
        if (!found || expected.empty() || found->size() != expected.size()) return INFINITY;
        double worst = 0;
        for (std::size_t i = 0; i < expected.size(); ++i) {
            const double apart =
                std::fabs(static_cast<double>((*found)[i]) - static_cast<double>(expected[i]));
            if (!(apart <= worst)) worst = apart;
        }
        return worst;
    }
    static std::vector<std::int64_t>& growing(const Model& model, ModelInput& input) {
        return model.info().encoderDecoder ? input.targetIds : input.ids;
    }
    static int mostTokens(const Model& model) {
        return std::min(90, model.info().positionLimit.value_or(90));
    }
    static std::int64_t leastVocabulary(const Model& model) {
        return std::min<std::int64_t>(model.info().vocabulary, 40);
    }

 private slots:
    void initTestCase() {
        const auto engine = loadEngine();
        QVERIFY2(engine.ok(), engine.ok() ? "" : engine.error().sentence().c_str());
    }

    void everyStepIsThatOfTheWholeText_data() {
        QTest::addColumn<QString>("folder");
        std::map<std::string, fs::path> folders;  // a case that is in both places counts once
        for (const auto& root : {sourceDir() / "tests/reference", sharedDir() / "reference"}) {
            if (!fs::exists(root)) continue;
            for (const auto& entry : fs::directory_iterator(root))
                if (fs::exists(entry.path() / "config.json"))
                    folders.emplace(entry.path().filename().string(), entry.path());
        }
        for (const auto& [name, path] : folders)
            QTest::newRow(name.c_str()) << QString::fromStdString(path.string());
    }
    void everyStepIsThatOfTheWholeText() {
        QFETCH(QString, folder);
        const auto model = load(folder.toStdString()), oracle = load(folder.toStdString());
        if (!model) QSKIP("not a folder that loads");
        if (!model->info().hasHead || !(model->info().causal || model->info().encoderDecoder))
            QSKIP("writes no text");
        const auto vocabulary = leastVocabulary(*model);
        for (const bool padded : {false, true}) {
            ModelInput input;
            input.ids = tokens(7, vocabulary);
            if (model->info().encoderDecoder) input.targetIds = tokens(1, vocabulary, 2);
            if (model->info().usesSegments) input.segmentIds = {0, 0, 0, 0, 1, 1, 1};
            if (padded) input.attentionMask = {0, 1, 1, 1, 0, 1, 1};
            // Past every window and scaling: token by token, then by several at once.
            const auto next = tokens(mostTokens(*model), vocabulary, 5);
            auto& ids = growing(*model, input);
            for (std::size_t step = 0; static_cast<int>(ids.size()) <= mostTokens(*model); ++step) {
                const double apart = difference(model->nextLogits(input, {}), whole(*oracle, input));
                QVERIFY2(apart <= kTolerance,
                         qPrintable(QString("%1 tokens: %2").arg(ids.size()).arg(apart)));
                for (std::size_t more = step < 8 ? 1 : 9 + step % 4; more > 0; --more) {
                    ids.push_back(next[ids.size() % next.size()]);
                    if (model->info().encoderDecoder) continue;
                    if (!input.attentionMask.empty()) input.attentionMask.push_back(1);
                    if (!input.segmentIds.empty()) input.segmentIds.push_back(input.segmentIds.back());
                }
            }
        }
    }

    // Whatever is asked after another: shorter, parted early or late, masked otherwise, of another source.
    void anotherTextIsItself_data() {
        QTest::addColumn<QString>("name");
        for (const auto* name : {"gpt2-plain", "bart-uneven", "llama-gqa", "mistral-sliding"})
            QTest::newRow(name) << QString(name);
    }
    void anotherTextIsItself() {
        QFETCH(QString, name);
        const auto folder = sourceDir() / "tests/reference" / name.toStdString();
        const auto model = load(folder), oracle = load(folder);
        if (!model) QSKIP("not in the repository");
        const auto vocabulary = leastVocabulary(*model);
        std::vector<ModelInput> texts;
        const auto add = [&](std::vector<std::int64_t> ids, std::vector<std::int64_t> source = {}) {
            ModelInput input;
            if (model->info().encoderDecoder) {
                input.ids = source.empty() ? tokens(6, vocabulary) : std::move(source);
                input.targetIds = std::move(ids);
            } else {
                input.ids = std::move(ids);
            }
            texts.push_back(std::move(input));
        };
        const auto one = tokens(20, vocabulary);
        auto late = one, early = one;
        late.back() += 1;
        early[1] += 1;
        add(one);
        add(one);
        add(late);
        add({one.begin(), one.begin() + 11});
        add({one.begin(), one.begin() + 1});
        add(early);
        add(one, tokens(6, vocabulary, 9));
        add(one, tokens(9, vocabulary, 9));
        for (const std::size_t masked : {0, 3, 5}) {
            add(one);
            auto& text = texts.back();
            text.attentionMask.assign(text.ids.size(), 1);
            text.attentionMask[masked] = 0;
        }
        for (std::size_t text = 0; text < texts.size(); ++text) {
            const double apart = difference(model->nextLogits(texts[text], {}), whole(*oracle, texts[text]));
            QVERIFY2(apart <= kTolerance, qPrintable(QString("text %1: %2").arg(text).arg(apart)));
        }
    }

    void aRunBetweenAndAStopChangeNothing() {
        const auto model = load(sourceDir() / "tests/reference/gpt2-plain");
        QVERIFY(model);
        ModelInput input;
        input.ids = tokens(12, leastVocabulary(*model));
        const auto expected = whole(*model, input);
        QVERIFY(difference(model->nextLogits(input, {}), expected) <= kTolerance);
        std::stop_source stopped;
        stopped.request_stop();
        const auto none = model->nextLogits(input, stopped.get_token());
        QVERIFY(!none.ok());
        QCOMPARE(none.error().kind, ErrorKind::cancelled);
        QVERIFY(difference(model->nextLogits(input, {}), expected) <= kTolerance);
        ModelInput refused = input;
        refused.ids.push_back(1 << 20);
        QVERIFY(!model->nextLogits(refused, {}).ok());
        QVERIFY(model->run(input, {}, {}, {}).ok());
        QVERIFY(difference(model->nextLogits(input, {}), expected) <= kTolerance);
    }

    // Where keys and values do not fit, the whole text runs for every token.
    void withoutMemoryItWritesAllTheSame() {
        const auto model = load(sourceDir() / "tests/reference/gpt2-plain");
        QVERIFY(model);
        ModelInput input;
        input.ids = tokens(12, leastVocabulary(*model));
        const auto expected = whole(*model, input);
        qputenv("ATTNVIZ_AVAILABLE_MEMORY", "4096");
        const auto found = model->nextLogits(input, {});
        qunsetenv("ATTNVIZ_AVAILABLE_MEMORY");
        QVERIFY(difference(found, expected) <= kTolerance);
    }
};

QTEST_GUILESS_MAIN(CachedPassTest)
#include "cached_pass_test.moc"
