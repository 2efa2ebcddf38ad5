// The dialog that opens models, on the real window: a made cache, folders, and a hub of this machine.
#include <QAction>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTableWidget>
#include <QTemporaryDir>
#include <fstream>
#include <iterator>

#include "tests/support/hub_server.h"
#include "tests/support/safetensors_text.h"
#include "tests/support/script_text.h"
#include "tests/ui/window_case.h"
#include "ui/dialogs/choice_list.h"
#include "ui/dialogs/model_choices.h"
#include "ui/dialogs/open_model_dialog.h"
#include "ui/state/file_controller.h"
#include "ui/widgets/banner.h"

using namespace attnviz;
using namespace attnviz::ui;
using attnviz::test::HubReply;
using attnviz::test::HubRequest;
namespace fs = std::filesystem;

namespace {

// Takes any model, and keeps what it was asked for.
class ScriptEngine final : public Engine {
 public:
    EngineInfo describe() const override { return {"none", "none", {"cpu"}, {}}; }
    Result<std::shared_ptr<Model>> load(const LoadRequest& request, const ProgressSink&,
                                        std::stop_token) override {
        requests.push_back(request);
        test::ToySettings settings;
        settings.name = request.folder.name;
        return std::shared_ptr<Model>(std::make_shared<test::ToyModel>(settings));
    }
    std::vector<LoadRequest> requests;  // looked at when the window is idle
};

const std::string kCommit(40, 'a');

std::string contentOf(const fs::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace

class OpenModelDialogTest : public QObject {
    Q_OBJECT
    QTemporaryDir m_folder;
    fs::path m_cache, m_toy;
    std::unique_ptr<test::HubServer> m_server;
    std::unique_ptr<MainWindow> m_window;

    OpenModelDialog* open() {
        for (auto* action : m_window->findChildren<QAction*>())
            if (QString(action->text()).remove('&') == "Open model…") {
                action->trigger();
                break;
            }
        return m_window->findChild<OpenModelDialog*>();
    }
    void makeWindow() {
        m_window = std::make_unique<MainWindow>(test::toySettings());
        m_window->resize(1280, 800);
        m_window->show();
    }
    static ChoiceList& list(OpenModelDialog& dialog) { return *dialog.findChild<ChoiceList*>(); }
    static QLineEdit& field(OpenModelDialog& dialog) { return *dialog.findChild<QLineEdit*>("model"); }
    static QPushButton& button(OpenModelDialog& dialog) { return *dialog.findChild<QPushButton*>("open"); }
    static QString chosen(OpenModelDialog& dialog) { return list(dialog).currentIndex().data().toString(); }
    static QString what(OpenModelDialog& dialog) { return dialog.findChild<QLabel*>("what")->text(); }
    // Every row as it is read out, headings too.
    static QStringList rows(OpenModelDialog& dialog) {
        QStringList out;
        const auto* model = list(dialog).model();
        for (int row = 0; row < model->rowCount(); ++row)
            out.append(model->index(row, 0).data(Qt::AccessibleTextRole).toString());
        return out;
    }
    static QStringList banners(QWidget& widget) { return widget.findChild<Banners*>()->sentences(); }
    QString modelShown() const { return m_window->findChild<QPushButton*>("model")->text(); }
    QAction* closeModel() const {
        for (auto* action : m_window->findChildren<QAction*>())
            if (QString(action->text()).remove('&') == "Close model") return action;
        return nullptr;
    }
    bool settled(OpenModelDialog& dialog) {
        return QTest::qWaitFor([&] { return dialog.isIdle() && m_window->isIdle(); }, 20'000);
    }
    // A snapshot as a download would have left it.
    void addToCache(const std::string& folder, const fs::path& from, bool weights = true) {
        const auto repository = m_cache / folder;
        fs::create_directories(repository / "refs");
        std::ofstream(repository / "refs/main") << kCommit;
        fs::create_directories(repository / "snapshots" / kCommit);
        for (const auto& entry : fs::directory_iterator(from))
            if (weights || entry.path().extension() != ".safetensors")
                fs::copy_file(entry.path(), repository / "snapshots" / kCommit / entry.path().filename());
    }
    void expectSentence(const char* words) {
        auto* dialog = open();
        QVERIFY(dialog && settled(*dialog));
        field(*dialog).setText("org/toy");
        QVERIFY(settled(*dialog));
        QCOMPARE(button(*dialog).text(), QString("Look up"));
        QTest::keyClick(&field(*dialog), Qt::Key_Return);
        QVERIFY(settled(*dialog));
        QCOMPARE(banners(*dialog).size(), 1);
        QVERIFY2(banners(*dialog).first().contains(words), qPrintable(banners(*dialog).first()));
        QVERIFY(dialog->isVisible() && button(*dialog).text() == "Look up");
        QVERIFY2(!fs::exists(m_cache / "models--org--toy"),
                 "nothing is written for a model that is not there");
    }

 private slots:
    void init() {
        QFile::remove(stateFile());
        const fs::path folder = fs::path(m_folder.path().toStdString()) / QTest::currentTestFunction() /
                                (QTest::currentDataTag() ? QTest::currentDataTag() : "-");
        m_cache = folder / "hub";
        m_toy = folder / "toy <b>model";
        fs::create_directories(m_cache);
        test::writeToyFolder(m_toy, JsonValue::object({{"n_layer", 3}, {"n_head", 2}}));
        fs::copy_file(test::sourceDir() / "resources/sample-model/tokenizer.json", m_toy / "tokenizer.json");
        m_server = std::make_unique<test::HubServer>();
        auto& toy = m_server->models["org/toy"];
        toy.commit = kCommit;
        for (const auto& entry : fs::directory_iterator(m_toy))
            toy.files[entry.path().filename().string()] = contentOf(entry.path());
        qputenv("HF_HUB_CACHE", QByteArray::fromStdString(m_cache.string()));
        qputenv("HF_ENDPOINT", QByteArray::fromStdString(m_server->endpoint()));
        qunsetenv("HF_HUB_OFFLINE");
        makeWindow();
    }
    void cleanup() {
        m_window.reset();
        m_server.reset();
    }

    void listsWhatIsThereAndWhatRuns() {
        addToCache("models--org--whole", m_toy);
        addToCache("models--org--part", m_toy, false);
        fs::create_directories(m_cache / "models--org--odd/snapshots/c0ffee");
        std::ofstream(m_cache / "models--org--odd/snapshots/c0ffee/config.json")
            << "{\"model_type\":\"odd\\u001b[31m<b>\"}";
        std::ofstream(m_cache / "models--org--odd/snapshots/c0ffee/model.safetensors") << "x";
        auto* dialog = open();
        QVERIFY(dialog);
        QVERIFY2(field(*dialog).hasFocus() || !dialog->isActiveWindow(), "typing begins at once");
        QVERIFY(settled(*dialog));
        const auto listed = rows(*dialog);
        QVERIFY(!listed.join('\n').contains('\x1b'));
        QVERIFY(listed.indexOf("On this computer") >= 0 && listed.contains("Hugging Face hub"));
        const auto row = [&](const char* name) {
            for (const auto& one : listed)
                if (one.startsWith(name)) return one;
            return QString();
        };
        QVERIFY(row("sample").contains("Ships with the program"));
        QVERIFY2(row("org/whole").contains("toy") && !row("org/whole").contains("Cannot"),
                 qPrintable(row("org/whole")));
        QVERIFY2(row("org/part").contains("no model.safetensors"), qPrintable(row("org/part")));
        QVERIFY2(row("org/odd@c0ffee").contains("cannot be run"), qPrintable(row("org/odd")));
        // By keyboard: headings and sentences are stepped over.
        QCOMPARE(chosen(*dialog), QString("sample"));
        QTest::keyClick(&field(*dialog), Qt::Key_Down);
        QCOMPARE(chosen(*dialog), QString("org/odd@c0ffee"));
        QVERIFY(!button(*dialog).isEnabled() && what(*dialog).contains("cannot be run"));
        QTest::keyClick(&field(*dialog), Qt::Key_Down);
        QCOMPARE(chosen(*dialog), QString("org/part"));
        QCOMPARE(button(*dialog).text(), QString("Look up"));
        QTest::keyClick(&field(*dialog), Qt::Key_PageDown);
        QCOMPARE(chosen(*dialog), QString("org/whole"));
        QVERIFY(button(*dialog).isEnabled() && what(*dialog).contains("Can be run"));
        QTest::keyClicks(&field(*dialog), "ORG par");
        QVERIFY(settled(*dialog));
        QCOMPARE(chosen(*dialog), QString("org/part"));
        QVERIFY(!rows(*dialog).join('\n').contains("org/whole"));
        QTest::keyClicks(&field(*dialog), "zzz !");
        QVERIFY(settled(*dialog));
        QVERIFY(chosen(*dialog).isEmpty() && !button(*dialog).isEnabled());
        QTest::keyClick(dialog, Qt::Key_Escape);
        QTRY_VERIFY(!m_window->findChild<OpenModelDialog*>());
        QVERIFY(m_server->requests().empty());
    }

    void aModelOfTheCacheOpensWithoutTheNetwork() {
        addToCache("models--org--toy", m_toy);
        auto* dialog = open();
        QVERIFY(settled(*dialog));
        field(*dialog).setText("org/toy");
        QVERIFY(settled(*dialog));
        QCOMPARE(button(*dialog).text(), QString("Open"));
        QTest::keyClick(&field(*dialog), Qt::Key_Return);
        QTRY_VERIFY(m_window->isIdle() && !modelShown().contains("No model"));
        QVERIFY2(modelShown().contains("org/toy") && modelShown().contains("3 × 2"),
                 qPrintable(modelShown()));
        QVERIFY(m_server->requests().empty());
        // It is recent now, by its name and not by its commit's.
        dialog = open();
        QVERIFY(settled(*dialog));
        QCOMPARE(rows(*dialog).first(), QString("Recent"));
        QVERIFY2(rows(*dialog).at(1).startsWith("org/toy. toy"), qPrintable(rows(*dialog).at(1)));
    }

    void theWelcomePageListsWhatTheCacheHolds() {
        for (const char* name : {"a", "b", "c", "d", "e", "toy"})
            addToCache(std::string("models--org--") + name, m_toy);
        addToCache("models--org--part", m_toy, false);
        makeWindow();
        QTRY_VERIFY(m_window->isIdle());
        const auto named = [&](const QString& start) -> QPushButton* {
            for (auto* one : m_window->findChildren<QPushButton*>())
                if (one->isVisible() && (one->accessibleName() + one->text()).startsWith(start)) return one;
            return nullptr;
        };
        QVERIFY(named("org/a. toy") && named("org/e. toy") && named("1 more…"));
        QVERIFY2(!named("org/toy") && !named("org/part"), "five are shown, and what is not whole is not");
        QLineEdit* filter = nullptr;
        for (auto* one : m_window->findChildren<QLineEdit*>())
            if (one->placeholderText() == "Filter") filter = one;
        QVERIFY(filter && filter->isVisible());
        filter->setFocus();
        QTest::keyClicks(filter, "ORG/TO");
        QTRY_VERIFY(named("org/toy. toy") && !named("org/a"));
        QTest::keyClick(filter, Qt::Key_Return);
        QTRY_VERIFY2(m_window->isIdle() && modelShown().contains("org/toy"), qPrintable(modelShown()));
        QVERIFY(m_server->requests().empty());
    }

    void aTypedFolderOpens() {
        auto* dialog = open();
        QVERIFY(settled(*dialog));
        field(*dialog).setText(QString::fromStdString((m_toy / "none").string()));
        QVERIFY(settled(*dialog));
        QVERIFY2(what(*dialog).contains("no such folder") && !button(*dialog).isEnabled(),
                 qPrintable(what(*dialog)));
        field(*dialog).setText(QString::fromStdString(m_cache.string()));
        QVERIFY(settled(*dialog));
        QVERIFY2(what(*dialog).contains("no config.json") && !button(*dialog).isEnabled(),
                 qPrintable(what(*dialog)));
        field(*dialog).setText(QString::fromStdString(m_toy.string()) + "/");
        QVERIFY(settled(*dialog));
        QCOMPARE(chosen(*dialog), QString("toy <b>model"));
        QVERIFY(dialog->findChild<QLabel*>("title")->textFormat() == Qt::PlainText);
        button(*dialog).click();
        QTRY_VERIFY(m_window->isIdle() && modelShown().contains("toy"));
    }

    void aNameIsLookedUpShownAskedAndDownloaded() {
        auto* dialog = open();
        QVERIFY(settled(*dialog));
        field(*dialog).setText("org/toy");
        QVERIFY(settled(*dialog));
        QVERIFY(m_server->requests().empty());
        button(*dialog).click();
        QVERIFY(settled(*dialog));
        QVERIFY2(banners(*dialog).isEmpty(), qPrintable(banners(*dialog).join('\n')));
        // What would be fetched is shown, and nothing of it has been.
        const auto* files = dialog->findChild<QTableWidget*>("files");
        QVERIFY(files->isVisible());
        QCOMPARE(files->rowCount(), 3);
        QCOMPARE(files->item(0, 0)->text(), QString("config.json"));
        QVERIFY(button(*dialog).text().startsWith("Download "));
        QVERIFY2(what(*dialog).contains(QString::fromStdString(m_cache.string())), qPrintable(what(*dialog)));
        for (const auto& request : m_server->requests()) QCOMPARE(request.method, std::string("HEAD"));
        QVERIFY(!fs::exists(m_cache / "models--org--toy"));
        button(*dialog).click();
        QTRY_VERIFY_WITH_TIMEOUT(m_window->isIdle() && modelShown().contains("org/toy"), 20'000);
        QVERIFY(!m_window->findChild<OpenModelDialog*>() ||
                !m_window->findChild<OpenModelDialog*>()->isVisible());
        QVERIFY(fs::exists(m_cache / "models--org--toy/snapshots" / kCommit / "model.safetensors"));
        QVERIFY2(banners(*m_window).isEmpty(), qPrintable(banners(*m_window).join('\n')));
    }

    void whatIsMissingOfACachedModelIsLookedUp() {
        addToCache("models--org--toy", m_toy, false);
        auto* dialog = open();
        QVERIFY(settled(*dialog));
        field(*dialog).setText("org/toy");
        QVERIFY(settled(*dialog));
        QCOMPARE(button(*dialog).text(), QString("Look up"));
        button(*dialog).click();
        QVERIFY(settled(*dialog));
        QCOMPARE(dialog->findChild<QTableWidget*>("files")->rowCount(), 1);
        button(*dialog).click();
        QTRY_VERIFY_WITH_TIMEOUT(m_window->isIdle() && modelShown().contains("org/toy"), 20'000);
    }

    void aShardedModelsShardsAreShown() {
        auto& toy = m_server->models["org/toy"];
        toy.files.erase("model.safetensors");
        toy.files["model.safetensors.index.json"] =
            R"({"weight_map":{"a":"model-1.safetensors","b":"model-2.safetensors"}})";
        toy.files["model-1.safetensors"] = std::string(30'000, 'x');
        toy.files["model-2.safetensors"] = std::string(20'000, 'y');
        auto* dialog = open();
        field(*dialog).setText("org/toy@main");
        QVERIFY(settled(*dialog));
        button(*dialog).click();
        QVERIFY(settled(*dialog));
        QStringList files;
        const auto* table = dialog->findChild<QTableWidget*>("files");
        for (int row = 0; row < table->rowCount(); ++row) files.append(table->item(row, 0)->text());
        QVERIFY2(files.contains("model-1.safetensors") && files.contains("model-2.safetensors"),
                 qPrintable(files.join(' ')));
        QVERIFY(!fs::exists(m_cache / "models--org--toy"));
    }

    void aDownloadIsStoppedInTheWindow() {
        m_server->models["org/toy"].files["model.safetensors"] = test::seededBytes(4'000'000, 3);
        m_server->adjust = [](const HubRequest& request, HubReply& reply) {
            if (request.store) reply.microsecondsABlock = 20'000;
        };
        auto* dialog = open();
        field(*dialog).setText("org/toy");
        QVERIFY(settled(*dialog));
        button(*dialog).click();
        QVERIFY(settled(*dialog));
        button(*dialog).click();
        auto* stop = [&]() -> QPushButton* {
            for (auto* one : m_window->findChildren<QPushButton*>())
                if (one->text() == "Stop") return one;
            return nullptr;
        }();
        QVERIFY(stop);
        QTRY_VERIFY(m_server->bodyBytes() > 100'000);
        QVERIFY(stop->isEnabled());
        stop->click();
        QTRY_VERIFY_WITH_TIMEOUT(m_window->isIdle(), 10'000);
        QVERIFY(!stop->isEnabled() && modelShown().contains("No model"));
        QVERIFY2(banners(*m_window).isEmpty(), "being stopped is no error");
        QVERIFY(!fs::exists(m_cache / "models--org--toy/snapshots" / kCommit / "model.safetensors"));
    }

    void closingEndsALookUp() {
        m_server->adjust = [](const HubRequest&, HubReply& reply) { reply.status = 503; };
        auto* dialog = open();
        field(*dialog).setText("org/toy");
        QVERIFY(settled(*dialog));
        button(*dialog).click();
        QVERIFY(!button(*dialog).isEnabled());
        QTest::keyClick(&field(*dialog), Qt::Key_Escape);
        QTRY_VERIFY_WITH_TIMEOUT(!m_window->findChild<OpenModelDialog*>(), 2000);
    }

    void whatTheHubRefusesIsASentence_data() {
        QTest::addColumn<QString>("case");
        for (const char* name : {"none", "gated", "private", "too often", "no network", "no weights"})
            QTest::newRow(name) << name;
    }
    void whatTheHubRefusesIsASentence() {
        const QString name = QTest::currentDataTag();
        auto& toy = m_server->models["org/toy"];
        if (name == "none") {
            m_server->models.clear();
            expectSentence("has no such model");
        } else if (name == "gated") {
            toy.gated = true;
            expectSentence("granted on request only");
        } else if (name == "private") {
            toy.token = "hf_secret";
            expectSentence("keeps it private");
        } else if (name == "too often") {
            m_server->adjust = [](const HubRequest&, HubReply& reply) {
                reply.status = 429;
                reply.set("Retry-After", "3600");
            };
            expectSentence("asked too often");
        } else if (name == "no network") {
            qputenv("HF_ENDPOINT", "http://127.0.0.1:1");
            expectSentence("127.0.0.1");
        } else {
            toy.files.erase("model.safetensors");
            expectSentence("no model.safetensors");
        }
    }

    void offlineSaysSoAndAsksNobody() {
        qputenv("HF_HUB_OFFLINE", "1");
        addToCache("models--org--whole", m_toy);
        auto* dialog = open();
        QVERIFY(settled(*dialog));
        QVERIFY(rows(*dialog).last().contains("HF_HUB_OFFLINE"));
        field(*dialog).setText("org/toy");
        QVERIFY(settled(*dialog));
        QVERIFY(rows(*dialog).last().contains("HF_HUB_OFFLINE"));
        QVERIFY(!button(*dialog).isEnabled());
        field(*dialog).setText("org/whole");
        QVERIFY(settled(*dialog));
        button(*dialog).click();
        QTRY_VERIFY(m_window->isIdle() && modelShown().contains("org/whole"));
        QVERIFY(m_server->requests().empty());
    }

    // Nothing of a script is run, or given to the engine, before a person says so; and they are asked each
    // time.
    void aScriptIsAskedAboutEachTime() {
        static ScriptEngine engine;
        engine.requests.clear();
        auto settings = test::quietSettings();
        settings.engine = []() -> Result<Engine*> { return &engine; };
        m_window = std::make_unique<MainWindow>(std::move(settings));
        m_window->show();
        const fs::path script = m_toy.parent_path() / "own/module<b>.pt";
        fs::create_directories(script.parent_path());
        fs::copy_file(m_toy / "tokenizer.json", script.parent_path() / "tokenizer.json");
        QVERIFY(
            test::writeScript(script, "  def forward(self: __torch__.Made) -> int:\n    return 1\n").ok());
        auto* dialog = open();
        field(*dialog).setText(QString::fromStdString(script.parent_path().string()));
        QVERIFY(settled(*dialog));
        QVERIFY2(what(*dialog).contains("asked before it runs"), qPrintable(what(*dialog)));
        button(*dialog).click();
        for (int round = 0; round < 2; ++round) {
            QTRY_VERIFY(m_window->isIdle() && banners(*m_window).size() == 1);
            QVERIFY(banners(*m_window).first().contains("is a TorchScript module: code"));
            QCOMPARE(engine.requests.size(), static_cast<std::size_t>(round));
            QPushButton* run = nullptr;
            for (auto* one : m_window->findChildren<QPushButton*>())
                if (one->text() == "Run it anyway") run = one;
            QVERIFY(run);
            run->click();
            QTRY_COMPARE(engine.requests.size(), static_cast<std::size_t>(round) + 1);
            QTRY_VERIFY(m_window->isIdle());
            QVERIFY(engine.requests.back().allowCode && engine.requests.back().folder.script == script);
            QVERIFY2(modelShown().contains("module<b>.pt"), qPrintable(modelShown()));
            // What is recent is the script itself.
            m_window->openFile(QString::fromStdString(script.string()));
        }
        // A tokenizer from elsewhere is still meant once a person has said yes.
        QTRY_VERIFY(m_window->isIdle());
        const fs::path alone = m_toy.parent_path() / "alone/module.pt";
        fs::create_directories(alone.parent_path());
        fs::copy_file(script, alone);
        m_window->findChild<Banners*>()->clear();
        m_window->openModel(
            {QString::fromStdString(alone.string()), QString::fromStdString(m_toy.string()), false});
        QTRY_COMPARE(banners(*m_window).size(), 1);
        for (auto* one : m_window->findChildren<QPushButton*>())
            if (one->text() == "Run it anyway") {
                one->click();
                break;
            }
        QTRY_VERIFY(m_window->isIdle() && engine.requests.back().folder.script == alone);
        QVERIFY2(banners(*m_window).isEmpty(), qPrintable(banners(*m_window).join('\n')));
    }

    void everyPartHasItsNameAndBothThemesDraw() {
        addToCache("models--org--whole", m_toy);
        auto* dialog = open();
        QVERIFY(settled(*dialog));
        for (auto* widget : dialog->findChildren<QWidget*>()) {
            if (widget->focusPolicy() == Qt::NoFocus || !widget->isVisible()) continue;
            const auto* push = qobject_cast<QPushButton*>(widget);
            if (qobject_cast<QLabel*>(widget) || widget->objectName().startsWith("qt_")) continue;
            QVERIFY2(push ? !push->text().isEmpty() : !widget->accessibleName().isEmpty(),
                     widget->metaObject()->className());
        }
        const QImage light = dialog->grab().toImage();
        light.save("light.png");
        Appearance::instance().apply(ThemeChoice::dark);
        field(*dialog).setText("org/toy");
        QVERIFY(settled(*dialog));
        button(*dialog).click();
        QVERIFY(settled(*dialog));
        const QImage dark = dialog->grab().toImage();
        dark.save("dark.png");
        Appearance::instance().apply(ThemeChoice::light);
        QVERIFY(qGray(light.pixel(3, 3)) > 200 && qGray(dark.pixel(3, 3)) < 60);
    }
};

QTEST_MAIN(OpenModelDialogTest)
#include "open_model_dialog_test.moc"
