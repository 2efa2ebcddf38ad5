// What must be readable in a small window: the map of a short text with its values, the maps of the layers in
// their dock; and that room is shared anew when the window changes, until a person takes it over.
#include <QScrollArea>

#include "tests/ui/window_case.h"
#include "ui/widgets/heatmap_view.h"
#include "ui/widgets/map_panels.h"

using namespace attnviz;
using namespace attnviz::ui;

class SmallWindowTest : public QObject {
    Q_OBJECT

    static MapPanels& panelsOf(MainWindow& window) {
        auto* panels = test::paneOf(window, "layers")->findChild<MapPanels*>();
        if (!panels) qFatal("no maps of layers");
        return *panels;
    }
    static std::shared_ptr<const AttentionRun> foxRun() {
        return test::withTokens(*test::randomRun(12, 12, 9), {"The", " quick", " brown", " fox", " jumps",
                                                              " over", " the", " lazy", " dog"});
    }

 private slots:
    void nineTokensAreReadWithTheirValues_data() {
        QTest::addColumn<QSize>("size");
        QTest::addColumn<int>("cell");
        QTest::newRow("1280x800") << QSize(1280, 800) << 34;
        QTest::newRow("1600x1000") << QSize(1600, 1000) << 52;
    }
    void nineTokensAreReadWithTheirValues() {
        QFETCH(QSize, size);
        QFETCH(int, cell);
        MainWindow window(test::quietSettings());
        QVERIFY(test::show(window, foxRun(), size));
        auto* map = window.findChild<HeatmapView*>();
        QVERIFY2(map->cellPixels() >= cell, qPrintable(QString::number(map->cellPixels())));
        QVERIFY(map->cellPixels() >= AttentionPlottable::kValueCellPixels);
        QVERIFY(map->rect().contains(map->mapArea()));
    }

    // None is cut: all are seen at once, or whole rows of them.
    void theMapsOfLayersFitTheirDock_data() {
        QTest::addColumn<int>("layers");
        QTest::addColumn<QSize>("size");
        for (const int layers : {1, 6, 12, 24, 48})
            for (const QSize size : {QSize(1280, 800), QSize(1600, 1000)})
                QTest::addRow("%d in %d", layers, size.width()) << layers << size;
    }
    void theMapsOfLayersFitTheirDock() {
        QFETCH(int, layers);
        QFETCH(QSize, size);
        MainWindow window(test::quietSettings());
        QVERIFY(test::show(window, test::randomRun(layers, 2, 9), size));
        const auto& panels = panelsOf(window);
        QCOMPARE(panels.panels().size(), static_cast<std::size_t>(layers));
        const int seen = panels.parentWidget()->height();
        if (layers <= 12) QCOMPARE(panels.height(), seen);
        for (int panel = 0; panel < layers; ++panel) {
            const QRect map = panels.panelRect(panel);
            QVERIFY(panels.rect().contains(map) && map.width() >= 28);
            const int firstPage = (map.top() - 17) / seen, lastPage = (map.bottom() + 14) / seen;
            if (panels.height() > seen && firstPage == 0) QCOMPARE(lastPage, 0);
        }
    }

    void aFewKeysOfManyQueriesMakeNoThread() {
        MainWindow window(test::quietSettings());
        QVERIFY(test::show(window, test::encoderDecoderRun(6, 2, 3, 20), {1280, 800}));
        window.workspace().setSourceIndex(2);
        QVERIFY(test::settle(window));
        const auto& info = window.workspace().source()->info();
        QCOMPARE(info.keys, 3);
        QCOMPARE(info.queries, 20);
        const auto& panels = panelsOf(window);
        QCOMPARE(panels.height(), panels.parentWidget()->height());
        const QRect map = panels.panelRect(0);
        QVERIFY2(map.width() * 2 + 2 >= map.height() && map.height() >= 28,
                 qPrintable(QString("%1 x %2").arg(map.width()).arg(map.height())));
    }

    void roomIsSharedAnewUntilAPersonTakesItOver() {
        MainWindow window(test::quietSettings());
        QVERIFY(test::show(window, foxRun()));
        auto* heads = window.findChild<QDockWidget*>("heads");
        auto* layers = window.findChild<QDockWidget*>("layers");
        const int wide = heads->width(), high = layers->height();
        window.resize(1280, 800);
        QTRY_VERIFY(heads->width() < wide && layers->height() < high);
        window.resize(1600, 1000);
        QTRY_VERIFY(heads->width() == wide && layers->height() == high);
        // What parts Heads from the centre is the window's own.
        const QPoint between(heads->geometry().right() + 3, heads->geometry().center().y());
        QTest::mousePress(&window, Qt::LeftButton, {}, between);
        test::movePointer(window, between + QPoint(60, 0), Qt::LeftButton);
        QTest::mouseRelease(&window, Qt::LeftButton, {}, between + QPoint(60, 0));
        window.resizeDocks({heads}, {wide + 60}, Qt::Horizontal);
        window.resize(1500, 900);
        QVERIFY(test::settle(window));
        QCOMPARE(heads->width(), wide + 60);
    }
};

QTEST_MAIN(SmallWindowTest)
#include "small_window_test.moc"
