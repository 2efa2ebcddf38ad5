// Attention by distance on the real window: the numbers of the analysis, and every point leads to its head.
#include <QChart>
#include <QLineSeries>
#include <QSpinBox>

#include "core/analysis/positional.h"
#include "tests/ui/window_case.h"
#include "ui/exporting/widget_figure.h"
#include "ui/panes/distance_charts.h"
#include "ui/widgets/chart_view.h"
#include "ui/widgets/segments.h"

using namespace attnviz;
using namespace attnviz::ui;
using attnviz::test::PaneWindow;
using attnviz::test::patternRun;

class PositionalPaneTest : public QObject {
    Q_OBJECT

    static void click(ChartView& view, const QPointF& position, Qt::KeyboardModifiers keys = {}) {
        QTest::mouseClick(view.viewport(), Qt::LeftButton, keys, position.toPoint());
    }

 private slots:
    void valuesAreTheAnalysis() {
        PaneWindow test("positional", {360, 520});
        const auto run = patternRun(3, 4, 16);
        test.open(run);
        const auto found = positionalAttention(run->main());
        const QStringList lines = test.pane().values().split('\n', Qt::SkipEmptyParts);
        QCOMPARE(lines.size(), 13);
        for (int i = 0; i < 12; ++i) {
            const auto& head = found->headPositions[static_cast<std::size_t>(i)];
            const QStringList cells = lines[i + 1].split('\t');
            const double expected[] = {head.local,      head.medium,    head.global,
                                       head.firstToken, head.lastToken, head.meanDistance};
            for (int value = 0; value < 6; ++value)
                QVERIFY(std::abs(cells[2 + value].toDouble() - expected[value]) < 1e-8);
        }
        // The line is the profile of the shown head.
        auto& profile = test.part<ProfileChart>();
        const auto point = profile.at(3);
        QVERIFY(point);
        QCOMPARE(point->first, found->head(0, 0).weightByDistance[3]);
        QCOMPARE(point->second, found->head(0, 0).uniformByDistance[3]);
        QVERIFY(figureOf(*test.pane().picture(), FigureFormat::svg).contains("<text"));
    }

    void everyPointLeadsToItsHead() {
        PaneWindow test("positional", {360, 520});
        test.open(patternRun(3, 4, 16));
        auto& dots = test.part<HeadDots>();
        click(*dots.view(), dots.positionOf({2, 1}));
        QCOMPARE(test.workspace().head(), (HeadId{2, 1}));
        click(*dots.view(), dots.positionOf({1, 2}), Qt::ControlModifier);
        QCOMPARE(test.workspace().selection().heads, (std::vector<HeadId>{{1, 2}, {2, 1}}));
        auto& shares = test.part<ShareChart>();
        click(*shares.view(), shares.positionOf(0));
        QCOMPARE(test.workspace().head(), (HeadId{0, 2}));
        attnviz::test::movePointer(*dots.view()->viewport(), dots.positionOf({2, 3}));
        QCOMPARE(test.workspace().hoveredHead(), std::optional(HeadId{2, 3}));
        QVERIFY(test.settle());
        QVERIFY2(test.words().contains("L2 H3 mean distance"), qPrintable(test.words()));
        auto& profile = test.part<ProfileChart>();
        attnviz::test::movePointer(*profile.view()->viewport(), profile.positionOf(4));
        QVERIFY2(test.words().contains("Distance 4:"), qPrintable(test.words()));
        QTest::keyClick(dots.view(), Qt::Key_Right);
        QCOMPARE(test.workspace().head(), (HeadId{1, 2}));
        QTest::keyClick(dots.view(), Qt::Key_Down);
        QCOMPARE(test.workspace().head(), (HeadId{1, 1}));
        QVERIFY(test.settle());
        QVERIFY(dots.view()->accessibleDescription().startsWith("L2 H3") ||
                dots.view()->accessibleDescription().startsWith("L1 H1"));
    }

    void thresholdsChangeTheShares() {
        PaneWindow test("positional", {360, 520});
        const auto run = patternRun(2, 4, 16);
        test.open(run);
        const QString before = test.pane().values();
        auto& local = test.named<QSpinBox>("Local to");
        local.setValue(2);
        QVERIFY(test.settle());
        QVERIFY(test.pane().values() != before);
        PositionalOptions options;
        options.localUpTo = 2;
        const auto found = positionalAttention(run->main(), options);
        QVERIFY(std::abs(test.pane().values().split('\n')[1].split('\t')[2].toDouble() -
                         found->head(0, 0).local) < 1e-8);
        local.setValue(1);
        QVERIFY(test.settle());
        QCOMPARE(test.pane().values(), before);
    }

    void otherKindsAndFilters() {
        PaneWindow test("positional", {360, 520});
        test.open(attnviz::test::encoderDecoderRun(2, 4, 9, 6));
        QVERIFY(test.pane().picture());
        test.workspace().setSourceIndex(2);
        QVERIFY(test.settle());
        QVERIFY2(test.words().contains("no meaning between the tokens of two texts"),
                 qPrintable(test.words()));
        QVERIFY(!test.pane().picture());
        test.workspace().setSourceIndex(1);
        QVERIFY(test.settle());
        QVERIFY(test.pane().picture());
        ViewSettings view;
        view.filters.threshold = 0.1;
        view.filters.renormalize = true;
        test.workspace().setView(view);
        QVERIFY(test.settle());
        QVERIFY(test.pane().picture());
        view.filters = {};
        view.filters.words = true;
        test.workspace().setView(view);
        QVERIFY(test.settle());
        QVERIFY(test.pane().picture());
        test.open(patternRun(1, 1, 5));
        QVERIFY(test.pane().picture());
        test.open(patternRun(1, 1, 1));
        QVERIFY(test.settle());
    }

    void longTextsAreMeansOnALogScale() {
        PaneWindow test("positional", {360, 520});
        test.open(patternRun(2, 4, 4096));
        QVERIFY(test.settle(60'000));
        QVERIFY(test.pane().picture());
        auto& profile = test.part<ProfileChart>();
        QVERIFY(profile.binned() > 1);
        for (auto* series : profile.view()->chart()->series())
            if (auto* line = qobject_cast<QLineSeries*>(series)) QVERIFY(line->count() <= 300);
        QCOMPARE(test.part<Segments>().chosen(), 1);
        test.picture("positional-long");
    }

    void picturesForAPerson() {
        const std::string file = "data/recorded/gpt2-quick-brown-fox/attention_data.json";
        ATTNVIZ_NEED_SHARED(file);
        for (const bool dark : {false, true}) {
            PaneWindow test("positional", {360, 520}, dark ? ThemeChoice::dark : ThemeChoice::light);
            test.window().openFile(QString::fromStdString((attnviz::test::sharedDir() / file).string()));
            test.settle();
            test.show();
            test.workspace().setHead({2, 2});
            test.workspace().setHoveredHead(HeadId{6, 3});
            test.picture(dark ? "positional-dark" : "positional-light");
            // Layer 0 of the recorded report: local .6137, medium .1901, global .1962.
            double local = 0;
            for (const auto& line : test.pane().values().split('\n').mid(1, 12))
                local += line.split('\t')[2].toDouble() / 12;
            QCOMPARE(QString::number(local, 'f', 4), QString("0.6137"));
        }
    }
};

QTEST_MAIN(PositionalPaneTest)
#include "positional_pane_test.moc"
