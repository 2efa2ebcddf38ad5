// The window under a stranger's hands: random actions with a watchdog on the UI thread, and runs, edits,
// stops and closes a thousand times over. Nothing freezes, nothing crashes, nothing of an older text stays on
// screen.
#include <QElapsedTimer>
#include <QProcess>
#include <QTimer>
#include <random>

#include "tests/ui/window_case.h"

using namespace attnviz;
using namespace attnviz::ui;

namespace {

constexpr qint64 kLongestBlockMs = 1000;

// The longest time between two turns of the event loop.
class Watchdog {
 public:
    Watchdog() {
        m_timer.setInterval(0);
        QObject::connect(&m_timer, &QTimer::timeout, &m_timer, [this] { tick(); });
        m_clock.start();
        m_timer.start();
    }
    void tick() { m_longest = std::max(m_longest, m_clock.restart()); }
    qint64 longest() const { return m_longest; }

 private:
    QTimer m_timer;
    QElapsedTimer m_clock;
    qint64 m_longest = 0;
};

}  // namespace

class WindowStressTest : public QObject {
    Q_OBJECT

 private slots:
    void twoHundredRandomActionsNeverBlock() {
        MainWindow window(test::quietSettings());
        QVERIFY(test::show(window, test::randomRun(4, 8, 60)));
        auto& workspace = window.workspace();
        auto* layout = window.findChild<DockLayout*>();
        std::mt19937 random(20);
        const auto pick = [&random](int count) {
            return static_cast<int>(random() % static_cast<unsigned>(count));
        };
        Watchdog watchdog;
        std::array<qint64, 16> worst{};
        for (int step = 0; step < 200; ++step) {
            const int action = pick(12);
            QElapsedTimer one;
            one.start();
            ViewSettings view = workspace.view();
            switch (action) {
                case 0:
                    workspace.setHead({pick(4), pick(8)});
                    break;
                case 1:
                    workspace.toggleHead({pick(4), pick(8)});
                    break;
                case 2:
                    workspace.extendHeads({pick(4), pick(8)});
                    break;
                case 3:
                    workspace.setHovered(Cell{pick(60), pick(60)});
                    break;
                case 4:
                    workspace.togglePin(Cell{pick(60), pick(60)});
                    break;
                case 5:
                    workspace.setTokens(KeyRange{pick(30), 30 + pick(30)}, std::nullopt);
                    break;
                case 6:
                    view.filters.combine = static_cast<Combine>(pick(5));
                    workspace.setView(view);
                    break;
                case 7:
                    view.filters.hideSinks = !view.filters.hideSinks;
                    view.filters.renormalize = pick(2) == 0;
                    workspace.setView(view);
                    break;
                case 8:
                    view.logarithmic = !view.logarithmic;
                    view.range = static_cast<RangeChoice>(pick(3));
                    workspace.setView(view);
                    break;
                case 9:
                    layout->apply(std::array{"default", "clusters", "long",
                                             "compare"}[static_cast<std::size_t>(pick(4))]);
                    break;
                case 10: {
                    const auto docks = window.findChildren<QDockWidget*>();
                    auto* dock = docks[pick(static_cast<int>(docks.size()))];
                    dock->setVisible(dock->isHidden());
                    if (!dock->isHidden()) dock->raise();
                    break;
                }
                default:
                    window.resize(1000 + pick(600), 700 + pick(300));
                    break;
            }
            QCoreApplication::processEvents();
            worst[static_cast<std::size_t>(action)] =
                std::max(worst[static_cast<std::size_t>(action)], one.elapsed());
        }
        QTRY_VERIFY_WITH_TIMEOUT(window.isIdle(), 60'000);
        QString each;
        for (std::size_t action = 0; action < 12; ++action)
            each += QString(" %1:%2").arg(action).arg(worst[action]);
        qInfo("longest block of the UI thread: %lld ms; by action, ms:%s", watchdog.longest(),
              qPrintable(each));
        QVERIFY2(watchdog.longest() < kLongestBlockMs, "the UI thread was blocked for more than a second");
    }

    void runTypeRunStopCloseAThousandTimes() {
        MainWindow window(test::toySettings());
        window.resize(1200, 800);
        window.show();
        window.openModel(test::toyFolder(3, 2));
        QTRY_VERIFY(window.isIdle());
        auto& workspace = window.workspace();
        std::mt19937 random(7);
        const auto pick = [&random](int count) {
            return static_cast<int>(random() % static_cast<unsigned>(count));
        };
        const QStringList words{"the", "old", "captain", "looked", "at", "sea", "<s>", "naïve", "海", "🙂"};
        // What each document was last asked to run: only that may be shown in it.
        std::map<int, QString> asked;
        QElapsedTimer clock;
        clock.start();
        int rounds = 0;
        for (; rounds < 1000 && clock.elapsed() < 150'000; ++rounds) {
            const int document = workspace.document().id;
            switch (pick(7)) {
                case 0:
                case 1:
                case 2: {
                    QString text;
                    for (int i = 0; i <= pick(12); ++i) text += words[pick(words.size())] + " ";
                    text += QString::number(rounds);
                    window.setText(text);
                    window.run();
                    asked[document] = text;
                    break;
                }
                case 3:
                    window.setText(words[pick(words.size())] + QString::number(rounds));
                    break;
                case 4:
                    window.stop();
                    break;
                case 5:
                    if (workspace.documents().size() < 4) workspace.addDocument();
                    break;
                default:
                    if (pick(2) == 0)
                        workspace.closeDocument(document);
                    else
                        workspace.setCurrentDocument(workspace
                                                         .documents()[static_cast<std::size_t>(pick(
                                                             static_cast<int>(workspace.documents().size())))]
                                                         ->id);
                    break;
            }
            for (int turns = pick(4); turns > 0; --turns) QCoreApplication::processEvents();
        }
        // Whatever was stopped runs once more; then each document shows its own last text.
        for (const auto& open : workspace.documents()) {
            workspace.setCurrentDocument(open->id);
            const QString text = QString("last words of %1").arg(open->id);
            window.setText(text);
            window.run();
            asked[open->id] = text;
        }
        QTRY_VERIFY_WITH_TIMEOUT(window.isIdle(), 60'000);
        for (const auto& open : workspace.documents()) {
            QVERIFY(open->session.run);
            QCOMPARE(QString::fromStdString(open->session.run->text()), asked[open->id]);
        }
        qInfo("%d rounds in %lld ms", rounds, clock.elapsed());
        window.close();
    }

    // The real engine, which takes every core that it gets.
    void answersWhileALongTextIsCaptured() {
#if !ATTNVIZ_WITH_TORCH
        QSKIP("this build runs no models");
#endif
        constexpr int kTokens = 4096;
        QCOMPARE(QProcess::execute(QCoreApplication::applicationDirPath() + "/make_model",
                                   {"gpt2", "long-model", "--layers", "4", "--heads", "4", "--width", "128",
                                    "--positions", "8192", "--vocab", "512"}),
                 0);
        WindowSettings settings = test::quietSettings();
        TextInput& input = settings.run.input;
        input.ids.emplace().ids.resize(kTokens);
        for (int i = 0; i < kTokens; ++i) input.ids->ids[static_cast<std::size_t>(i)] = i * 7 % 512;
        MainWindow window(std::move(settings));
        window.resize(1280, 800);
        window.show();
        QVERIFY(QTest::qWaitForWindowExposed(&window));
        window.openModel("long-model");
        auto& workspace = window.workspace();
        QTRY_VERIFY_WITH_TIMEOUT(!workspace.isEmpty() && workspace.headReady(), 120'000);
        const QAbstractButton* stop = nullptr;
        for (const auto* button : window.findChildren<QAbstractButton*>())
            if (button->property("role") == "tall" && button->text() == "Stop") stop = button;
        QVERIFY(stop);
        Watchdog watchdog;
        int moves = 0;
        // The run; then what was asked for meanwhile.
        for (int after = 0; after < 20 && moves < 2000; after += stop->isEnabled() ? 0 : 1) {
            workspace.setHead({0, moves % 4});
            workspace.setHovered(Cell{moves % kTokens, moves / 2 % kTokens});
            QTest::qWait(15);
            ++moves;
        }
        QCOMPARE(workspace.rawSource()->info().queries, kTokens);
        qInfo("longest block of the UI thread while %d tokens are captured: %lld ms, %d moves (goal 50)",
              kTokens, watchdog.longest(), moves);
        QVERIFY2(watchdog.longest() < kLongestBlockMs, "the window froze");
    }
};

QTEST_MAIN(WindowStressTest)
#include "window_stress_test.moc"
