// The clustering pane on the real window: heads of known patterns fall into their groups, what is chosen here
// is chosen everywhere and the reverse, and every length, kind and filter is right or said.
#include <QComboBox>
#include <QElapsedTimer>
#include <QHeaderView>
#include <QPushButton>
#include <QTableView>
#include <QTimer>

#include "core/analysis/clusters.h"
#include "tests/ui/window_case.h"
#include "ui/exporting/widget_figure.h"
#include "ui/theme/appearance.h"
#include "ui/theme/cluster_marks.h"
#include "ui/widgets/cluster_map.h"
#include "ui/widgets/head_card.h"
#include "ui/widgets/overview_image.h"
#include "ui/widgets/segments.h"
#include "ui/widgets/silhouette_view.h"
#include "ui/widgets/tree_view.h"

using namespace attnviz;
using namespace attnviz::ui;
using attnviz::test::PaneWindow;
using attnviz::test::patternRun;

class ClustersPaneTest : public QObject {
    Q_OBJECT

    static QPoint at(std::optional<QPointF> position) { return position.value_or(QPointF()).toPoint(); }
    static void click(QWidget& view, std::optional<QPointF> position, Qt::KeyboardModifiers keys = {}) {
        QVERIFY(position);
        QTest::mouseClick(&view, Qt::LeftButton, keys, at(position));
    }

 private slots:
    void nothingOpenSaysWhatToDo() {
        PaneWindow test("clusters");
        test.settle();
        QVERIFY(!test.pane().picture());
        QVERIFY(test.pane().values().isEmpty());
    }

    void headsOfOnePatternMakeOneCluster() {
        PaneWindow test("clusters");
        test.open(patternRun(4, 3, 16));
        auto& table = test.part<QTableView>();
        QCOMPARE(table.model()->rowCount(), 3);
        QStringList mostly;
        for (int row = 0; row < 3; ++row) {
            QCOMPARE(table.model()->index(row, 2).data().toString(), QString("4 of 4"));
            mostly << table.model()->index(row, 1).data().toString();
        }
        QCOMPARE(mostly, QStringList({"previous token", "first token (sink)", "uniform"}));
        QVERIFY2(test.words().contains("12 heads, k-means++, seed 42, k by silhouette"),
                 qPrintable(test.words()));
        QCOMPARE(test.named<QComboBox>("k").currentText(), QString("Auto (3)"));
    }

    void valuesAreTheAnalysis() {
        PaneWindow test("clusters");
        const auto run = patternRun(3, 3, 12);
        test.open(run);
        const auto found = clusterDistances(*headDistances(*run, run->main()));
        const QStringList lines = test.pane().values().split('\n', Qt::SkipEmptyParts);
        QCOMPARE(lines.size(), 10);
        QCOMPARE(lines.first(), QString("layer\thead\tcluster\tsilhouette\tx\ty"));
        for (int i = 0; i < 9; ++i) {
            const auto& place = found->heads[static_cast<std::size_t>(i)];
            const QStringList cells = lines[i + 1].split('\t');
            QCOMPARE(cells[0].toInt(), place.head.layer);
            QCOMPARE(cells[1].toInt(), place.head.head);
            QCOMPARE(cells[2].toInt(), place.cluster);
            QVERIFY(std::abs(cells[3].toDouble() - place.silhouette) < 1e-8);
            QVERIFY(std::abs(cells[4].toDouble() - place.x) < 1e-8);
            QVERIFY(std::abs(cells[5].toDouble() - place.y) < 1e-8);
        }
        QVERIFY(test.pane().picture());
    }

    void pointsChooseHeadsForAllPanes() {
        PaneWindow test("clusters");
        test.open(patternRun(4, 3, 16));
        auto& map = test.part<ClusterMap>();
        QTest::qWait(0);
        // Heads of a pattern lie close together: the one that is nearest to the click is chosen.
        const auto nearest = [&](HeadId head) { return map.headAt(at(map.positionOf(head))); };
        const auto head = nearest({2, 1});
        QVERIFY(head && head->head == 1);
        click(map, map.positionOf({2, 1}));
        QCOMPARE(test.workspace().head(), *head);
        const auto other = nearest({1, 2});
        click(map, map.positionOf({1, 2}), Qt::ControlModifier);
        QCOMPARE(test.workspace().selection().heads.size(), 2U);
        QCOMPARE(test.workspace().head(), *other);
        click(map, map.positionOf({1, 2}), Qt::ControlModifier);
        QCOMPARE(test.workspace().selection().heads, std::vector<HeadId>{*head});
        // A box around everything.
        const QRect area = map.axisRect()->rect().adjusted(2, 2, -2, -2);
        QTest::mousePress(&map, Qt::LeftButton, {}, area.topLeft());
        attnviz::test::movePointer(map, area.center(), Qt::LeftButton);
        QTest::mouseRelease(&map, Qt::LeftButton, {}, area.bottomRight());
        QCOMPARE(test.workspace().selection().heads.size(), 12U);
        QCOMPARE(test.workspace().head(), *head);
    }

    void hoverShowsThePatternAndLightsThePoint() {
        PaneWindow test("clusters");
        const auto run = patternRun(4, 3, 16);
        test.open(run);
        auto& card = test.part<HeadCard>();
        QVERIFY(!card.isVisible());
        test.workspace().setHoveredHead(HeadId{3, 0});  // by another pane
        QVERIFY(test.settle());
        QVERIFY(card.isVisible());
        QCOMPARE(card.name(), QString("L3 H0"));
        QCOMPARE(card.pattern(), overviewImage(run->main().overview({3, 0}), test.workspace().sharedScale(),
                                               ui::palette().masked));
        test.workspace().setHoveredHead(std::nullopt);
        QVERIFY(test.settle());
        QVERIFY(!card.isVisible());
        auto& map = test.part<ClusterMap>();
        attnviz::test::movePointer(map, *map.positionOf({0, 2}));
        QVERIFY(test.workspace().hoveredHead());
        QCOMPARE(test.workspace().hoveredHead()->head, 2);
    }

    void silhouettesChooseHeadsClustersAndK() {
        PaneWindow test("clusters");
        test.open(patternRun(4, 3, 16));
        auto& silhouettes = test.part<SilhouetteView>();
        click(silhouettes, silhouettes.positionOf({1, 1}));
        QCOMPARE(test.workspace().head(), (HeadId{1, 1}));
        click(silhouettes, silhouettes.labelOf(2).center());
        QCOMPARE(test.workspace().selection().heads, (std::vector<HeadId>{{0, 2}, {1, 2}, {2, 2}, {3, 2}}));
        QVERIFY(!silhouettes.countBar(4).isNull());
        click(silhouettes, silhouettes.countBar(4).center());
        QVERIFY(test.settle());
        QCOMPARE(test.part<QTableView>().model()->rowCount(), 4);
        QCOMPARE(test.named<QComboBox>("k").currentText(), QString("4"));
        test.named<QComboBox>("k").setCurrentIndex(0);
        QVERIFY(test.settle());
        QCOMPARE(test.part<QTableView>().model()->rowCount(), 3);
    }

    void theTreeChoosesHeadsAndBranches() {
        PaneWindow test("clusters");
        test.open(patternRun(4, 3, 16));
        test.part<Segments>().button(1)->click();
        test.named<QComboBox>("Method").setCurrentIndex(1);
        QVERIFY(test.settle());
        auto& tree = test.part<TreeView>();
        QVERIFY(tree.isVisible());
        QVERIFY(!test.part<ClusterMap>().isVisible());
        click(tree, tree.positionOf({2, 0}));
        QCOMPARE(test.workspace().head(), (HeadId{2, 0}));
        const QPointF top = tree.mergePosition(10);  // the last of eleven: all heads
        QCOMPARE(tree.branchAt(top).size(), 12U);
        click(tree, top);
        QCOMPARE(test.workspace().selection().heads.size(), 12U);
        QVERIFY2(test.words().contains("average linkage"), qPrintable(test.words()));
        test.part<Segments>().button(0)->click();
        test.named<QComboBox>("Method").setCurrentIndex(0);
        QVERIFY(test.settle());
    }

    void everyControlChangesThePicture() {
        PaneWindow test("clusters");
        test.open(patternRun(4, 4, 16));
        const QString before = test.pane().values();
        for (const auto& [name, choices] :
             {std::pair("Distance", 2), std::pair("Map", 3), std::pair("k", 3)}) {
            auto& box = test.named<QComboBox>(name);
            for (int i = 1; i < choices; ++i) {
                box.setCurrentIndex(i);
                QVERIFY(test.settle());
                QVERIFY2(test.pane().values() != before, name);
            }
            box.setCurrentIndex(0);
            QVERIFY(test.settle());
            QCOMPARE(test.pane().values(), before);
        }
    }

    void someHeadsAreAPartOfAll() {
        PaneWindow test("clusters");
        test.open(patternRun(4, 4, 16));
        test.workspace().setHeads({{0, 0}, {1, 0}, {2, 1}, {3, 1}}, {0, 0});
        auto& among = test.named<QComboBox>("Heads");
        among.setCurrentIndex(2);
        emit among.activated(2);
        QVERIFY(test.settle());
        QCOMPARE(test.pane().values().count('\n'), 5);
        QCOMPARE(among.currentText(), QString("4 chosen"));
        // What is chosen afterwards does not change it.
        test.workspace().setHead({3, 3});
        QVERIFY(test.settle());
        QCOMPARE(test.pane().values().count('\n'), 5);
        emit among.activated(1);
        QVERIFY(test.settle());
        QCOMPARE(test.pane().values().count('\n'), 5);  // layer 3: four heads
        QVERIFY(test.pane().values().contains("3\t2\t"));
        emit among.activated(2);
        QVERIFY(test.settle());
        QVERIFY2(test.words().contains("Choose three heads or more"), qPrintable(test.words()));
        emit among.activated(0);
        QVERIFY(test.settle());
        QCOMPARE(test.pane().values().count('\n'), 17);
    }

    void filtersAreSeenThroughAndSaid() {
        PaneWindow test("clusters");
        test.open(patternRun(3, 4, 16));
        const QString before = test.pane().values();
        ViewSettings view;
        view.filters.threshold = 0.02;
        view.filters.renormalize = true;
        test.workspace().setView(view);
        QVERIFY(test.settle());
        QVERIFY(test.pane().values() != before);
        test.workspace().setHoveredHead(HeadId{1, 1});
        QVERIFY(test.settle());
        QVERIFY(!test.part<HeadCard>().pattern().isNull());
        view.filters = {};
        view.filters.words = true;
        test.workspace().setView(view);
        QVERIFY(test.settle());
        QVERIFY(test.pane().picture());
        // Combined heads are clustered apart.
        view.filters = {};
        view.filters.combine = Combine::mean;
        test.workspace().setView(view);
        QVERIFY(test.settle());
        QCOMPARE(test.pane().values(), before);
    }

    void fewHeadsAndOtherKinds() {
        PaneWindow test("clusters");
        test.open(patternRun(1, 2, 5));
        QVERIFY2(test.words().contains("Fewer than three heads"), qPrintable(test.words()));
        test.open(patternRun(2, 2, 5));
        QVERIFY(test.pane().picture());
        test.open(attnviz::test::encoderDecoderRun(2, 4, 9, 6));
        test.workspace().setSourceIndex(2);
        QVERIFY(test.settle());
        QVERIFY(test.pane().picture());
        QCOMPARE(test.pane().values().count('\n'), 9);
        for (int distance : {1, 0}) {
            test.named<QComboBox>("Distance").setCurrentIndex(distance);
            QVERIFY(test.settle());
            QVERIFY(test.pane().picture());
        }
    }

    void longTextsAreComputedAside() {
        PaneWindow test("clusters");
        Session session;
        session.run = patternRun(2, 4, 4096);
        // The longest time that the window did not answer; beyond a second it would be a defect.
        QElapsedTimer since;
        qint64 longest = 0;
        QTimer beat;
        connect(&beat, &QTimer::timeout, this, [&] {
            longest = std::max(longest, since.elapsed());
            since.restart();
        });
        test.workspace().open(session);
        test.show();
        since.start();
        beat.start(1);
        test.workspace().setHead({1, 1});
        test.named<QComboBox>("Distance").setCurrentIndex(1);
        QVERIFY(test.settle(120'000));
        test.named<QComboBox>("Distance").setCurrentIndex(0);
        QVERIFY(test.settle(120'000));
        beat.stop();
        qInfo("longest UI block while 4,096 tokens are clustered: %lld ms", static_cast<long long>(longest));
        QVERIFY(longest < 1000);
        QCOMPARE(test.part<QTableView>().model()->rowCount(), 4);
    }

    void aHiddenPaneDoesNothing() {
        PaneWindow test("clusters");
        test.dock().hide();
        Session session;
        session.run = patternRun(3, 3, 12);
        test.workspace().open(session);
        test.dock().hide();
        QVERIFY(test.settle());
        QVERIFY(test.pane().values().isEmpty());
        test.show();
        QVERIFY(!test.pane().values().isEmpty());
    }

    void theKeyboardAloneIsEnough() {
        PaneWindow test("clusters");
        test.open(patternRun(4, 3, 16));
        auto& map = test.part<ClusterMap>();
        map.setFocus(Qt::TabFocusReason);
        for (const auto key : {Qt::Key_Left, Qt::Key_Right, Qt::Key_Up, Qt::Key_Down})
            QTest::keyClick(&map, key);
        QVERIFY(test.workspace().hoveredHead());
        QVERIFY(test.settle());
        QVERIFY(map.accessibleDescription().contains("silhouette"));
        QTest::keyClick(&map, Qt::Key_Return);
        QCOMPARE(test.workspace().head(), *test.workspace().hoveredHead());
        auto& silhouettes = test.part<SilhouetteView>();
        QTest::keyClick(&silhouettes, Qt::Key_Home);
        QTest::keyClick(&silhouettes, Qt::Key_Down);
        QTest::keyClick(&silhouettes, Qt::Key_Return);
        QCOMPARE(test.workspace().head(), *test.workspace().hoveredHead());
    }

    void marksAreTellableInBothThemes() {
        for (const auto theme : {ThemeChoice::light, ThemeChoice::dark}) {
            Appearance::instance().apply(theme);
            for (int cluster = 0; cluster < kClusterMarks; ++cluster) {
                QVERIFY2(contrastRatio(clusterColor(cluster), ui::palette().panel) >= 3,
                         qPrintable(QString::number(cluster)));
                QVERIFY(!clusterMark(cluster, 8).isEmpty());
            }
        }
    }

    void figuresHaveRealText() {
        PaneWindow test("clusters");
        test.open(patternRun(4, 3, 16));
        const QByteArray drawing = figureOf(*test.pane().picture(), FigureFormat::svg);
        QVERIFY(drawing.contains("<text"));
        QVERIFY(!drawing.contains("<image"));  // the map is drawn, not copied from the screen
        QVERIFY(figureOf(*test.pane().picture(), FigureFormat::pdf).startsWith("%PDF"));
    }

    void standsInTheLayoutThatIsMadeForIt() {
        const std::string file = "data/recorded/bert-sst2-dodrio/attention-0006.json";
        ATTNVIZ_NEED_SHARED(file);
        WindowSettings settings;
        settings.theme = ThemeChoice::dark;
        settings.remember = false;
        MainWindow window(settings);
        window.resize(1600, 1000);
        window.show();
        window.openFile(QString::fromStdString((attnviz::test::sharedDir() / file).string()));
        QTRY_VERIFY(!window.workspace().isEmpty());
        auto* layout = window.findChild<DockLayout*>();
        QVERIFY(layout);
        for (const auto& [id, name] :
             {std::pair("clusters", "window-clusters"), std::pair("default", "window-default")}) {
            layout->apply(id);
            auto* dock = window.findChild<QDockWidget*>("clusters");
            QVERIFY(dock && !dock->isFloating());
            dock->raise();
            if (auto* roles = window.findChild<QDockWidget*>("roles")) roles->raise();
            auto* map = dock->findChild<ClusterMap*>();
            QTRY_VERIFY(map->isVisible() && map->positionOf({6, 9}));
            QTRY_VERIFY(window.isIdle() && window.workspace().idle());
            window.workspace().setHead({6, 9});
            QTest::qWait(50);
            QTRY_VERIFY(window.isIdle() && window.workspace().idle());
            window.grab().save(QString("%1.png").arg(name));
            QVERIFY(map->width() > 150 && map->height() > 60);
        }
    }

    void picturesForAPerson_data() {
        QTest::addColumn<QString>("file");
        QTest::addColumn<bool>("dark");
        QTest::addColumn<QSize>("size");
        QTest::addColumn<bool>("tree");
        const QString gpt2 = "data/recorded/gpt2-quick-brown-fox/attention_data.json",
                      bert = "data/recorded/bert-sst2-dodrio/attention-0006.json";
        QTest::newRow("bert-dark") << bert << true << QSize(440, 780) << false;
        QTest::newRow("gpt2-light") << gpt2 << false << QSize(440, 780) << false;
        QTest::newRow("gpt2-light-wide") << gpt2 << false << QSize(920, 196) << false;
        QTest::newRow("gpt2-dark-bottom") << gpt2 << true << QSize(604, 196) << false;
        QTest::newRow("bert-light-narrow") << bert << false << QSize(360, 420) << false;
        QTest::newRow("bert-light-tree") << bert << false << QSize(440, 780) << true;
        QTest::newRow("gpt2-dark-tree") << gpt2 << true << QSize(920, 260) << true;
        QTest::newRow("made-light") << QString() << false << QSize(440, 780) << false;
    }
    void picturesForAPerson() {
        QFETCH(QString, file);
        QFETCH(bool, dark);
        QFETCH(QSize, size);
        QFETCH(bool, tree);
        PaneWindow test("clusters", size, dark ? ThemeChoice::dark : ThemeChoice::light);
        if (file.isEmpty()) {
            test.open(patternRun(12, 12, 24, false));
        } else {
            ATTNVIZ_NEED_SHARED(file.toStdString());
            test.window().openFile(
                QString::fromStdString((attnviz::test::sharedDir() / file.toStdString()).string()));
            test.settle();
            test.show();
        }
        test.part<Segments>().button(tree ? 1 : 0)->click();
        test.named<QComboBox>("Method").setCurrentIndex(tree ? 1 : 0);
        test.named<QComboBox>("Map").setCurrentIndex(dark ? 2 : 0);
        QVERIFY(test.settle());
        test.workspace().setHeads({{1, 1}, {2, 2}, {3, 5}}, {3, 5});
        test.workspace().setHoveredHead(HeadId{7, 4});
        test.picture(QString("clusters-%1").arg(QTest::currentDataTag()));
        auto& picture = tree ? static_cast<QWidget&>(test.part<TreeView>()) : test.part<ClusterMap>();
        auto& silhouettes = test.part<SilhouetteView>();
        QVERIFY(picture.isVisible() && silhouettes.isVisible());
        const auto rectOf = [&](QWidget& part) {
            return QRect(part.mapTo(&test.dock(), QPoint()), part.size());
        };
        QVERIFY(!rectOf(picture).intersects(rectOf(silhouettes)));
        QVERIFY(picture.width() > 150 && picture.height() >= 60);
        test.part<Segments>().button(0)->click();
        test.named<QComboBox>("Method").setCurrentIndex(0);
        test.named<QComboBox>("Map").setCurrentIndex(0);
    }
};

QTEST_MAIN(ClustersPaneTest)
#include "clusters_pane_test.moc"
