// The Comparison pane in the real window: which documents it compares, what it draws and says of them.
#include <QElapsedTimer>
#include <QGraphicsView>
#include <QSettings>
#include <QTableView>
#include <QToolButton>

#include "core/analysis/difference.h"
#include "core/attention/factored_attention.h"
#include "tests/core/attention/factored_case.h"
#include "tests/ui/window_case.h"
#include "ui/state/file_controller.h"
#include "ui/widgets/compare_view.h"
#include "ui/widgets/layer_dots.h"
#include "ui/widgets/number_text.h"

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

// Passes everything on, and counts what the UI thread asks for more than one weight at a time.
class WatchedSource final : public AttentionSource {
 public:
    explicit WatchedSource(std::shared_ptr<const AttentionSource> source) : m_source(std::move(source)) {}
    const AttentionInfo& info() const override { return m_source->info(); }
    const Overview& overview(HeadId head) const override { return m_source->overview(head); }
    const HeadSummary& summary(HeadId head) const override { return m_source->summary(head); }
    void row(HeadId head, int query, std::span<float> keys) const override {
        m_source->row(head, query, keys);
    }
    Result<void> rows(HeadId head, int query, int count, std::span<float> out,
                      std::stop_token stop) const override {
        watch(count > 1);
        return m_source->rows(head, query, count, out, stop);
    }
    Result<void> block(HeadId head, int query, int count, KeyRange keys, std::span<float> out,
                       std::stop_token stop) const override {
        watch(count * keys.size() > 1);
        return m_source->block(head, query, count, keys, out, stop);
    }
    Result<void> tile(const TileKey& key, std::span<float> out, std::stop_token stop) const override {
        watch(true);
        return m_source->tile(key, out, stop);
    }
    int waits() const { return m_waits; }

 private:
    void watch(bool much) const {
        if (much && QThread::currentThread() == QCoreApplication::instance()->thread()) ++m_waits;
    }
    std::shared_ptr<const AttentionSource> m_source;
    mutable std::atomic<int> m_waits = 0;
};

struct LongRun {
    std::shared_ptr<WatchedSource> source;
    std::shared_ptr<const AttentionRun> run;
};

// Queries and keys of a long text, with other words here and there: `salt` says which.
LongRun longRun(int tokens, unsigned salt) {
    AttentionInfo info = shape(1, 2, 2, tokens, tokens);
    info.visibility = Visibility::causal(tokens);
    const auto layer = randomLayer(info, 16, 2.0F, salt);
    LongRun made;
    made.source = std::make_shared<WatchedSource>(FactoredAttention::create(info, {layer}));
    auto run = std::make_shared<AttentionRun>();
    run->input = tokensOf(tokens);
    for (std::size_t at = 0; at < run->input.tokens.size(); ++at)
        if (at % 50 == salt) run->input.tokens[at].text = " only" + std::to_string(salt);
    run->model.name = "long";
    run->sources = {made.source};
    made.run = run;
    return made;
}

void turnWheel(QWidget& widget, const QPointF& at, int steps) {
    QWheelEvent event(at, widget.mapToGlobal(at), {}, QPoint(0, 120 * steps), Qt::NoButton, {},
                      Qt::NoScrollPhase, false);
    QCoreApplication::sendEvent(&widget, &event);
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

    void longTextsArePooledOnlyWhereCellsAreSmallerThanAPixel() {
        CompareWindow window;
        window.openBoth(patternRun(2, 2, 700), patternRun(3, 2, 640));
        QVERIFY(window.pane().picture());
        QVERIFY(window.view().pooled());
        QVERIFY2(!window.words().contains("more than"), qPrintable(window.words()));
        window.picture("comparison-long");
        auto& view = window.view();
        turnWheel(view, view.mapRect(0).center(), 8);
        window.settle();
        QVERIFY(!view.pooled());
        QVERIFY(view.complete());
        window.picture("comparison-long-zoomed");
    }

    // 4,096 and 4,000 tokens of which every fiftieth is other: everything off the UI thread.
    void fourThousandTokensCompareAndZoomWithoutWaiting() {
        const auto a = longRun(4096, 3), b = longRun(4000, 7);
        CompareWindow window;
        QElapsedTimer timer;
        timer.start();
        window.openBoth(a.run, b.run);
        qInfo("compared after %lld ms", timer.elapsed());
        QVERIFY2(window.pane().picture(), qPrintable(window.sentence()));
        QVERIFY2(window.says().contains("of 4\u2009096 tokens aligned"), qPrintable(window.says()));
        auto& view = window.view();
        QVERIFY(view.pooled() && view.complete());
        window.picture("comparison-4096");
        timer.restart();
        turnWheel(view, view.mapRect(1).center() + QPointF(-40, 40), 14);
        qInfo("zoomed after %lld ms", timer.elapsed());
        window.settle();
        qInfo("its tiles after %lld ms", timer.elapsed());
        QVERIFY(view.complete());
        window.picture("comparison-4096-zoomed");
        turnWheel(view, view.mapRect(1).center(), 14);
        window.settle();
        QVERIFY(view.complete() && !view.pooled());
        window.picture("comparison-4096-near");
        // The exact values of a cell that is seen.
        const Cell joint = view.cellAt(view.mapRect(0).center()).value();
        window.move(view, view.cellRect(0, joint).center());
        QVERIFY(window.workspace().hovered());
        std::vector<float> row(4096);
        a.source->row({}, window.workspace().hovered()->query, row);
        const float weight = row[static_cast<std::size_t>(window.workspace().hovered()->key)];
        QVERIFY2(window.says().contains("| A " + weightText(weight)), qPrintable(window.says()));
        QCOMPARE(a.source->waits(), 0);
        QCOMPARE(b.source->waits(), 0);
    }

    void zoomIsSharedAndFollowsTheJointTokens() {
        CompareWindow window;
        window.openBoth(withTokens(*randomRun(1, 1, 120, true, 1), {"a", "b", "c", "d", "e", "f", "g"}),
                        withTokens(*randomRun(1, 1, 90, true, 2), {"b", "c", "d", "e", "f", "g"}));
        auto& view = window.view();
        QCOMPARE(view.zoomed(), 1.0);
        const QPointF at = view.mapRect(1).topLeft() + view.mapRect(1).width() * QPointF(0.4, 0.6);
        const Cell joint = view.cellAt(at).value();
        turnWheel(view, at, 8);
        window.settle();
        QVERIFY(view.zoomed() > 5);
        QCOMPARE(view.cellAt(at), std::optional(joint));
        // A token of both texts stands at the same place of every map.
        const auto share = [&](int map) {
            const QRectF rect = view.mapRect(map), cell = view.cellRect(map, joint);
            return cell.isEmpty() ? -1 : (cell.center().x() - rect.left()) / rect.width();
        };
        for (const int map : {0, 1, 2}) {
            QVERIFY(view.seenKeys(map).size() <= 2 + 121 / 5);
            QVERIFY2(std::abs(share(map) - share(1)) < 0.03,
                     qPrintable(QString("map %1: %2, not %3").arg(map).arg(share(map)).arg(share(1))));
        }
        // Dragging one moves all.
        const auto before = view.seenKeys(2);
        QTest::mousePress(&view, Qt::LeftButton, {}, at.toPoint());
        movePointer(view, at - QPointF(60, 0), Qt::LeftButton);
        movePointer(view, at - QPointF(80, 0), Qt::LeftButton);
        QTest::mouseRelease(&view, Qt::LeftButton, {}, (at - QPointF(80, 0)).toPoint());
        QVERIFY(view.seenKeys(2).begin > before.begin);
        QVERIFY(!window.workspace().pinned());
        QTest::mouseDClick(&view, Qt::LeftButton, {}, at.toPoint());
        QCOMPARE(view.zoomed(), 1.0);
        // A box, keys, and buttons.
        QTest::mousePress(&view, Qt::LeftButton, Qt::ShiftModifier, at.toPoint());
        movePointer(view, at + QPointF(30, 30), Qt::LeftButton);
        QTest::mouseRelease(&view, Qt::LeftButton, Qt::ShiftModifier, (at + QPointF(30, 30)).toPoint());
        QVERIFY(view.zoomed() > 4);
        QTest::keyClick(&view, Qt::Key_0, Qt::ControlModifier);
        QCOMPARE(view.zoomed(), 1.0);
        QTest::keyClick(&view, Qt::Key_Plus);
        QCOMPARE(view.zoomed(), 1.25);
        QTest::keyClick(&view, Qt::Key_Minus);
        QCOMPARE(view.zoomed(), 1.0);
        window.named<QToolButton>("Zoom all maps in").click();
        QCOMPARE(view.zoomed(), 1.25);
        QVERIFY(window.words().contains(QChar(0xD7)));
        window.named<QToolButton>("Fit all maps").click();
        QCOMPARE(view.zoomed(), 1.0);
        QVERIFY(window.words().contains("Fit"));
    }

    void theViewFollowsTheCellOfTheKeyboard() {
        CompareWindow window;
        window.openBoth(randomRun(1, 1, 100, true, 1), randomRun(1, 1, 100, true, 2));
        auto& view = window.view();
        view.setFocus(Qt::TabFocusReason);
        QTest::keyClick(&view, Qt::Key_Up);
        QCOMPARE(view.hovered(), std::optional(Cell{99, 0}));
        for (int press = 0; press < 8; ++press) QTest::keyClick(&view, Qt::Key_Plus);
        QVERIFY(view.zoomed() > 4);
        for (int press = 0; press < 60; ++press) {
            QTest::keyClick(&view, Qt::Key_Right);
            QTest::keyClick(&view, Qt::Key_Up);
            for (const int map : {0, 1, 2}) QVERIFY(!view.cellRect(map, *view.hovered()).isEmpty());
        }
        QCOMPARE(view.hovered(), std::optional(Cell{39, 60}));
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
