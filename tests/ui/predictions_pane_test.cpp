// The Predictions pane in the real window: which position it shows, and what it says where it has none.
#include <QTableView>

#include "tests/ui/window_case.h"
#include "ui/widgets/table_columns.h"

using namespace attnviz;
using namespace attnviz::ui;

namespace {

class PredictionsWindow : public test::PaneWindow {
 public:
    explicit PredictionsWindow(ThemeChoice theme = ThemeChoice::light)
        : PaneWindow("predictions", {420, 320}, theme) {}
    QAbstractItemModel& table() { return *part<QTableView>().model(); }
    // The likeliest token that is shown.
    QString first() { return table().index(0, 1).data().toString(); }
};

// At each given position: "p<position>" with 0.75, "<b>" with 0.25.
std::shared_ptr<const AttentionRun> predicted(std::shared_ptr<const AttentionRun> from,
                                              const std::vector<int>& positions) {
    auto run = std::make_shared<AttentionRun>(*from);
    for (const int position : positions)
        run->predictions.push_back(
            {position, {{position, " p" + std::to_string(position), 0.75}, {1, "<b>", 0.25}}});
    return run;
}

}  // namespace

class PredictionsPaneTest : public QObject {
    Q_OBJECT

 private slots:
    void whereThereIsNoneItSaysWhy() {
        PredictionsWindow window;
        QVERIFY(window.words().contains("Open a session or run a text"));
        window.open(test::randomRun(2, 2, 5));
        QVERIFY2(window.words().contains("This run keeps no predictions"), qPrintable(window.words()));
        QVERIFY(!window.pane().picture());
        QVERIFY(window.pane().values().isEmpty());
        window.workspace().setRunning(window.workspace().document().id, 0.4);
        window.settle();
        QVERIFY2(window.words().contains("at the end of the run"), qPrintable(window.words()));
    }

    void thePositionIsThatOfThePinnedOrHoveredQuery() {
        PredictionsWindow window;
        window.open(predicted(test::randomRun(2, 2, 5), {0, 1, 2, 3, 4}));
        QCOMPARE(window.first(), QString("·p4"));
        QVERIFY2(window.words().contains("After 4 t4"), qPrintable(window.words()));
        QVERIFY2(window.words().contains("kept at 0–4"), qPrintable(window.words()));
        window.workspace().setHovered(Cell{1, 0});
        window.settle();
        QCOMPARE(window.first(), QString("·p1"));
        window.workspace().setPinned(Cell{3, 0});
        window.settle();
        QCOMPARE(window.first(), QString("·p3"));
        QCOMPARE(window.table().index(0, 2).data().toString(), QString("0.7500"));
        QCOMPARE(window.table().index(0, 2).data(kBarShareRole).toDouble(), 0.75);
        QCOMPARE(window.pane().values(),
                 QString("position\trank\tid\ttoken\tprobability\n3\t1\t3\t·p3\t0.75\n3\t2\t1\t<b>\t0.25\n"));
    }

    void whatIsNotKeptShowsTheLast() {
        PredictionsWindow window;
        window.open(predicted(test::randomRun(2, 2, 64), {63}));
        window.workspace().setHovered(Cell{7, 1});
        window.settle();
        QCOMPARE(window.first(), QString("·p63"));
        QVERIFY2(window.words().contains("not kept at 7 · kept at 63 only"), qPrintable(window.words()));
        window.open(predicted(test::randomRun(2, 2, 64), {3, 9, 63}));
        QVERIFY2(window.words().contains("kept at 3 of 3–63"), qPrintable(window.words()));
    }

    void ofAWordItsLastTokenIsMeant() {
        PredictionsWindow window;
        auto run = std::make_shared<AttentionRun>(*test::runFromText(
            "1 . . .\n.5 .5 . .\n.2 .3 .5 .\n.1 .2 .3 .4", {"play", "ing", " chess", " now"}));
        window.open(predicted(run, {0, 1, 2, 3}));
        ViewSettings view = window.workspace().view();
        view.filters.words = true;
        window.workspace().setView(view);
        window.settle();
        window.workspace().setHovered(Cell{0, 0});
        window.settle();
        QCOMPARE(window.first(), QString("·p1"));
    }

    void aModelThatSeesBothSidesNamesTheTokenItself() {
        PredictionsWindow window(ThemeChoice::dark);
        window.open(predicted(test::randomRun(2, 2, 6, false), {0, 1, 2, 3, 4, 5}));
        window.workspace().setHovered(Cell{2, 0});
        window.settle();
        QVERIFY2(window.words().contains("At 2 t2"), qPrintable(window.words()));
        QVERIFY(window.dock().grab().save("predictions-dark.png"));
    }

    void anEncoderDecodersAreOfTheTarget() {
        auto run = std::make_shared<AttentionRun>(*test::runFromText(".5 .25 .25\n.1 .2 .7"));
        run->target = TokenizedText{{"ab"}, {Token{1, "a", "a", 0, 1}, Token{2, "b", "b", 1, 2}}};
        PredictionsWindow window;
        window.open(predicted(run, {0, 1}));
        QVERIFY2(window.words().contains("After 1 b"), qPrintable(window.words()));
        window.workspace().setHovered(Cell{0, 2});
        window.settle();
        QVERIFY2(window.words().contains("After 0 a"), qPrintable(window.words()));
    }
};

QTEST_MAIN(PredictionsPaneTest)
#include "predictions_pane_test.moc"
