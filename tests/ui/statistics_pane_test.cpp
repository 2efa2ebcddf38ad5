// The numbers of the shown head on the real window, every head's dot, histogram and profile, and what gives
// way in a low dock.
#include <QComboBox>
#include <QSettings>

#include "core/analysis/histogram.h"
#include "core/analysis/statistics.h"
#include "tests/ui/window_case.h"
#include "ui/exporting/widget_figure.h"
#include "ui/panes/distance_charts.h"
#include "ui/panes/histogram_chart.h"
#include "ui/state/file_controller.h"
#include "ui/widgets/chart_view.h"

using namespace attnviz;
using namespace attnviz::ui;
using attnviz::test::PaneWindow;
using attnviz::test::patternRun;

class StatisticsPaneTest : public QObject {
    Q_OBJECT

    static constexpr const char* kGpt2 = "data/recorded/gpt2-quick-brown-fox/attention_data.json";
    static constexpr const char* kBert = "data/recorded/bert-sst2-dodrio/attention-0006.json";
    static QString pathOf(const char* file) {
        return QString::fromStdString((attnviz::test::sharedDir() / file).string());
    }
    static void click(ChartView& view, const QPointF& position, Qt::KeyboardModifiers keys = {}) {
        QTest::mouseClick(view.viewport(), Qt::LeftButton, keys, position.toPoint());
    }
    // The value of the first line that begins so.
    static double valueOf(const QString& values, const QString& begin) {
        for (const auto& line : values.split('\n'))
            if (line.startsWith(begin)) return line.section('\t', -1).toDouble();
        return std::nan("");
    }
    // No two widgets of the pane stand on one another, and none is cut.
    static QString overlap(PaneWindow& test) {
        QList<QWidget*> seen;
        for (auto* widget : test.pane().picture()->findChildren<QWidget*>())
            if (widget->isVisible() && (qobject_cast<QLabel*>(widget) || qobject_cast<ChartView*>(widget)))
                seen << widget;
        const auto placeOf = [&](QWidget* widget) {
            return QRect(widget->mapTo(test.pane().picture(), QPoint()), widget->size());
        };
        for (auto* a : seen) {
            if (!test.pane().picture()->rect().contains(placeOf(a))) return "cut " + a->accessibleName();
            for (auto* b : seen)
                if (a < b && placeOf(a).intersects(placeOf(b)))
                    return a->accessibleName() + "/" + b->accessibleName();
        }
        return {};
    }

 private slots:
    void init() { QSettings(stateFile(), QSettings::IniFormat).remove("statistics"); }

    void nothingOpenIsOneSentence() {
        PaneWindow test("statistics", {360, 420});
        QVERIFY(test.settle());
        QVERIFY(!test.pane().picture());
        QVERIFY(test.pane().values().isEmpty());
    }

    // metrics.md and the mock: GPT-2 on nine tokens, layer 2 head 2.
    void numbersAreTheRecordedOnes() {
        ATTNVIZ_NEED_SHARED(kGpt2);
        PaneWindow test("statistics", {360, 420});
        test.window().openFile(pathOf(kGpt2));
        test.settle();
        test.show();
        test.workspace().setHead({2, 2});
        QVERIFY(test.settle());
        const QString words = test.words();
        for (const char* number : {"0.815 nats", "0.581", "2.52", "26.7\u2009%", "0.663", "1.34"})
            QVERIFY2(words.contains(QString::fromUtf8(number)), qPrintable(words + number));
    }

    void valuesAreTheAnalysis() {
        PaneWindow test("statistics", {360, 520});
        const auto run = patternRun(3, 4, 16);
        test.open(run);
        test.workspace().setHead({1, 2});
        QVERIFY(test.settle());
        const QString values = test.pane().values();
        const auto numbers = *attentionStatistics(run->main(), {.layers = {1}, .heads = {2}});
        QVERIFY(std::abs(valueOf(values, "gini\t1\t2\t") - numbers.overall.corrected.spread.gini) < 1e-8);
        QVERIFY(std::abs(valueOf(values, "row_entropy\t1\t2\t") - numbers.overall.corrected.rowEntropy) <
                1e-8);
        QVERIFY(std::abs(valueOf(values, "by_layer:entropy\t2\t3\t") -
                         run->main().summary({2, 3}).rowEntropy) < 1e-8);
        const auto profile = *distanceProfile(run->main(), {.layers = {1}, .heads = {2}});
        QVERIFY(std::abs(valueOf(values, "weight_by_distance\t1\t2\t3\t3\t") - profile.weight[3]) < 1e-8);
        QVERIFY(std::abs(valueOf(values, "uniform_by_distance\t1\t2\t3\t3\t") - profile.uniform[3]) < 1e-8);
        const auto all = *weightHistogram(run->main());
        const auto& bins = test.part<HistogramChart>().bins();
        double head = 0, sum = 0;
        for (const auto& bin : bins) {
            head += bin.head;
            sum += bin.all;
        }
        QVERIFY(std::abs(head - 1) < 1e-12);
        QVERIFY(std::abs(sum - 1) < 1e-12);
        QCOMPARE(bins.front().all, static_cast<double>(all.below) / static_cast<double>(all.cells()));
        QVERIFY(figureOf(*test.pane().picture(), FigureFormat::svg).contains("<text"));
    }

    void everyDotLeadsToItsHeadAndBack() {
        PaneWindow test("statistics", {360, 520});
        test.open(patternRun(3, 4, 16));
        auto& dots = test.part<HeadDots>();
        for (int metric = 0; metric < 5; ++metric) {
            test.part<QComboBox>().setCurrentIndex(metric);
            QVERIFY(test.settle());
            const HeadId head{2, metric % 4};
            click(*dots.view(), dots.positionOf(head));
            QCOMPARE(test.workspace().head(), head);
        }
        click(*dots.view(), dots.positionOf({1, 2}), Qt::ControlModifier);
        QCOMPARE(test.workspace().selection().heads, (std::vector<HeadId>{{1, 2}, {2, 0}}));
        attnviz::test::movePointer(*dots.view()->viewport(), dots.positionOf({0, 2}));
        QCOMPARE(test.workspace().hoveredHead(), std::optional(HeadId{0, 2}));
        QVERIFY(test.settle());
        QVERIFY2(test.words().contains("L0 H2: mean distance"), qPrintable(test.words()));
        test.workspace().setHoveredHead(HeadId{1, 1});
        QVERIFY(test.settle());
        QVERIFY2(test.words().contains("L1 H1: mean distance"), qPrintable(test.words()));
        test.workspace().setHoveredHead(std::nullopt);
        auto& histogram = test.part<HistogramChart>();
        attnviz::test::movePointer(*histogram.view()->viewport(), histogram.positionOf(3));
        QVERIFY2(test.words().contains("of cells, all heads"), qPrintable(test.words()));
        auto& profile = test.part<ProfileChart>();
        attnviz::test::movePointer(*profile.view()->viewport(), profile.positionOf(4));
        QVERIFY2(test.words().contains("Distance 4:"), qPrintable(test.words()));
        QTest::keyClick(dots.view(), Qt::Key_Left);
        QCOMPARE(test.workspace().head(), (HeadId{0, 2}));
        test.part<QComboBox>().setCurrentIndex(0);
    }

    void filtersCombinationsAndOtherKinds() {
        PaneWindow test("statistics", {360, 520});
        auto run = std::make_shared<AttentionRun>(*patternRun(2, 4, 16));
        run->input.tokens[0].special = true;
        test.open(run);
        const QString before = test.pane().values();
        ViewSettings view;
        view.filters.hideSpecial = true;
        view.filters.renormalize = true;
        test.workspace().setView(view);
        QVERIFY(test.settle());
        QVERIFY(test.pane().values() != before);
        QVERIFY2(test.words().contains("renormalized"), qPrintable(test.words()));
        QVERIFY(std::abs(valueOf(test.pane().values(), "by_layer:entropy\t1\t3\t") -
                         test.workspace().headsSource()->summary({1, 3}).rowEntropy) < 1e-8);
        view.filters = {};
        view.filters.combine = Combine::mean;
        test.workspace().setView(view);
        QVERIFY(test.settle());
        QVERIFY2(test.words().contains("bars = L0 mean of 4 heads"), qPrintable(test.words()));
        view.filters = {};
        view.filters.words = true;
        test.workspace().setView(view);
        QVERIFY(test.settle());
        QVERIFY(test.pane().picture());
        test.workspace().setView({});
        test.open(attnviz::test::encoderDecoderRun(2, 4, 9, 6));
        test.workspace().setSourceIndex(2);
        QVERIFY(test.settle());
        QVERIFY(!test.part<ProfileChart>().view()->isVisible());
        QVERIFY(test.part<HistogramChart>().view()->isVisible());
        QVERIFY(std::isnan(valueOf(test.pane().values(), "weight_by_distance")));
        test.workspace().setSourceIndex(0);
        QVERIFY(test.settle());
        QVERIFY(test.part<ProfileChart>().view()->isVisible());
        for (const int tokens : {1, 5}) {
            test.open(patternRun(1, 1, tokens));
            QVERIFY(test.settle());
            QVERIFY(test.pane().picture());
        }
    }

    void lowDocksShowLessAndNothingOverlaps() {
        PaneWindow test("statistics", {360, 520});
        test.open(patternRun(3, 4, 16));
        int before = 4;
        for (const int height : {640, 430, 360, 290, 200, 150}) {
            test.dock().resize(360, height);
            QVERIFY(test.settle());
            int charts = 0;
            for (auto* view : test.pane().findChildren<ChartView*>()) charts += view->isVisible();
            QVERIFY2(charts <= before, qPrintable(QString::number(height)));
            before = charts;
            QVERIFY2(test.dock().height() <= height + 4, qPrintable(QString::number(test.dock().height())));
            QVERIFY2(overlap(test).isEmpty(), qPrintable(overlap(test) + QString::number(height)));
        }
        QCOMPARE(before, 0);
        test.dock().resize(1000, 200);
        QVERIFY(test.settle());
        QVERIFY(test.part<ProfileChart>().view()->isVisible());
        QVERIFY2(overlap(test).isEmpty(), qPrintable(overlap(test)));
        test.picture("statistics-low");
    }

    void longTextsAreCountedAside() {
        PaneWindow test("statistics", {360, 420});
        test.open(patternRun(2, 4, 4096));
        QVERIFY(test.settle(60'000));
        QVERIFY(test.part<ProfileChart>().binned() > 1);
        QVERIFY(std::isfinite(test.part<HistogramChart>().bins().front().all));
        QVERIFY(std::isfinite(valueOf(test.pane().values(), "gini")));
        test.picture("statistics-4096");
    }

    void picturesForAPerson() {
        ATTNVIZ_NEED_SHARED(kGpt2);
        ATTNVIZ_NEED_SHARED(kBert);
        for (const bool dark : {false, true})
            for (const char* file : {kGpt2, kBert}) {
                PaneWindow test("statistics", {360, 420}, dark ? ThemeChoice::dark : ThemeChoice::light);
                test.window().openFile(pathOf(file));
                test.settle();
                test.show();
                test.workspace().setHead({2, 2});
                test.workspace().setHoveredHead(HeadId{6, 3});
                test.picture(QString("statistics-%1-%2").arg(file == kGpt2 ? "gpt2" : "bert").arg(dark));
                QVERIFY(test.pane().picture());
            }
    }
};

QTEST_MAIN(StatisticsPaneTest)
#include "statistics_pane_test.moc"
