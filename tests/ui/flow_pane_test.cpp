// The Flow pane in the real window: what it draws, whom it follows, what it says it leaves out.
#include <QDoubleSpinBox>
#include <QLineEdit>
#include <QSettings>

#include "core/session/session.h"
#include "tests/ui/window_case.h"
#include "ui/exporting/widget_figure.h"
#include "ui/state/file_controller.h"
#include "ui/widgets/flow_view.h"

using namespace attnviz;
using namespace attnviz::ui;
using namespace attnviz::test;

namespace {

class FlowWindow : public test::PaneWindow {
 public:
    explicit FlowWindow(ThemeChoice theme = ThemeChoice::light, QSize size = {832, 354})
        : PaneWindow("flow", size, theme) {}
    FlowView& view() { return part<FlowView>(); }
    const SankeyGraph& graph() { return *view().picture().graph; }
    int node(int column, int token) {
        const auto& nodes = graph().nodes;
        for (std::size_t at = 0; at < nodes.size(); ++at)
            if (nodes[at].column == column && nodes[at].token == token) return static_cast<int>(at);
        return -1;
    }
};

// No two labels of a side touch, and none leaves the widget.
void labelsStandApart(const FlowView& view) {
    QVERIFY(!view.labels().empty());
    const FlowView::Label* before = nullptr;
    for (const auto& label : view.labels()) {
        QVERIFY(QRectF(view.rect()).contains(label.place));
        if (before && before->right == label.right)
            QVERIFY(label.place.top() >= before->place.bottom() - 1e-6);
        before = &label;
    }
}

}  // namespace

class FlowPaneTest : public QObject {
    Q_OBJECT

 private slots:
    void init() { QSettings(stateFile(), QSettings::IniFormat).remove("flow"); }

    void withNothingOpenItSaysSo() {
        FlowWindow window;
        QVERIFY(window.settle());
        QVERIFY(!window.pane().picture());
        QVERIFY(window.pane().values().isEmpty());
    }

    void fiveTokensShowEveryKeptLink() {
        FlowWindow window;
        window.open(test::randomRun(3, 2, 5));
        QCOMPARE(window.graph().columns, 4);
        QCOMPARE(window.graph().nodes.size(), std::size_t{20});
        // Top 3 of rows that see 1, 2, 3, 4 and 5 keys.
        QCOMPARE(window.graph().links.size(), std::size_t{3 * 12});
        QCOMPARE(window.view().labels().size(), std::size_t{10});
        labelsStandApart(window.view());
        QVERIFY2(window.says().startsWith("Layers 0–2 | mean of 2 heads | top 3 per query"),
                 qPrintable(window.says()));
        QVERIFY(window.pane().picture() == &window.view());
        QCOMPARE(window.pane().values().count('\n'), 1 + 36);
    }

    void controlsChangeWhatIsKept() {
        FlowWindow window;
        window.open(test::randomRun(6, 2, 12));
        auto& keep = window.box("Which links are kept");
        keep.setCurrentIndex(0);
        window.settle();
        QCOMPARE(window.graph().links.size(), std::size_t{6 * 12});
        keep.setCurrentIndex(3);  // weights from 0.05
        window.settle();
        for (const auto& link : window.graph().links) QVERIFY(link.weight >= 0.05);
        keep.setCurrentIndex(4);  // a share of 0.8
        window.settle();
        QVERIFY(window.graph().keptShare >= 0.8);
        auto& layers = window.box("Layers, as first–last");
        layers.lineEdit()->setText("4-2");
        QTest::keyClick(layers.lineEdit(), Qt::Key_Return);
        window.settle();
        QCOMPARE(window.graph().firstLayer, 2);
        QCOMPARE(window.graph().columns, 4);
        QCOMPARE(layers.currentText(), QString("2–4"));
        layers.lineEdit()->setText("99");
        QTest::keyClick(layers.lineEdit(), Qt::Key_Return);
        window.settle();
        QCOMPARE(layers.currentText(), QString("5"));
        QCOMPARE(window.graph().columns, 2);
        // They are remembered.
        FlowWindow other;
        other.open(test::randomRun(6, 2, 12));
        QCOMPARE(other.box("Which links are kept").currentIndex(), 4);
    }

    void chosenHeadsAreThoseOfTheirLayers() {
        FlowWindow window;
        const auto run = test::randomRun(2, 3, 8);
        window.open(run);
        window.workspace().setHeads({{1, 0}, {1, 2}}, {1, 0});
        window.settle();
        auto& weights = window.box("Weights of which heads");
        QCOMPARE(weights.itemText(0), QString("Mean of 3 heads"));
        QCOMPARE(weights.itemText(1), QString("2 chosen heads"));
        window.choose(weights, 1);
        QVERIFY2(window.says().contains("L1 H0, L1 H2, elsewhere mean of 3 heads"),
                 qPrintable(window.says()));
        std::vector<float> one(8), two(8);
        run->main().row({1, 0}, 7, one);
        run->main().row({1, 2}, 7, two);
        for (const auto& link : window.graph().links) {
            const auto& upper = window.graph().nodes[static_cast<std::size_t>(link.upper)];
            const auto key =
                static_cast<std::size_t>(window.graph().nodes[static_cast<std::size_t>(link.lower)].token);
            if (upper.column == 2 && upper.token == 7)
                QVERIFY(std::abs(link.weight - (one[key] + two[key]) / 2.0) < 1e-6);
        }
        window.workspace().setHead({0, 1});  // the other panes' choice
        window.settle();
        QVERIFY(window.says().contains("L0 H1, elsewhere"));
    }

    void aPinnedTokensPathIsDrawnAndClearedAgain() {
        FlowWindow window;
        window.open(test::randomRun(4, 2, 10));
        QCOMPARE(window.graph().kind, FlowKind::links);
        window.workspace().setPinned(Cell{6, 2});
        window.settle();
        QCOMPARE(window.graph().kind, FlowKind::path);
        QCOMPARE(window.view().picture().marked, std::vector<int>{6});
        QCOMPARE(window.graph().nodes[static_cast<std::size_t>(window.node(4, 6))].share, 1.0);
        QVERIFY2(window.says().contains("Path of 6 t6"), qPrintable(window.says()));
        // As high as its share.
        const QRectF top = window.view().rectOf(window.node(4, 6));
        QVERIFY(std::abs(top.height() - window.view().layoutOfFlow().scale) < 1e-6);
        window.view().setFocus();
        QTest::keyClick(&window.view(), Qt::Key_Escape);
        window.settle();
        QVERIFY(!window.workspace().pinned());
        QCOMPARE(window.graph().kind, FlowKind::links);
        // Tokens chosen on an edge of the heatmap start a path together.
        window.workspace().setTokens(KeyRange{3, 6}, std::nullopt);
        window.settle();
        QCOMPARE(window.view().picture().marked, (std::vector<int>{3, 4, 5}));
    }

    void clicksAndHoversReachTheOthers() {
        FlowWindow window;
        window.open(test::randomRun(3, 2, 6));
        const QPointF middle = window.view().rectOf(window.node(2, 4)).center();
        test::movePointer(window.view(), middle);
        QCOMPARE(window.view().spot().node, window.node(2, 4));
        window.settle();
        QVERIFY(window.workspace().hovered() && window.workspace().hovered()->query == 4);
        QVERIFY2(window.says().contains("L1 4 t4"), qPrintable(window.says()));
        QVERIFY(window.view().accessibleDescription().contains("t4"));
        window.click(window.view(), middle);
        QVERIFY(window.workspace().pinned() && window.workspace().pinned()->query == 4);
        QCOMPARE(window.graph().kind, FlowKind::path);
        QVERIFY(!window.workspace().hovered());  // of the picture that has gone
        // A click on the lowest column chooses that token too.
        window.click(window.view(), window.view().rectOf(window.node(0, 1)).center());
        QCOMPARE(window.workspace().pinned()->query, 1);
        // A layer's name chooses the layer.
        const double x = window.view().rectOf(window.node(1, 0)).center().x();
        window.click(window.view(), {x, window.view().height() - 10.0});
        QCOMPARE(window.workspace().head().layer, 0);
        QCOMPARE(window.view().picture().currentColumn, std::optional(1));
    }

    void whatIsHoveredElsewhereIsLitHere() {
        FlowWindow window;
        window.open(test::randomRun(3, 2, 6));
        window.workspace().setHead({1, 0});
        window.settle();
        const QImage before = window.view().grab().toImage();
        window.workspace().setHovered(Cell{5, 1});
        window.settle();
        QVERIFY(window.view().grab().toImage() != before);
        window.workspace().setHovered(std::nullopt);
        window.settle();
        QVERIFY(window.view().grab().toImage() == before);
    }

    void arrowsMoveAndEnterChooses() {
        FlowWindow window;
        window.open(test::randomRun(3, 2, 6));
        window.view().setFocus(Qt::TabFocusReason);
        QTest::keyClick(&window.view(), Qt::Key_Down);  // takes the last node of the last column
        QCOMPARE(window.view().spot().node, window.node(3, 5));
        QTest::keyClick(&window.view(), Qt::Key_Up);
        QTest::keyClick(&window.view(), Qt::Key_Left);
        QCOMPARE(window.view().spot().node, window.node(2, 4));
        QTest::keyClick(&window.view(), Qt::Key_Return);
        window.settle();
        QCOMPARE(window.workspace().pinned()->query, 4);
        for (int i = 0; i < 9; ++i) QTest::keyClick(&window.view(), Qt::Key_Left);
        QCOMPARE(window.graph().nodes[static_cast<std::size_t>(window.view().spot().node)].column, 0);
    }

    void oneLayerFollowsTheHead() {
        FlowWindow window;
        window.open(test::randomRun(4, 2, 9));
        window.press("Bipartite");
        QVERIFY(window.view().picture().oneLayer);
        QCOMPARE(window.graph().firstLayer, 0);
        window.workspace().setHead({2, 1});
        window.settle();
        QCOMPARE(window.graph().firstLayer, 2);
        QVERIFY(window.says().startsWith("Layer 2"));
        auto& layer = window.box("Layer");
        QCOMPARE(layer.currentText(), QString("2"));
        window.choose(layer, 3);
        QCOMPARE(window.workspace().head().layer, 3);
        QCOMPARE(window.graph().firstLayer, 3);
        labelsStandApart(window.view());
    }

    void crossAttentionHasOneLayerAndSaysWhyNoMore() {
        auto run = std::make_shared<AttentionRun>(*test::runFromText(R"(
            .5 .25 .25
            .1 .2  .7 )"));
        run->target = TokenizedText{{"ab"}, {Token{1, "a", "a", 0, 1}, Token{2, "b", "b", 1, 2}}};
        FlowWindow window;
        window.open(run);
        QVERIFY(!window.pane().picture());
        QVERIFY(window.words().contains("Cross attention"));
        window.press("Bipartite");
        QVERIFY(window.pane().picture());
        QCOMPARE(window.graph().links.size(), std::size_t{6});
        QCOMPARE(window.view().textOf(window.node(1, 1)), QString("b"));
        window.click(window.view(), window.view().rectOf(window.node(1, 1)).center());
        QCOMPARE(window.workspace().pinned(), std::optional(Cell{1, 2}));
        window.press("Rollout");
        QVERIFY(!window.pane().picture());
    }

    void rolloutKeepsTheResidual() {
        FlowWindow window;
        const auto run = test::randomRun(3, 2, 7);
        window.open(run);
        window.workspace().setPinned(Cell{6, 0});
        window.press("Rollout");
        QCOMPARE(window.graph().kind, FlowKind::rollout);
        double own = window.graph().nodes[static_cast<std::size_t>(window.node(0, 6))].share;
        QVERIFY(own >= 0.125);  // half in each of three layers
        QVERIFY2(window.says().contains("Rollout of 6 t6"), qPrintable(window.says()));
        window.workspace().setPinned(std::nullopt);
        window.settle();
        double sum = 0;
        for (const auto& node : window.graph().nodes)
            if (node.column == 0) sum += node.share;
        QVERIFY(std::abs(sum - 1) < 1e-9);
    }

    void filtersAndCombinedHeadsAreSeenThrough() {
        FlowWindow window;
        window.open(test::randomRun(3, 3, 10));
        ViewSettings view = window.workspace().view();
        view.filters.combine = Combine::max;
        window.workspace().setView(view);
        window.settle();
        QVERIFY2(window.says().contains("max of 3 heads"), qPrintable(window.says()));
        QVERIFY(!window.box("Weights of which heads").isEnabled());
        view.filters.combine = Combine::single;
        view.filters.threshold = 1;
        view.filters.thresholdKind = ThresholdKind::topK;
        window.workspace().setView(view);
        window.settle();
        QVERIFY(window.box("Weights of which heads").isEnabled());
        for (std::size_t i = 0; i < window.graph().nodes.size(); ++i) {
            int kept = 0;
            for (const auto& link : window.graph().links)
                if (link.upper == static_cast<int>(i)) ++kept;
            QVERIFY(kept <= 3);  // one of each head
        }
        view.filters = {};
        view.filters.words = true;
        window.workspace().setView(view);
        window.settle();
        QCOMPARE(window.graph().tokens.size(),
                 static_cast<std::size_t>(window.workspace().keyTexts().size()));
    }

    void paddingIsNoToken() {
        FlowWindow window;
        window.open(test::randomRun(2, 2, 12, false, 3, {9, 10, 11}));
        QCOMPARE(window.graph().tokens.size(), std::size_t{9});
    }

    void hostileTokensStayPlainText() {
        FlowWindow window;
        window.open(
            withTokens(*test::randomRun(3, 1, 6),
                       {"<s>", "<b>&amp;</b>", "\xE2\x80\xAE", "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB",
                        "\xD8\xB3\xD9\x84\xD8\xA7\xD9\x85", "\xE6\xBC\xA2"}));
        labelsStandApart(window.view());
        const QByteArray svg = figureOf(*window.pane().picture(), FigureFormat::svg);
        QVERIFY(svg.contains("&lt;s&gt;"));
        QVERIFY(!svg.contains("<s>") && !svg.contains("<image"));
        window.picture("flow-hostile");
    }

    void twelveLayersOfSixtyTokensCanBeRead() {
        for (const QSize size : {QSize(832, 354), QSize(596, 250), QSize(596, 196), QSize(1180, 600)}) {
            FlowWindow window(ThemeChoice::light, size);
            window.open(patternRun(12, 2, 60));
            labelsStandApart(window.view());
            QVERIFY(window.view().labels().size() >= 4);
            window.workspace().setPinned(Cell{40, 3});
            window.settle();
            labelsStandApart(window.view());
            bool named = false;
            for (const auto& label : window.view().labels())
                named = named || (label.right && label.node == window.node(12, 40));
            QVERIFY(named);
            const auto& columns = window.graph().nodes;
            for (std::size_t at = 1; at < columns.size(); ++at)
                if (columns[at].column == columns[at - 1].column)
                    QVERIFY(window.view().rectOf(static_cast<int>(at)).top() >=
                            window.view().rectOf(static_cast<int>(at) - 1).bottom() - 1e-6);
        }
    }

    void aLongTextNeverFreezesAndSaysWhatItLeavesOut() {
        FlowWindow window;
        window.open(patternRun(6, 2, 4096));
        QCOMPARE(window.graph().tokens.size(), std::size_t{64});
        QVERIFY2(window.says().startsWith("Layers 0–5"), qPrintable(window.says()));
        labelsStandApart(window.view());
        window.picture("flow-long");
        QElapsedTimer blocked;
        qint64 longest = 0;
        QTimer watch;
        watch.setInterval(5);
        connect(&watch, &QTimer::timeout, this, [&] { longest = std::max(longest, blocked.restart()); });
        blocked.start();
        watch.start();
        for (const char* view : {"Sankey", "Bipartite", "Rollout"}) {
            window.press(view);
            window.workspace().setPinned(Cell{4000, 0});
            QVERIFY(window.settle());
            QVERIFY(window.graph().tokens.size() <= 64);
            QVERIFY(window.graph().leftOutKeys > 4000);
            window.workspace().setPinned(std::nullopt);
            QVERIFY(window.settle());
        }
        qInfo("longest block of the UI thread: %lld ms", longest);
        QVERIFY(longest < 1000);
    }

    void everyLinkOfADenseGraphIsBoundedOnScreen() {
        FlowWindow window;
        window.open(test::randomRun(12, 1, 64, false));
        window.box("Which links are kept").setCurrentIndex(3);
        window.settle();
        auto* amount = window.dock().findChild<QDoubleSpinBox*>();
        amount->setValue(0);
        QElapsedTimer timer;
        window.settle();
        QVERIFY(window.graph().links.size() > 40'000);
        QVERIFY(window.view().linksLeftOut() > 0);
        timer.start();
        QVERIFY(!figureOf(window.view(), FigureFormat::png).isEmpty());
        qInfo("a figure of 6,000 links in %lld ms", timer.restart());
        window.workspace().setHovered(Cell{5, 1});
        window.settle();
        timer.restart();
        window.view().repaint();
        qInfo("lit again in %lld ms", timer.elapsed());
    }

    void figuresHaveTextAndNoPicture() {
        for (const auto theme : {ThemeChoice::light, ThemeChoice::dark}) {
            FlowWindow window(theme);
            window.open(patternRun(12, 2, 60));
            for (const int pinned : {-1, 30}) {
                if (pinned >= 0) window.workspace().setPinned(Cell{pinned, 0});
                window.settle();
                const QByteArray svg = figureOf(*window.pane().picture(), FigureFormat::svg);
                QVERIFY(svg.contains("<text") && svg.contains("input") && !svg.contains("<image"));
                QVERIFY(!figureOf(*window.pane().picture(), FigureFormat::pdf).isEmpty());
                // As it is seen, whoever has the keyboard.
                window.view().setFocus(Qt::TabFocusReason);
                QVERIFY(figureOf(*window.pane().picture(), FigureFormat::svg) == svg);
                window.view().clearFocus();
            }
        }
    }

    void aHiddenPaneComputesNothing() {
        FlowWindow window;
        window.open(test::randomRun(3, 2, 6));
        window.dock().hide();
        window.settle();
        const auto* before = &window.graph();
        window.workspace().setPinned(Cell{3, 1});
        window.settle();
        QCOMPARE(&window.graph(), before);
        window.dock().show();
        window.settle();
        QCOMPARE(window.graph().kind, FlowKind::path);
    }

    void picturesOfRecordedModels_data() {
        QTest::addColumn<QString>("file");
        QTest::addColumn<bool>("dark");
        QTest::addColumn<QString>("view");
        QTest::addColumn<int>("pinned");
        for (const bool dark : {true, false})
            for (const auto& [name, file] :
                 {std::pair("gpt2", "data/recorded/gpt2-quick-brown-fox/attention_data.json"),
                  std::pair("bert", "data/recorded/bert-sst2-dodrio/attention-0006.json")})
                for (const char* view : {"Sankey", "Bipartite", "Rollout"})
                    for (const int pinned : {-1, name == std::string("gpt2") ? 8 : 24})
                        QTest::addRow("%s-%s-%s-%d", name, dark ? "dark" : "light", view, pinned)
                            << QString(file) << dark << QString(view) << pinned;
    }
    void picturesOfRecordedModels() {
        QFETCH(QString, file);
        QFETCH(bool, dark);
        QFETCH(QString, view);
        QFETCH(int, pinned);
        ATTNVIZ_NEED_SHARED(file.toStdString());
        auto session = openSession(test::sharedDir() / file.toStdString());
        QVERIFY(session.ok());
        FlowWindow window(dark ? ThemeChoice::dark : ThemeChoice::light);
        window.open(session->run);
        if (pinned >= 0) window.workspace().setPinned(Cell{pinned, 2});
        window.press(view);
        labelsStandApart(window.view());
        window.picture(QString("flow-%1").arg(QTest::currentDataTag()));
    }
};

QTEST_MAIN(FlowPaneTest)
#include "flow_pane_test.moc"
