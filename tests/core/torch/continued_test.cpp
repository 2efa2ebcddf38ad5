// What decoders write after a text: the reference implementation's greedy ids for every family
// (continued_expected.json, made by make_continued.py), and the attention of every written token.
#include <QtTest>
#include <algorithm>
#include <cmath>

#include "core/base/json_parse.h"
#include "core/model/engine_loader.h"
#include "core/model/text_run.h"
#include "tests/support/shared_data.h"

using namespace attnviz;
using namespace attnviz::test;
namespace fs = std::filesystem;

class ContinuedTest : public QObject {
    Q_OBJECT

    static std::shared_ptr<Model> load(const fs::path& folder) {
        const auto files = findModelFolder(folder.string());
        if (!files) return nullptr;
        LoadRequest request;
        request.folder = *files;
        request.device = {DeviceKind::cpu, 0};
        auto model = (*loadEngine())->load(request, {}, {});
        return model ? *model : nullptr;
    }
    static std::vector<std::int64_t> integers(const JsonValue& list) {
        std::vector<std::int64_t> values;
        for (const auto& item : list.items()) values.push_back(item.integerOr(-1));
        return values;
    }
    static std::vector<std::int64_t> idsOf(const TokenizedText& text) {
        std::vector<std::int64_t> ids;
        for (const auto& token : text.tokens) ids.push_back(token.id);
        return ids;
    }

 private slots:
    void initTestCase() {
        const auto engine = loadEngine();
        QVERIFY2(engine.ok(), engine.ok() ? "" : engine.error().sentence().c_str());
    }

    // The end is not written: nothing follows it.
    void itWritesWhatTheReferenceWrites_data() {
        QTest::addColumn<QString>("folder");
        QTest::addColumn<QString>("name");
        const auto expected = readJsonFile(sourceDir() / "tests/core/torch/continued_expected.json");
        QVERIFY(expected.ok());
        for (const auto& [name, run] : expected->members())
            for (const auto& root : {sourceDir() / "tests/reference", sharedDir() / "reference"})
                if (fs::exists(root / name / "config.json")) {
                    QTest::newRow(name.c_str())
                        << QString::fromStdString((root / name).string()) << QString::fromStdString(name);
                    break;
                }
    }
    void itWritesWhatTheReferenceWrites() {
        QFETCH(QString, folder);
        QFETCH(QString, name);
        const auto expected = readJsonFile(sourceDir() / "tests/core/torch/continued_expected.json");
        const JsonValue& record = (*expected)[name.toStdString()];
        const auto model = load(folder.toStdString());
        QVERIFY(model);
        TextInput text;
        text.ids = ModelInput{integers(record["input_ids"]), {}, {}, {}};
        const std::size_t given = text.ids->ids.size();
        auto wanted = integers(record["written"]);
        text.generation.tokens = static_cast<int>(wanted.size());
        const auto run = runText(*model, nullptr, text, {}, {}, {});
        QVERIFY2(run.ok(), run.ok() ? "" : run.error().sentence().c_str());
        const auto all = idsOf((*run)->input);
        const std::vector<std::int64_t> written(all.begin() + static_cast<std::ptrdiff_t>(given), all.end());
        if (written.size() < wanted.size()) wanted.pop_back();
        QCOMPARE(written, wanted);
        QCOMPARE((*run)->generated, static_cast<int>(written.size()));

        // The map is that of one pass over the whole, and its first rows those of the text alone.
        TextInput whole;
        whole.ids = ModelInput{all, {}, {}, {}};
        const auto once = runText(*model, nullptr, whole, {}, {}, {});
        text.generation = {};
        const auto before = runText(*model, nullptr, text, {}, {}, {});
        QVERIFY(once.ok() && before.ok());
        // Rotary tables that depend on the length change with it.
        const std::string& config = model->info().configJson;
        const bool sameTables = config.find("\"dynamic\"") == std::string::npos &&
                                config.find("\"longrope\"") == std::string::npos &&
                                config.find("\"su\"") == std::string::npos;
        const auto& info = (*run)->main().info();
        std::vector<float> a(all.size()), b(all.size()), c(given);
        for (int layer = 0; layer < info.layers; ++layer)
            for (int head = 0; head < info.heads; ++head)
                for (int query = 0; query < info.queries; ++query) {
                    (*run)->main().row({layer, head}, query, a);
                    (*once)->main().row({layer, head}, query, b);
                    for (std::size_t key = 0; key < a.size(); ++key)
                        QVERIFY(std::fabs(a[key] - b[key]) <= 1e-5F);
                    if (!sameTables || query >= static_cast<int>(given)) continue;
                    (*before)->main().row({layer, head}, query, c);
                    for (std::size_t key = 0; key < given; ++key)
                        QVERIFY(std::fabs(a[key] - c[key]) <= 1e-5F);
                }
    }

    void aStopEndsItWithinAToken() {
        const auto model = load(sourceDir() / "tests/reference/gpt2-plain");
        QVERIFY(model);
        TextInput text;
        text.ids = ModelInput{{1, 2, 3}, {}, {}, {}};
        text.generation.tokens = 20;
        std::stop_source stop;
        std::vector<std::string> progress;
        RunListener listener;
        listener.progress = [&](const Progress& step) {
            progress.push_back(step.what);
            if (progress.size() == 5) stop.request_stop();
        };
        const auto run = runText(*model, nullptr, text, {}, listener, stop.get_token());
        QVERIFY(!run.ok());
        QCOMPARE(run.error().kind, ErrorKind::cancelled);
        QCOMPARE(progress.back(), std::string("Token 5 of 20"));
    }

    void aSeedWritesTheSameAgain() {
        const auto model = load(sourceDir() / "tests/reference/gpt2-plain");
        QVERIFY(model);
        const auto written = [&](std::uint64_t seed) {
            TextInput text;
            text.ids = ModelInput{{1, 2, 3}, {}, {}, {}};
            text.generation = {10, {false, 1.5, 0, 1, seed}};
            const auto run = runText(*model, nullptr, text, {}, {}, {});
            return run ? idsOf((*run)->input) : std::vector<std::int64_t>();
        };
        QCOMPARE(written(3).size(), std::size_t{13});
        QCOMPARE(written(3), written(3));
        QVERIFY(written(3) != written(4));
    }

    void aModelThatReadsToBothSidesWritesNothing() {
        const auto model = load(sourceDir() / "tests/reference/bert-mlm");
        QVERIFY(model);
        TextInput text;
        text.ids = ModelInput{{1, 2, 3}, {}, {}, {}};
        text.generation.tokens = 2;
        const auto run = runText(*model, nullptr, text, {}, {}, {});
        QVERIFY(!run.ok());
        QVERIFY(run.error().sentence().find("writes none") != std::string::npos);
    }

    void aDecoderApartGoesOnAfterItsTarget() {
        const auto model = load(sourceDir() / "tests/reference/bart-uneven");
        QVERIFY(model);
        TextInput text;
        text.ids = ModelInput{{0, 5, 6, 7, 8, 2}, {}, {}, {2, 9, 10}};
        text.generation.tokens = 4;
        const auto run = runText(*model, nullptr, text, {}, {}, {});
        QVERIFY2(run.ok(), run.ok() ? "" : run.error().sentence().c_str());
        QCOMPARE((*run)->generated, 4);
        QCOMPARE((*run)->target->tokens.size(), std::size_t{7});
        QVERIFY((*run)->isGenerated(*(*run)->target, 3) && !(*run)->isGenerated(*(*run)->target, 2));
        QVERIFY(!(*run)->isGenerated((*run)->input, 5));
    }
};

QTEST_GUILESS_MAIN(ContinuedTest)
#include "continued_test.moc"
