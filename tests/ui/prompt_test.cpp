// The prompt in the real window: how texts are run, what a model takes beside the text, writing on, and runs
// that are kept.
#include <QLineEdit>
#include <QPushButton>
#include <QSpinBox>

#include "tests/ui/window_case.h"
#include "ui/state/file_controller.h"
#include "ui/widgets/continue_popup.h"
#include "ui/widgets/prompt_bar.h"

using namespace attnviz;
using namespace attnviz::ui;

class PromptTest : public QObject {
    Q_OBJECT

    // A toy model of any shape, with the sample model's tokenizer.
    static QString folder(const char* name, const JsonValue& config) {
        const std::filesystem::path path = name;
        test::writeToyFolder(path, config);
        QFile::copy(
            QString::fromStdString((test::sourceDir() / "resources/sample-model/tokenizer.json").string()),
            QString(name) + "/tokenizer.json");
        return QString::fromStdString(std::filesystem::absolute(path).string());
    }
    static QString decoder() { return folder("decoder", JsonValue::object({{"n_layer", 2}, {"n_head", 2}})); }
    static QLineEdit* field(MainWindow& window, const char* name) {
        return window.findChild<QLineEdit*>(name);
    }
    static QPushButton* button(MainWindow& window, const QString& words) {
        for (auto* child : window.findChild<PromptBar*>()->findChildren<QPushButton*>())
            if (child->text() == words) return child;
        return nullptr;
    }
    static void type(MainWindow& window, const char* name, const QString& text) {
        auto* line = field(window, name);
        line->setFocus();
        line->selectAll();
        QTest::keyClicks(line, text);
    }
    static void enter(MainWindow& window) {
        QTest::keyClick(field(window, "prompt"), Qt::Key_Return);
        QVERIFY(test::settle(window));
    }
    static void begin(MainWindow& window, const QString& model) {
        window.resize(1280, 800);
        window.show();
        QVERIFY(QTest::qWaitForWindowExposed(&window));
        window.openModel({model});
        QVERIFY(test::settle(window));
    }

 private slots:
    void init() { QFile::remove(stateFile()); }

    void optionsOfTheCommandLineCount() {
        WindowSettings settings = test::toySettings();
        settings.run.input.text = "one two three four five six";
        settings.run.input.maxLength = {false, 4};
        settings.run.input.generation.tokens = 3;
        settings.run.options.precision = Precision::float16;
        MainWindow window(settings);
        begin(window, decoder());
        const auto first = window.workspace().run();
        QVERIFY(first);
        QCOMPARE(first->input.tokens.size(), std::size_t{7});
        QCOMPARE(first->generated, 3);
        QCOMPARE(first->main().info().keptBytes, std::int64_t{2 * 2 * 7 * 7 * 2});
        enter(window);  // what was written is of the first run alone
        QCOMPARE(window.workspace().run()->input.tokens.size(), std::size_t{4});
    }

    void idsRunUntilATextIsTyped() {
        WindowSettings settings = test::toySettings();
        settings.run.input.ids = ModelInput{{5, 6, 7}, {}, {1, 1, 0}, {}};
        MainWindow window(settings);
        begin(window, decoder());
        QVERIFY(window.workspace().run());
        QCOMPARE(window.workspace().run()->input.tokens.size(), std::size_t{3});
        QVERIFY(window.workspace().run()->main().info().visibility.masked(2));
        QCOMPARE(field(window, "prompt")->placeholderText(), QString("3 token ids"));
        type(window, "prompt", "The captain");
        enter(window);
        QCOMPARE(window.workspace().run()->text(), std::string("The captain"));
    }

    void anyPositionOfALongTextHasItsPredictions() {
        WindowSettings settings = test::toySettings();
        ModelInput ids;
        for (int token = 0; token < 4096; ++token) ids.ids.push_back(token * 7 % 50);
        settings.run.input.ids = ids;
        MainWindow window(settings);
        begin(window, folder("long", JsonValue::object({{"n_layer", 1}, {"n_head", 1}, {"vocab_size", 50}})));
        const auto run = window.workspace().run();
        QVERIFY(run);
        QCOMPARE(run->predictions.size(), std::size_t{4096});
        for (const int position : {0, 600, 3001, 4095}) {
            const auto& kept = run->predictions[static_cast<std::size_t>(position)];
            QCOMPARE(kept.position, position);
            QCOMPARE(kept.top.size(), std::size_t{10});
        }
    }

    void fieldsAreThereForModelsThatTakeThem() {
        MainWindow window(test::toySettings());
        begin(window, decoder());
        QVERIFY(!field(window, "pair")->isVisible() && !field(window, "target")->isVisible());
        QVERIFY(button(window, "Continue…")->isVisible());
        window.openModel(
            {folder("segments", JsonValue::object({{"causal", false}, {"type_vocab_size", 2}}))});
        QVERIFY(test::settle(window));
        QVERIFY(field(window, "pair")->isVisible() && !field(window, "target")->isVisible());
        QVERIFY(!button(window, "Continue…")->isVisible());
        type(window, "prompt", "The captain");
        type(window, "pair", "his ship");
        enter(window);
        QCOMPARE(window.workspace().run()->input.texts,
                 (std::vector<std::string>{"The captain", "his ship"}));
        window.openModel({folder(
            "both", JsonValue::object({{"is_encoder_decoder", true}, {"decoder_start_token_id", 3}}))});
        QVERIFY(test::settle(window));
        QVERIFY(!field(window, "pair")->isVisible() && field(window, "target")->isVisible());
        QCOMPARE(window.workspace().run()->input.texts, std::vector<std::string>{"The captain"});
        QVERIFY(window.workspace().run()->generated > 0);
        type(window, "target", "the ship");
        enter(window);
        const auto run = window.workspace().run();
        QCOMPARE(run->generated, 0);
        QCOMPARE(run->target->texts, std::vector<std::string>{"the ship"});
        QCOMPARE(run->sources.size(), std::size_t{3});
        // Another document has its own; a saved one brings them back.
        window.workspace().addDocument();
        QVERIFY(field(window, "prompt")->text().isEmpty() && field(window, "target")->text().isEmpty());
        Session saved;
        saved.run = run;
        window.workspace().open(saved);
        QVERIFY(test::settle(window));
        QCOMPARE(field(window, "prompt")->text(), QString("The captain"));
        QCOMPARE(field(window, "target")->text(), QString("the ship"));
    }

    void aModelWritesOnAndOn() {
        MainWindow window(test::toySettings());
        begin(window, decoder());
        type(window, "prompt", "The captain called");
        enter(window);
        const auto given = window.workspace().run()->input.tokens.size();
        QTest::keyClick(&window, Qt::Key_G, Qt::ControlModifier);
        auto* popup = window.findChild<ContinuePopup*>();
        QVERIFY(popup && popup->isVisible());
        auto* tokens = popup->findChild<QSpinBox*>();
        tokens->setValue(4);
        QTest::keyClick(tokens->findChild<QLineEdit*>(), Qt::Key_Return);
        QVERIFY(test::settle(window));
        const auto run = window.workspace().run();
        QCOMPARE(run->input.tokens.size(), given + 4);
        QCOMPARE(run->generated, 4);
        QCOMPARE(field(window, "prompt")->text(), QString("The captain called"));
        QTRY_VERIFY(!window.findChild<ContinuePopup*>());
        // The same way goes on; another begins anew.
        button(window, "Continue…")->click();
        popup = window.findChild<ContinuePopup*>();
        QCOMPARE(popup->generation().tokens, 4);
        popup->findChild<QPushButton*>(QString(), Qt::FindDirectChildrenOnly)->click();
        QVERIFY(test::settle(window));
        QCOMPARE(window.workspace().run()->generated, 8);
        QVERIFY(std::equal(run->input.tokens.begin(), run->input.tokens.end(),
                           window.workspace().run()->input.tokens.begin(),
                           [](const Token& a, const Token& b) { return a.id == b.id; }));
        Generation drawn;
        drawn.tokens = 3;
        drawn.sampling = {false, 2, 0, 1, 9};
        window.continueRun(drawn);
        QVERIFY(test::settle(window));
        QCOMPARE(window.workspace().run()->generated, 3);
        QVERIFY(window.workspace().run()->notices.empty());
    }

    void finishedRunsAreKept() {
        for (const bool keep : {true, false}) {
            WindowSettings settings = test::toySettings();
            settings.run.keepRuns = keep;
            MainWindow window(settings);
            begin(window, decoder());
            type(window, "prompt", "The captain");
            enter(window);
            const auto first = window.workspace().run();
            type(window, "prompt", "his ship");
            enter(window);
            QVERIFY(window.workspace().run() != first);
            type(window, "prompt", "The captain");
            enter(window);
            QCOMPARE(window.workspace().run() == first, keep);
            window.openModel({decoder()});  // perhaps other weights
            QVERIFY(test::settle(window));
            QVERIFY(window.workspace().run() != first);
        }
    }
};

QTEST_MAIN(PromptTest)
#include "prompt_test.moc"
