// The real window, clicked: panes and layouts, one selection everywhere, filters, documents.
#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QMenuBar>
#include <QMimeData>
#include <QTabBar>
#include <QTableView>

#include "tests/ui/window_case.h"
#include "ui/state/file_controller.h"
#include "ui/widgets/head_grid.h"
#include "ui/widgets/heatmap_view.h"
#include "ui/widgets/map_panels.h"

using namespace attnviz;
using namespace attnviz::ui;

class MainWindowTest : public QObject {
    Q_OBJECT

    static QWidget* part(MainWindow& window, const char* pane, const char* type) {
        auto* dock = window.findChild<QDockWidget*>(pane);
        if (!dock) return nullptr;
        for (auto* widget : dock->findChildren<QWidget*>())
            if (QString(widget->metaObject()->className()).endsWith(type)) return widget;
        return nullptr;
    }
    static QAction* entry(MainWindow& window, const QString& text) {
        for (auto* action : window.findChildren<QAction*>())
            if (QString(action->text()).remove('&') == text) return action;
        return nullptr;
    }

 private slots:
    void init() { QFile::remove(stateFile()); }

    void aHeadChosenAnywhereIsChosenEverywhere() {
        MainWindow window(test::quietSettings());
        QVERIFY(test::show(window, test::randomRun(3, 4, 9)));
        auto& workspace = window.workspace();
        auto* grid = static_cast<HeadGrid*>(part(window, "heads", "HeadGrid"));
        auto* table = window.findChild<QDockWidget*>("heads")->findChild<QTableView*>();
        QVERIFY(grid && table);
        QTest::mouseClick(grid, Qt::LeftButton, {}, grid->rectOf({2, 1}).center().toPoint());
        QCOMPARE(workspace.head(), (HeadId{2, 1}));
        QTRY_COMPARE(grid->chosen(), (HeadId{2, 1}));
        QTRY_COMPARE(table->selectionModel()->selectedRows().size(), 1);
        QVERIFY(workspace.headTitle().contains("2") && workspace.headTitle().contains("1"));
        QTest::mouseClick(grid, Qt::LeftButton, Qt::ControlModifier, grid->rectOf({0, 3}).center().toPoint());
        QCOMPARE(workspace.selection().heads, (std::vector<HeadId>{{0, 3}, {2, 1}}));
        QCOMPARE(workspace.head(), (HeadId{0, 3}));
        QTRY_COMPARE(table->selectionModel()->selectedRows().size(), 2);
        QTest::mouseClick(grid, Qt::LeftButton, Qt::ShiftModifier, grid->rectOf({1, 2}).center().toPoint());
        QCOMPARE(workspace.selection().heads, (std::vector<HeadId>{{0, 2}, {0, 3}, {1, 2}, {1, 3}}));
        // From the table, and from a panel of the layer comparison.
        QTRY_VERIFY(window.isIdle());
        QTest::mouseClick(table->viewport(), Qt::LeftButton, {},
                          table->visualRect(table->model()->index(0, 1)).center());
        QCOMPARE(workspace.selection().heads.size(), std::size_t{1});
        auto* panels = static_cast<MapPanels*>(part(window, "layers", "MapPanels"));
        QVERIFY(panels);
        QTRY_COMPARE(panels->panels().size(), std::size_t{3});
        QTest::mouseClick(panels, Qt::LeftButton, {}, panels->panelRect(1).center());
        QCOMPARE(workspace.head().layer, 1);
        grid->setFocus(Qt::TabFocusReason);
        QTRY_COMPARE(grid->chosen(), workspace.head());
        QTest::keyClick(grid, Qt::Key_Down);
        QCOMPARE(workspace.head().layer, 2);
    }

    void aCellUnderThePointerIsLitEverywhereAndPinsStay() {
        MainWindow window(test::quietSettings());
        QVERIFY(test::show(window, test::randomRun(2, 2, 9)));
        auto& workspace = window.workspace();
        auto* view = window.findChild<HeatmapView*>();
        QVERIFY(view);
        QTest::mouseMove(view, view->positionOf({6, 3}).toPoint());
        QTRY_COMPARE(workspace.hovered(), std::optional(Cell{6, 3}));
        QTest::mouseClick(view, Qt::LeftButton, {}, view->positionOf({6, 3}).toPoint());
        QCOMPARE(workspace.pins(), (std::vector<Cell>{{6, 3}}));
        QTest::mouseClick(view, Qt::LeftButton, Qt::ControlModifier, view->positionOf({7, 1}).toPoint());
        QCOMPARE(workspace.pins(), (std::vector<Cell>{{6, 3}, {7, 1}}));
        QTRY_COMPARE(view->pinned(), std::optional(Cell{7, 1}));
        // Tokens along the edges.
        const QRect area = view->mapArea();
        const QPoint from(static_cast<int>(view->positionOf({0, 2}).x()), area.top() - 8),
            to(static_cast<int>(view->positionOf({0, 5}).x()), area.top() - 8);
        QTest::mousePress(view, Qt::LeftButton, {}, from);
        QTest::mouseMove(view, to);
        QTest::mouseRelease(view, Qt::LeftButton, {}, to);
        QVERIFY(workspace.selection().keys);
        QCOMPARE(workspace.selection().keys->begin, 2);
        QCOMPARE(workspace.selection().keys->end, 6);
        view->setFocus();
        QTest::keyClick(view, Qt::Key_Escape);
        QVERIFY(workspace.pins().empty() && !workspace.selection().keys);
    }

    void everyFilterChangesWhatIsSeen_data() {
        QTest::addColumn<QString>("filter");
        for (const char* name :
             {"specials", "words", "threshold", "top k", "mass", "mean", "max", "min", "sum"})
            QTest::newRow(name) << name;
    }
    void everyFilterChangesWhatIsSeen() {
        QFETCH(QString, filter);
        const QString& name = filter;
        auto run = std::make_shared<AttentionRun>(*test::randomRun(2, 4, 9));
        run->input.tokens[0].special = true;
        std::string text;
        for (std::size_t i = 0; i < 9; ++i) {
            auto& token = run->input.tokens[i];
            token.text = i == 0 ? "<s>" : i % 2 == 1 ? " un" : "seen";
            if (i == 0) continue;
            token.begin = text.size();
            text += token.text;
            token.end = text.size();
        }
        run->input.texts = {text};
        MainWindow window(test::quietSettings());
        QVERIFY(test::show(window, run));
        auto& workspace = window.workspace();
        const auto* heatmap = window.findChild<HeatmapView*>()->parentWidget();
        while (heatmap && !dynamic_cast<const Pane*>(heatmap)) heatmap = heatmap->parentWidget();
        const auto* pane = dynamic_cast<const Pane*>(heatmap);
        QVERIFY(pane);
        const QString before = pane->values();
        const QPixmap seen = window.findChild<HeatmapView*>()->grab();
        ViewSettings view = workspace.view();
        auto& filters = view.filters;
        if (name == "specials") filters.hideSpecial = filters.renormalize = true;
        if (name == "words") filters.words = true;
        if (name == "threshold") filters.threshold = 0.2;
        if (name == "top k") filters.thresholdKind = ThresholdKind::topK, filters.threshold = 1;
        if (name == "mass") filters.thresholdKind = ThresholdKind::mass, filters.threshold = 0.4;
        if (name == "mean") filters.combine = Combine::mean;
        if (name == "max") filters.combine = Combine::max;
        if (name == "min") filters.combine = Combine::min;
        if (name == "sum") filters.combine = Combine::sum;
        workspace.setView(view);
        QTRY_VERIFY(window.isIdle());
        QVERIFY(workspace.source() != workspace.rawSource());
        QVERIFY(pane->values() != before);
        QVERIFY(window.findChild<HeatmapView*>()->grab().toImage() != seen.toImage());
        if (name == "specials") QVERIFY(workspace.source()->info().renormalized);
        if (filters.combine != Combine::single) QVERIFY(workspace.headTitle().contains("4 heads"));
        workspace.setView({});
        QTRY_VERIFY(window.isIdle());
        QCOMPARE(pane->values(), before);
    }

    void combinesTheHeadsThatAreChosen() {
        MainWindow window(test::quietSettings());
        QVERIFY(test::show(window, test::randomRun(2, 4, 5)));
        auto& workspace = window.workspace();
        ViewSettings view;
        view.filters.combine = Combine::mean;
        workspace.setView(view);
        workspace.setHeads({{1, 0}, {1, 3}}, {1, 3});
        QTRY_VERIFY(window.isIdle());
        std::vector<float> mean(5), one(5), other(5);
        workspace.source()->row(workspace.shownHead(), 4, mean);
        workspace.rawSource()->row({1, 0}, 4, one);
        workspace.rawSource()->row({1, 3}, 4, other);
        for (std::size_t key = 0; key < 5; ++key)
            QVERIFY(std::abs(mean[key] - (one[key] + other[key]) / 2) < 1e-6F);
    }

    void documentsKeepTheirOwnSelection() {
        MainWindow window(test::quietSettings());
        QVERIFY(test::show(window, test::randomRun(2, 3, 6)));
        auto& workspace = window.workspace();
        auto* tabs = window.findChild<QTabBar*>("documents");
        QVERIFY(tabs && !tabs->isVisible());
        workspace.setHead({1, 2});
        workspace.setPinned(Cell{3, 1});
        const int first = workspace.document().id;
        workspace.open(test::sessionOf(test::randomRun(4, 2, 12, true, 7)));
        QTRY_VERIFY(window.isIdle());
        QCOMPARE(tabs->count(), 2);
        QVERIFY(tabs->isVisible());
        QCOMPARE(workspace.rawSource()->info().queries, 12);
        QVERIFY(workspace.pins().empty());
        tabs->setCurrentIndex(0);
        QTRY_VERIFY(window.isIdle());
        QCOMPARE(workspace.document().id, first);
        QCOMPARE(workspace.head(), (HeadId{1, 2}));
        QCOMPARE(workspace.pins(), (std::vector<Cell>{{3, 1}}));
        entry(window, "Close document")->trigger();
        QTRY_VERIFY(window.isIdle());
        QCOMPARE(workspace.documents().size(), std::size_t{1});
        QCOMPARE(workspace.rawSource()->info().queries, 12);
        entry(window, "Reopen closed document")->trigger();
        QTRY_VERIFY(window.isIdle());
        QCOMPARE(workspace.head(), (HeadId{1, 2}));
    }

    void layoutsByNameSurviveARestartAndASmallerScreen() {
        WindowSettings settings = test::quietSettings();
        settings.remember = true;
        {
            MainWindow window(settings);
            QVERIFY(test::show(window, test::randomRun(2, 3, 6)));
            window.findChild<QDockWidget*>("tokens")->close();
            window.findChild<DockLayout*>()->keep("mine/own");
            window.close();
        }
        MainWindow window(settings);
        QVERIFY(test::show(window, test::randomRun(2, 3, 6), {900, 640}));
        QVERIFY(window.findChild<QDockWidget*>("tokens")->isHidden());
        auto* layout = window.findChild<DockLayout*>();
        QCOMPARE(layout->kept(), QStringList{"mine-own"});
        layout->reset();
        QVERIFY(!window.findChild<QDockWidget*>("tokens")->isHidden());
        layout->applyKept("mine-own");
        QVERIFY(window.findChild<QDockWidget*>("tokens")->isHidden());
        layout->apply("long");
        QVERIFY(!window.findChild<QDockWidget*>("overview")->isHidden());
        QVERIFY2(window.width() <= 900 && window.height() <= 640,
                 qPrintable(QString("%1 x %2").arg(window.width()).arg(window.height())));
        layout->forget("mine-own");
        QVERIFY(layout->kept().isEmpty());
    }

    void everyPaneCopiesWhatItShows() {
        MainWindow window(test::quietSettings());
        QVERIFY(test::show(window, test::randomRun(2, 3, 6)));
        auto* copy = window.findChild<QAction*>("copyFigure");
        QVERIFY(copy);
        copy->trigger();
        const auto* data = QApplication::clipboard()->mimeData();
        QVERIFY(data->hasImage() && data->hasFormat("image/svg+xml") && data->hasFormat("application/pdf"));
        QVERIFY(data->data("application/pdf").startsWith("%PDF"));
        QVERIFY(data->data("image/svg+xml").contains("<text"));
        QVERIFY(!data->data("application/pdf").contains("DCTDecode"));
        window.findChild<QAction*>("copyValues")->trigger();
        QCOMPARE(QApplication::clipboard()->text().count('\n'), 7);
        for (const char* id : {"heads", "layers"}) {
            const auto* pane = test::paneOf(window, id);
            QVERIFY2(pane->picture() && !pane->values().isEmpty(), id);
        }
    }
};

QTEST_MAIN(MainWindowTest)
#include "main_window_test.moc"
