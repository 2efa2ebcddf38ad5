// The Comparison pane in the real window: which documents it compares, what it draws and says of them.
#include <QGraphicsView>
#include <QSettings>
#include <QTableView>
#include <QToolButton>

#include "core/analysis/difference.h"
#include "tests/ui/window_case.h"
#include "ui/state/file_controller.h"
#include "ui/widgets/compare_view.h"
#include "ui/widgets/layer_dots.h"

using namespace attnviz;
using namespace attnviz::ui;
using namespace attnviz::test;

namespace {

class CompareWindow : public PaneWindow {
 public:
    explicit CompareWindow(ThemeChoice theme = ThemeChoice::light, QSize size = {1100, 420})
        : PaneWindow("comparison", size, theme) {}
    // Two documents, the first of them current.
    void openBoth(std::shared_ptr<const AttentionRun> a, std::shared_ptr<const AttentionRun> b) {
        const int first = open(std::move(a));
        open(std::move(b));
        workspace().setCurrentDocument(first);
        QVERIFY(settle());
    }
    QToolButton& swapButton() { return named<QToolButton>("Swap A and B"); }
    CompareView& view() { return part<CompareView>(); }
    QTableView& table() { return part<QTableView>(); }
};

const std::vector<std::string> kGirl{"<s>",  "Once",    " upon", " a",  " time", ",",      " there", " was",
                                     " a",   " little", " g",    "ir",  "l",     " named", " Lily",  ".",
                                     " She", " lo",     "ved",   " to", " play", " out",   "s",      "id",
                                     "e",    " in",     " the",  " p",  "ar",    "k",      "."};
const std::vector<std::string> kBoy{"<s>", "Once",    " upon", " a",  " time", ",",      " there", " was",
                                    " a",  " little", " b",    "o",   "y",     " named", " Tim",   ".",
                                    " He", " lo",     "ved",   " to", " play", " out",   "s",      "id",
                                    "e",   " in",     " the",  " s",  "n",     "ow",     "."};

std::shared_ptr<const AttentionRun> girl() {
    return withTokens(*test::randomRun(5, 8, 31, true, 1), kGirl);
}
std::shared_ptr<const AttentionRun> boy() {
    return withTokens(*test::randomRun(5, 8, 31, true, 2), kBoy);
}

}  // namespace

class ComparisonPaneTest : public QObject {
    Q_OBJECT

 private slots:
    void init() { QSettings(stateFile(), QSettings::IniFormat).remove("comparison"); }

    void withoutTwoTextsItSaysWhatToOpen() {
        CompareWindow window;
        QVERIFY2(window.sentence().startsWith("Open a session or run a text"), qPrintable(window.sentence()));
        window.open(test::randomRun(2, 2, 5));
        QCOMPARE(window.sentence(),
                 QString("Open a second text in a tab (File, New document) to compare with."));
        QVERIFY(!window.pane().picture());
        QVERIFY(window.pane().values().isEmpty());
        QVERIFY(!window.swapButton().isEnabled());
        const int second = window.open(test::randomRun(2, 2, 5, true, 7));
        QVERIFY(window.pane().picture());
        window.workspace().closeDocument(second);
        window.settle();
        QVERIFY(!window.pane().picture());
    }

    void valuesAreThoseOfTheRuns() {
        CompareWindow window;
        window.openBoth(test::runFromText("1 . .\n.5 .5 .\n.2 .3 .5", {"a", "b", "c"}),
                        test::runFromText("1 . .\n.25 .75 .\n.6 .3 .1", {"a", "x", "c"}));
        // b and x have no partner: rows a and c, keys a and c.
        const QStringList lines = window.pane().values().trimmed().split('\n');
        QCOMPARE(lines.size(), 3);
        QCOMPARE(lines[0], QString("query\tquery_token\tkey\tkey_token\ta\tb\tdifference"));
        QVERIFY2(lines[1].startsWith("2\tc\t0\ta\t0.2"), qPrintable(lines[1]));
        QCOMPARE(lines[1].section('\t', 6).toFloat(), 0.6F - 0.2F);
        QCOMPARE(lines[2].section('\t', 6).toFloat(), 0.1F - 0.5F);
        QVERIFY2(window.says().startsWith("Layer 0 · Head 0 | 2 of 3 tokens aligned | JS"),
                 qPrintable(window.says()));
    }

    void hoverIsSharedBothWays() {
        CompareWindow window;
        window.openBoth(girl(), boy());
        window.workspace().setHead({2, 4});
        window.workspace().setHovered(Cell{20, 8});
        window.settle();
        QVERIFY(window.view().hovered());
        const Cell joint = *window.view().hovered();
        for (const int map : {0, 1, 2}) QVERIFY(!window.view().cellRect(map, joint).isEmpty());
        std::vector<float> a(31), b(31);
        window.workspace().documents()[0]->session.run->main().row({2, 4}, 20, a);
        window.workspace().documents()[1]->session.run->main().row({2, 4}, 20, b);
        const auto number = [](float value) { return QString::number(std::abs(value), 'f', 4); };
        const QString says = window.says();
        QVERIFY2(says.startsWith("Query 20 ·play → key 8 ·a | A " + number(a[8]) + " | B " + number(b[8])),
                 qPrintable(says));
        QVERIFY2(says.contains(number(b[8] - a[8])) && says.contains("head: JS"), qPrintable(says));
        // From the map of B to the current document, A: the same tokens there.
        window.move(window.view(), window.view().cellRect(1, joint).center());
        QCOMPARE(window.workspace().hovered(), std::optional(Cell{20, 8}));
        // A token that only B has is nobody's in A.
        const QRectF map = window.view().mapRect(1);
        const double cell = window.view().cellRect(1, joint).width();
        window.move(window.view(), map.topLeft() + QPointF(10.5 * cell, 12.5 * cell));
        QVERIFY(!window.workspace().hovered());
        QVERIFY2(window.says().contains("no partner"), qPrintable(window.says()));
        QTest::mouseClick(&window.view(), Qt::LeftButton, {},
                          window.view().cellRect(2, joint).center().toPoint());
        QCOMPARE(window.workspace().pinned(), std::optional(Cell{20, 8}));
    }

    void swappingTurnsEverythingRound() {
        CompareWindow window;
        window.openBoth(girl(), boy());
        const QString before = window.box("Document A").currentText();
        const QStringList first = window.pane().values().split('\n')[1].split('\t');
        window.press("⇄");
        QVERIFY(window.box("Document A").currentText() != before);
        QCOMPARE(window.box("Document B").currentText(), before);
        const QStringList second = window.pane().values().split('\n')[1].split('\t');
        QCOMPARE(first[4], second[5]);
        QCOMPARE(first[5], second[4]);
        QCOMPARE(first[6].toFloat(), -second[6].toFloat());
        // The current document is B now; its cells are still its own.
        window.workspace().setHovered(Cell{10, 9});
        window.settle();
        QVERIFY2(window.says().startsWith("Query B 10"), qPrintable(window.says()));
    }

    void ofThreeDocumentsAnyTwo() {
        CompareWindow window;
        window.openBoth(girl(), boy());
        window.open(test::randomRun(5, 8, 31, true, 3));
        auto& a = window.box("Document A");
        QCOMPARE(a.count(), 3);
        QCOMPARE(a.currentIndex(), 2);  // follows the current one
        QCOMPARE(window.box("Document B").count(), 2);
        window.choose(a, 0);
        auto& b = window.box("Document B");
        window.choose(b, 0);
        QVERIFY2(window.says().contains("23 of 31 tokens aligned"), qPrintable(window.says()));
        // The current one is neither: its hover is not shown here, and ours is not shown there.
        window.workspace().setHovered(Cell{4, 2});
        window.settle();
        QVERIFY(!window.view().hovered());
    }

    void similarityIsOfAllHeadsAndDotsChoose() {
        CompareWindow window;
        window.openBoth(girl(), boy());
        window.press("Similarity");
        const auto dots = window.dock().findChildren<LayerDots*>();
        QCOMPARE(dots.size(), 2);
        QCOMPARE(dots[0]->dots().size(), std::size_t{40});
        const auto& runs = window.workspace().documents();
        const auto& left = *runs[0]->session.run;
        const auto& right = *runs[1]->session.run;
        const auto expected = difference({left, left.main()}, {right, right.main()});
        QVERIFY(expected);
        for (std::size_t at = 0; at < 40; ++at) {
            QCOMPARE(dots[0]->dots()[at].value, expected->heads[at].divergence);
            QCOMPARE(dots[1]->dots()[at].value, expected->heads[at].cosine);
        }
        QCOMPARE(window.pane().values().count('\n'), 41);
        window.picture("comparison-similarity");
        auto* chart = dots[0]->findChild<QGraphicsView*>()->viewport();
        QTest::mouseClick(chart, Qt::LeftButton, {},
                          chart->mapFrom(dots[0], dots[0]->positionOf({3, 5}).toPoint()));
        window.settle();
        QCOMPARE(window.workspace().head(), (HeadId{3, 5}));
        QTest::keyClick(dots[0], Qt::Key_Left);
        QTest::keyClick(dots[0], Qt::Key_Up);
        window.settle();
        QCOMPARE(window.workspace().head(), (HeadId{2, 4}));
        QVERIFY2(window.says().startsWith("Layer 2 · Head 4"), qPrintable(window.says()));
    }

    void changesAreListedLargestFirst() {
        CompareWindow window;
        window.openBoth(girl(), boy());
        window.press("Changes");
        QCOMPARE(window.pane().picture(), &window.table());
        const auto* model = window.table().model();
        QVERIFY(model->rowCount() > 100);
        const QStringList lines = window.pane().values().trimmed().split('\n');
        QCOMPARE(lines.size(), model->rowCount() + 1);
        for (qsizetype at = 2; at < lines.size(); ++at)
            QVERIFY(std::abs(lines[at].section('\t', 6).toFloat()) <=
                    std::abs(lines[at - 1].section('\t', 6).toFloat()));
        window.table().selectRow(1);
        window.settle();
        QVERIFY(window.workspace().hovered());
        QCOMPARE(window.workspace().hovered()->query, lines[2].section('\t', 0, 0).toInt());
        QCOMPARE(window.workspace().hovered()->key, lines[2].section('\t', 2, 2).toInt());
        window.picture("comparison-changes");
    }

    void otherHeadCountsArePlainlySaid() {
        CompareWindow window;
        window.openBoth(girl(), withTokens(*test::randomRun(2, 4, 31, true, 4), kBoy));
        window.workspace().setHead({4, 7});
        window.settle();
        QVERIFY2(window.sentence().startsWith("B has 2 layers of 4 heads and no layer 4 head 7."),
                 qPrintable(window.sentence()));
        window.press("Similarity");
        QVERIFY(window.pane().picture());
        QCOMPARE(window.dock().findChildren<LayerDots*>()[0]->dots().size(), std::size_t{8});
        window.press("All three");
        window.workspace().setHead({1, 3});
        window.settle();
        QVERIFY(window.pane().picture());
    }

    void filtersWordsAndCombinedHeadsAreSeenThrough() {
        CompareWindow window;
        window.openBoth(girl(), boy());
        ViewSettings view = window.workspace().view();
        view.filters.combine = Combine::mean;
        window.workspace().setView(view);
        window.settle();
        QVERIFY2(window.says().contains("mean of 8 heads"), qPrintable(window.says()));
        view.filters = {};
        view.filters.words = true;
        window.workspace().setView(view);
        window.settle();
        QVERIFY2(window.says().contains("19 of 23 tokens aligned"), qPrintable(window.says()));
        view.filters = {};
        view.filters.hideSinks = view.filters.renormalize = true;
        window.workspace().setView(view);
        window.settle();
        QVERIFY(window.pane().picture());
    }

    void crossAttentionIsComparedWithItsLikeOnly() {
        const auto cross = [](const char* text) {
            auto run = std::make_shared<AttentionRun>(*test::runFromText(text));
            run->target = TokenizedText{{"ab"}, {Token{1, "a", "a", 0, 1}, Token{2, "b", "b", 1, 2}}};
            return run;
        };
        CompareWindow window;
        window.openBoth(cross(".5 .25 .25\n.1 .2 .7"), cross(".2 .3 .5\n.1 .2 .7"));
        QVERIFY(window.pane().picture());
        QCOMPARE(window.pane().values().trimmed().split('\n').size(), 4);
        window.open(test::randomRun(1, 1, 3));
        QVERIFY2(window.sentence().contains("cross attention"), qPrintable(window.sentence()));
    }

    void longTextsArePooledOrRefused() {
        CompareWindow window;
        window.openBoth(patternRun(2, 2, 700), patternRun(3, 2, 640));
        QVERIFY(window.pane().picture());
        QVERIFY(window.view().pooled());
        window.picture("comparison-long");
        window.open(patternRun(2, 2, 4096));
        QVERIFY2(window.sentence().contains("more than 1\u2009024 tokens"), qPrintable(window.sentence()));
    }

    void arrowsMoveAndFiveTokensFit() {
        CompareWindow window(ThemeChoice::light, {700, 200});
        window.openBoth(test::randomRun(1, 1, 5), test::randomRun(1, 1, 5, true, 2));
        window.view().setFocus(Qt::TabFocusReason);
        QTest::keyClick(&window.view(), Qt::Key_Up);
        QCOMPARE(window.view().hovered(), std::optional(Cell{4, 0}));
        QTest::keyClick(&window.view(), Qt::Key_Right);
        QCOMPARE(window.workspace().hovered(), std::optional(Cell{4, 1}));
        QTest::keyClick(&window.view(), Qt::Key_Return);
        QCOMPARE(window.workspace().pinned(), std::optional(Cell{4, 1}));
        for (const int map : {0, 1, 2})
            QVERIFY(QRectF(window.view().rect()).contains(window.view().mapRect(map)));
        window.picture("comparison-five");
    }

    void pictures_data() {
        QTest::addColumn<bool>("dark");
        QTest::addColumn<QSize>("size");
        QTest::newRow("light") << false << QSize(1180, 440);
        QTest::newRow("dark") << true << QSize(1180, 440);
        QTest::newRow("narrow") << false << QSize(832, 300);
        QTest::newRow("low") << true << QSize(760, 220);
    }
    void pictures() {
        QFETCH(bool, dark);
        QFETCH(QSize, size);
        CompareWindow window(dark ? ThemeChoice::dark : ThemeChoice::light, size);
        window.openBoth(girl(), boy());
        window.workspace().setHead({2, 4});
        window.workspace().setHovered(Cell{20, 8});
        window.settle();
        const QRectF a = window.view().mapRect(0), b = window.view().mapRect(1), d = window.view().mapRect(2);
        QVERIFY(a.right() < b.left() && b.right() < d.left());
        QVERIFY(QRectF(window.view().rect()).contains(d));
        QCOMPARE(a.width() / 31, b.width() / 31);
        window.picture(QString("comparison-%1").arg(QTest::currentDataTag()));
    }
};

QTEST_MAIN(ComparisonPaneTest)
#include "comparison_pane_test.moc"
