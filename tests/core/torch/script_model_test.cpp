// Models that are TorchScript modules: told apart, refused without a word of consent, run with the right
// numbers, and believed in nothing.
#include <QtTest>
#include <cmath>
#include <thread>

#include "core/base/json_parse.h"
#include "core/model/engine_loader.h"
#include "core/model/script_file.h"
#include "tests/support/model_files.h"
#include "tests/support/safetensors_text.h"
#include "tests/support/script_text.h"
#include "tests/support/shared_data.h"

using namespace attnviz;
using namespace attnviz::test;
namespace fs = std::filesystem;

class ScriptModelTest : public QObject {
    Q_OBJECT
    QTemporaryDir m_folder;

    fs::path folder() const {
        return fs::path(m_folder.path().toStdString()) / QTest::currentTestFunction() /
               (QTest::currentDataTag() ? QTest::currentDataTag() : "-");
    }
    static fs::path committed() { return sourceDir() / "tests/core/torch/script/attentive.pt"; }

    static Result<std::shared_ptr<Model>> load(const fs::path& path, bool allow = true) {
        auto found = findModelFolder(path.string());
        if (!found) return found.error();
        LoadRequest request;
        request.folder = *found;
        request.allowCode = allow;
        return (*loadEngine())->load(request, {}, {});
    }
    // A module with this forward, on three tokens.
    Result<ModelOutput> outcome(const std::string& body, const std::string& arguments = "input_ids: Tensor",
                                const std::string& returned = "List[Tensor]", RunOptions options = {}) const {
        fs::create_directories(folder());
        const auto path = folder() / "made.pt";
        const auto forward = "  def forward(self: __torch__.Made,\n    " + arguments + ") -> " + returned +
                             ":\n    " + body + "\n";
        if (auto written = writeScript(path, forward); !written) return written.error();
        auto model = load(path);
        if (!model) return model.error();
        ModelInput input;
        input.ids = {5, 6, 7};
        return (*model)->run(input, options, {}, {});
    }

 private slots:
    void initTestCase() {
        const auto engine = loadEngine();
        QVERIFY2(engine.ok(), engine.ok() ? "" : engine.error().sentence().c_str());
    }

    void theNumbersAreTheModulesOwn() {
        const auto expected = readJsonFile(committed().parent_path() / "expected.json");
        QVERIFY(expected.ok());
        auto model = load(committed());
        QVERIFY2(model.ok(), model.ok() ? "" : model.error().sentence().c_str());
        QVERIFY((*model)->info().usesSegments && !(*model)->info().hasHead);
        ModelInput input;
        for (const auto& [key, list] :
             {std::pair{"ids", &input.ids}, {"mask", &input.attentionMask}, {"segments", &input.segmentIds}})
            for (const auto& item : (*expected)[key].items())
                list->push_back(static_cast<std::int64_t>(item.numberOr(-1)));
        std::vector<std::string> said;
        RunListener listener{[&](const Progress& step) { said.push_back(step.what); }, {}, {}};
        const auto output = (*model)->run(input, {}, listener, {});
        QVERIFY2(output.ok(), output.ok() ? "" : output.error().sentence().c_str());
        const auto& source = *output->sources.front();
        QCOMPARE(source.info().layers, 2);
        QCOMPARE(source.info().heads, 3);
        QCOMPARE(source.info().visibility.maskedKeys(), (std::vector<int>{6, 7}));
        QVERIFY(source.info().storage == "dense float32" && source.info().kind == AttentionKind::encoder);
        std::vector<float> row(8);
        std::size_t at = 0;
        double worst = 0;
        for (int layer = 0; layer < 2; ++layer)
            for (int head = 0; head < 3; ++head)
                for (int query = 0; query < 8; ++query) {
                    source.row({layer, head}, query, row);
                    for (const float weight : row)
                        worst = std::max(
                            worst, std::fabs(weight - (*expected)["attentions"].items()[at++].numberOr(-1)));
                }
        QVERIFY2(worst < 1e-6, QByteArray::number(worst));
        QVERIFY2(said.front().find("cannot be stopped") != std::string::npos, said.front().c_str());
    }

    void nothingRunsWithoutBeingAllowed() {
        const auto refused = load(committed(), false);
        QVERIFY(!refused.ok());
        QCOMPARE(refused.error().kind, ErrorKind::unsupported);
        QVERIFY2(refused.error().sentence().find("--allow-code") != std::string::npos,
                 refused.error().sentence().c_str());
    }

    void aScriptIsToldByWhatItHolds() {
        fs::create_directories(folder());
        const auto script = folder() / "module.torchscript";
        fs::copy_file(committed(), script);
        QVERIFY(isScriptFile(script));
        fs::copy_file(committed(), folder() / "module.bin");
        QVERIFY2(!isScriptFile(folder() / "module.bin"), "another suffix is not looked into");
        // What torch.save writes is none, and never leads to the script beside it.
        writeText(folder() / "state.pt", "PK");
        QVERIFY(!isScriptFile(folder() / "state.pt") && !isScriptFile(folder() / "none.pt"));
        const auto other = findModelFolder((folder() / "state.pt").string());
        QVERIFY(!other.ok() && other.error().sentence().find("config.json") != std::string::npos);
        QVERIFY2(other.error().where.ends_with("state.pt"), "the file that was named, not its folder");
        const auto found = findModelFolder(folder().string());
        QVERIFY(found.ok() && found->script == script);
        QCOMPARE(found->name, std::string("module.torchscript"));
        fs::copy_file(committed(), folder() / "second.pth");
        const auto two = findModelFolder(folder().string());
        QVERIFY(!two.ok() && two.error().sentence().find("2 TorchScript modules") != std::string::npos);
        // Weights go before a script.
        makeGpt2Folder(QString::fromStdString((folder() / "gpt2").string()), 1, 2, 8, 10);
        fs::copy_file(committed(), folder() / "gpt2/module.pt");
        const auto weights = findModelFolder((folder() / "gpt2").string());
        QVERIFY(weights.ok() && !weights->script);
    }

    void whatIsReturnedMayStandInSeveralPlaces_data() {
        QTest::addColumn<QString>("body");
        QTest::addColumn<QString>("returned");
        const QString ones = "a = torch.div(torch.ones([1, 2, 3, 3]), 3)\n    ";
        QTest::newRow("a list") << ones + "return [a, a]"
                                << "List[Tensor]";
        QTest::newRow("a tuple") << ones + "return (a, a)"
                                 << "Tuple[Tensor, Tensor]";
        QTest::newRow("in a tuple") << ones + "return (torch.ones([1, 3, 4]), [a, a])"
                                    << "Tuple[Tensor, List[Tensor]]";
        QTest::newRow("a tuple in a tuple") << ones + "return (torch.ones([1, 3, 4]), (a, a))"
                                            << "Tuple[Tensor, Tuple[Tensor, Tensor]]";
        QTest::newRow("by name") << ones + "return {\"attentions\": [a, a]}"
                                 << "Dict[str, List[Tensor]]";
        QTest::newRow("float64") << "a = torch.div(torch.ones([1, 2, 3, 3], dtype=7), 3)\n    return [a, a]"
                                 << "List[Tensor]";
        QTest::newRow("strided") << "a = torch.div(torch.ones([3, 3, 2, 1]), 3)\n    b = "
                                    "torch.permute(a, [3, 2, 1, 0])\n    return [b, b]"
                                 << "List[Tensor]";
    }
    void whatIsReturnedMayStandInSeveralPlaces() {
        QFETCH(QString, body);
        QFETCH(QString, returned);
        const auto output = outcome(body.toStdString(), "input_ids: Tensor", returned.toStdString());
        QVERIFY2(output.ok(), output.ok() ? "" : output.error().sentence().c_str());
        const auto& info = output->sources.front()->info();
        QCOMPARE(info.layers, 2);
        QCOMPARE(info.heads, 2);
        std::vector<float> row(3);
        output->sources.front()->row({1, 1}, 2, row);
        QVERIFY(std::fabs(row[2] - 1.0F / 3) < 1e-7F);
    }

    void whatIsReturnedIsNotBelieved_data() {
        QTest::addColumn<QString>("body");
        QTest::addColumn<QString>("returned");
        QTest::addColumn<QString>("words");
        const auto row = [](const char* name, const char* body, const char* words,
                            const char* returned = "List[Tensor]") {
            QTest::newRow(name) << QString(body) << QString(returned) << QString(words);
        };
        row("rank", "return [torch.ones([2, 3, 3])]",
            "element 0 of what the script returned has shape (2, 3, 3)");
        row("batch", "return [torch.ones([2, 2, 3, 3])]", "expected (1, heads, 3, 3)");
        row("no heads", "return [torch.ones([1, 0, 3, 3])]", "expected (1, heads, 3, 3)");
        row("token count", "return [torch.ones([1, 2, 3, 4])]", "has shape (1, 2, 3, 4)");
        row("heads differ", "return [torch.ones([1, 2, 3, 3]), torch.ones([1, 3, 3, 3])]",
            "element 1 of what the script returned has 3 heads");
        row("NaN", "return [torch.mul(torch.ones([1, 2, 3, 3]), float(\"nan\"))]", "not a number");
        row("infinite", "return [torch.mul(torch.ones([1, 2, 3, 3]), float(\"inf\"))]", "finite");
        row("whole numbers", "return [torch.ones([1, 2, 3, 3], dtype=4)]", "no plain floating-point numbers");
        row("nothing", "return annotate(List[Tensor], [])", "returned no attentions");
        row("a tensor", "return torch.ones([1, 2, 3, 3])", "returned no attentions", "Tensor");
        row("a number", "return 3", "returned no attentions", "int");
        row("text", "return [\"a\"]", "is no tensor", "List[str]");
        row("another name", "return {\"other\": [torch.ones([1, 2, 3, 3])]}", "returned no attentions",
            "Dict[str, List[Tensor]]");
        row("throws",
            "ops.prim.RaiseException(\"of my own\", \"builtins.ValueError\")\n    return [input_ids]",
            "the script failed: of my own");
        row("fails", "return [torch.matmul(torch.ones([2, 3]), torch.ones([2, 3]))]", "the script failed");
        row("too large", "return [torch.expand(torch.ones([1, 1, 1, 1]), [1, 1000000, 3, 3])]", "made.pt");
        row("not parsed", "return nonsense(", "cannot be loaded");
    }
    void whatIsReturnedIsNotBelieved() {
        QFETCH(QString, body);
        QFETCH(QString, returned);
        QFETCH(QString, words);
        const auto output = outcome(body.toStdString(), "input_ids: Tensor", returned.toStdString());
        QVERIFY(!output.ok());
        const auto sentence = QString::fromStdString(output.error().sentence());
        QVERIFY2(sentence.contains(words), qPrintable(sentence));
        QVERIFY2(!sentence.contains('\n'), qPrintable(sentence));
    }

    void whatAForwardAsksFor() {
        const std::string good = "return [torch.ones([1, 2, 3, 3])]";
        QVERIFY(
            outcome(good, "ids: Tensor,\n    attention_mask: Optional[Tensor]=None,\n    scale: float=2.0")
                .ok());
        const auto unknown = outcome(good, "input_ids: Tensor,\n    pixels: Tensor");
        QVERIFY(!unknown.ok() && unknown.error().sentence().find("asks for 'pixels'") != std::string::npos);
        const auto none = outcome(good, "count: int");
        QVERIFY(!none.ok() && none.error().sentence().find("no tensor of token ids") != std::string::npos);
    }

    void onlyMapsAreKeptAndAMaskNeedsAPlace() {
        RunOptions options;
        options.storage = StorageForm::factored;
        const std::string body = "return [torch.div(torch.ones([1, 2, 3, 3]), 3)]";
        const auto factored = outcome(body, "input_ids: Tensor", "List[Tensor]", options);
        QVERIFY(!factored.ok() && factored.error().sentence().find("--storage") != std::string::npos);
        options.storage = StorageForm::automatic;
        options.precision = Precision::float16;
        options.allLogits = true;
        const auto half = outcome(body, "input_ids: Tensor", "List[Tensor]", options);
        QVERIFY(half.ok() && half->sources.front()->info().storage == "dense float16" && !half->logits);
        QVERIFY(half->notices.back().find("no logits") != std::string::npos);
        ModelInput masked;
        masked.ids = {1, 2, 3};
        masked.attentionMask = {1, 1, 0};
        const auto refused = (*load(folder() / "made.pt"))->run(masked, {}, {}, {});
        QVERIFY(!refused.ok() &&
                refused.error().sentence().find("takes no attention_mask") != std::string::npos);
        masked.attentionMask.clear();
        masked.ids[1] = -4;
        QVERIFY(!(*load(folder() / "made.pt"))->run(masked, {}, {}, {}).ok());
    }

    void causalMapsAreTakenForCausal() {
        const auto output = outcome(
            "a = torch.tril(torch.ones([3, 3]))\n    b = torch.div(a, torch.sum(a, [1], True))\n    "
            "return [torch.expand(b, [1, 2, 3, 3])]");
        QVERIFY2(output.ok(), output.ok() ? "" : output.error().sentence().c_str());
        QVERIFY(output->sources.front()->info().visibility.causal());
        QVERIFY(!output->notices.empty());
    }

    // It answers when the script has ended, and then with nothing.
    void aStopIsAnsweredAfterTheScript() {
        std::stop_source stop;
        fs::create_directories(folder());
        QVERIFY(writeScript(folder() / "made.pt",
                            "  def forward(self: __torch__.Made,\n    input_ids: Tensor) -> List[Tensor]:\n"
                            "    return [torch.ones([1, 2, 3, 3])]\n")
                    .ok());
        auto model = load(folder() / "made.pt");
        QVERIFY(model.ok());
        ModelInput input;
        input.ids = {1, 2, 3};
        RunListener listener{[&](const Progress&) { stop.request_stop(); }, {}, {}};
        const auto output = (*model)->run(input, {}, listener, stop.get_token());
        QVERIFY(!output.ok() && output.error().kind == ErrorKind::cancelled);
    }
};

QTEST_GUILESS_MAIN(ScriptModelTest)
#include "script_model_test.moc"
