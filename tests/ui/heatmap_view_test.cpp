// The map as a person sees it: exact colours, no bright column lost, the cell under the pointer, zoom and
// pan.
#include "ui/widgets/heatmap_view.h"

#include <QtTest>

#include "core/attention/dense_attention.h"
#include "core/attention/filtered_attention.h"
#include "tests/support/attention_text.h"
#include "tests/support/made_attention.h"
#include "ui/theme/appearance.h"
#include "ui/widgets/attention_plottable.h"
#include "ui/widgets/token_text.h"

using namespace attnviz;
using namespace attnviz::ui;

namespace {

ColorScale viridis(double low = 0, double high = 1, bool logarithmic = false) {
    return ColorScale(**findColormap("viridis"), low, high, logarithmic);
}

void show(HeatmapView& view, const AttentionRun& run, HeadId head = {}) {
    view.setScale(viridis());
    view.setMap(run.sources.front(), head, tokenTexts(run.queriesOf(run.main()).tokens),
                tokenTexts(run.keysOf(run.main()).tokens));
}

QColor pixelAt(HeatmapView& view, QPointF at) {
    const QPixmap picture = view.grab();
    return picture.toImage().pixelColor((at * picture.devicePixelRatio()).toPoint());
}

// 40 columns of weight one in an otherwise empty map: what a column-sized smoothing loses.
class Stripes final : public AttentionSource {
 public:
    explicit Stripes(int tokens) : m_overview{1, 1, {0}, {1}} {
        m_info.kind = AttentionKind::encoder;
        m_info.layers = m_info.heads = m_info.keyValueHeads = 1;
        m_info.queries = m_info.keys = tokens;
        m_info.visibility = Visibility::full(tokens, tokens);
        m_summary.rowEntropies.assign(static_cast<std::size_t>(tokens), 0);
        m_summary.incoming.assign(static_cast<std::size_t>(tokens), 0);
    }
    static bool bright(int key, int tokens) {
        return key % (tokens / 40) == tokens / 80 && key / (tokens / 40) < 40;
    }
    const AttentionInfo& info() const override { return m_info; }
    const Overview& overview(HeadId) const override { return m_overview; }
    const HeadSummary& summary(HeadId) const override { return m_summary; }
    void row(HeadId, int, std::span<float> keys) const override {
        for (int key = 0; key < m_info.keys; ++key)
            keys[static_cast<std::size_t>(key)] = bright(key, m_info.keys);
    }

 private:
    AttentionInfo m_info;
    Overview m_overview;
    HeadSummary m_summary;
};

}  // namespace

class HeatmapViewTest : public QObject {
    Q_OBJECT

 private slots:
    void initTestCase() { Appearance::instance().apply(ThemeChoice::light); }

    void everyCellHasExactlyItsColourAndMaskedCellsTheirGround() {
        const auto run = test::runFromText("1 . .\n .25 .75 .\n .1 .2 .7");
        HeatmapView view;
        view.resize(700, 560);
        show(view, *run);
        view.setValuesShown(false);
        view.replot();
        QCOMPARE(view.cellPixels(), view.mapArea().height() / 3.0);
        for (int query = 0; query < 3; ++query)
            for (int key = 0; key < 3; ++key) {
                std::vector<float> row(3);
                run->main().row({}, query, row);
                const QColor expected =
                    key > query ? ui::palette().masked
                                : QColor::fromRgb(viridis().color(row[static_cast<std::size_t>(key)]));
                QCOMPARE(pixelAt(view, view.positionOf({query, key}) + QPointF(5, 20)), expected);
            }
    }

    void rowZeroIsOnTop() {
        const auto run = test::randomRun(1, 1, 5);
        HeatmapView view;
        view.resize(700, 560);
        show(view, *run);
        QVERIFY(view.positionOf({0, 0}).y() < view.positionOf({4, 0}).y());
        QVERIFY(view.positionOf({0, 0}).x() < view.positionOf({0, 4}).x());
    }

    void noBrightColumnIsLostAtAnyZoom() {
        const int tokens = 4096;
        HeatmapView view;
        view.resize(1200, 1000);
        view.setMarginsShown(false);
        view.setScale(viridis());
        view.setMap(std::make_shared<Stripes>(tokens), {}, {}, {});
        view.map().setSynchronous(true);
        view.replot();
        const QImage image = view.grab().toImage();
        const QRgb bright = viridis().entry(255);
        int seen = 0;
        bool before = false;
        const double ratio = image.devicePixelRatio();
        const int y = static_cast<int>((view.mapArea().center().y() + 3) * ratio);
        for (int x = static_cast<int>(view.mapArea().left() * ratio);
             x < static_cast<int>((view.mapArea().right() + 1) * ratio); ++x) {
            const bool now = image.pixel(x, y) == bright;
            seen += now && !before;
            before = now;
        }
        QCOMPARE(seen, 40);
    }

    void thePointerSaysWhichCell() {
        const auto run = test::randomRun(1, 1, 9);
        HeatmapView view;
        view.resize(700, 560);
        show(view, *run);
        view.show();
        QVERIFY(QTest::qWaitForWindowExposed(&view));
        QSignalSpy hovers(&view, &HeatmapView::hoverChanged);
        QTest::mouseMove(&view, view.positionOf({5, 3}).toPoint());
        QTRY_VERIFY(view.hovered().has_value());
        QCOMPARE(view.hovered()->query, 5);
        QCOMPARE(view.hovered()->key, 3);
        QVERIFY(hovers.size() >= 1);
    }

    void zoomKeepsTheCellUnderThePointer() {
        const auto run = test::randomRun(1, 1, 60);
        HeatmapView view;
        view.resize(900, 700);
        show(view, *run);
        const QPointF at = view.positionOf({20, 10});
        view.zoom(3, at);
        const auto cell = view.cellAt(at);
        QVERIFY(cell && std::abs(cell->query - 20) <= 1 && std::abs(cell->key - 10) <= 1);
        QVERIFY(view.xAxis->range().size() < 25);
        view.fit();
        QCOMPARE(view.xAxis->range().size(), 60.0);
    }

    void panAndZoomNeverLeaveTheMap() {
        const auto run = test::randomRun(1, 1, 60);
        HeatmapView view;
        view.resize(900, 700);
        show(view, *run);
        view.zoom(4, view.mapArea().topLeft());
        const QPoint middle = view.mapArea().center();
        QTest::mousePress(&view, Qt::LeftButton, {}, middle);
        QTest::mouseMove(&view, middle + QPoint(300, 300));
        QTest::mouseMove(&view, middle + QPoint(320, 320));
        QTest::mouseRelease(&view, Qt::LeftButton, {}, middle + QPoint(320, 320));
        QVERIFY(view.xAxis->range().lower >= 0 && view.yAxis->range().lower >= 0);
        for (int i = 0; i < 40; ++i) view.zoom(0.5);
        QCOMPARE(view.xAxis->range().size(), 60.0);
        for (int i = 0; i < 40; ++i) view.zoom(2);
        QVERIFY(view.xAxis->range().size() >= 2);
    }

    // Padding before and behind the text takes no room, whatever is done; within it stays.
    void paddingIsNotInView() {
        HeatmapView view;
        view.resize(700, 600);
        show(view, *test::randomRun(1, 1, 40, false, 3, {0, 1, 20, 37, 38, 39}));
        const auto inView = [&] {
            const KeyRange keys = view.seenKeys(), queries = view.seenQueries();
            return keys.begin >= 2 && keys.end <= 37 && queries.begin >= 2 && queries.end <= 37;
        };
        QVERIFY(view.isFitted());
        QCOMPARE(view.seenKeys(), (KeyRange{2, 37}));
        QCOMPARE(view.seenQueries(), (KeyRange{2, 37}));
        for (const double factor : {3.0, 0.5, 0.1}) {
            view.zoom(factor, QPointF(view.mapArea().topLeft()));
            QVERIFY(inView());
        }
        QCOMPARE(view.seenKeys(), (KeyRange{2, 37}));
        QTest::keyClick(&view, Qt::Key_End);
        QCOMPARE(view.hovered(), std::optional(Cell{36, 36}));
        QTest::keyClick(&view, Qt::Key_Home);
        QCOMPARE(view.hovered(), std::optional(Cell{36, 2}));
        // What a filter hides stays in its place.
        const auto run = test::randomRun(1, 1, 40, false, 3, {38, 39});
        FilterSettings settings;
        settings.hiddenKeys = {0, 37, 38};
        view.setMap(filtered(run->sources.front(), settings, {}), {}, tokenTexts(run->input.tokens),
                    tokenTexts(run->input.tokens));
        QCOMPARE(view.seenKeys(), (KeyRange{0, 38}));
        // All padding: nothing is hidden.
        show(view, *test::randomRun(1, 1, 3, false, 3, {0, 1, 2}));
        QCOMPARE(view.seenKeys(), (KeyRange{0, 3}));
    }

    // Labels that come and go with the room they take never push the map out of the view.
    void theMapIsWholeWhateverItsLabels() {
        HeatmapView view;
        for (int tokens = 4; tokens < 90; tokens += 5) {
            auto run = std::make_shared<AttentionRun>(*test::randomRun(1, 1, tokens, false));
            for (auto& token : run->input.tokens) token.text = " blockbuster";
            for (const QSize size : {QSize(420, 380), QSize(700, 600), QSize(1100, 700)}) {
                view.resize(size);
                show(view, *run);
                QVERIFY2(view.rect().adjusted(0, 0, 0, -30).contains(view.mapArea()),
                         qPrintable(QString("%1 tokens").arg(tokens)));
            }
        }
    }

    void aClickPinsAndAnotherReleases() {
        const auto run = test::randomRun(1, 1, 9);
        HeatmapView view;
        view.resize(700, 560);
        show(view, *run);
        std::optional<Cell> asked;
        connect(&view, &HeatmapView::pinRequested, &view, [&](std::optional<Cell> cell) {
            asked = cell;
            view.setPins({*cell});
        });
        const QPoint at = view.positionOf({4, 2}).toPoint();
        QTest::mouseClick(&view, Qt::LeftButton, {}, at);
        QCOMPARE(asked, std::optional(Cell{4, 2}));
        QTest::mouseClick(&view, Qt::LeftButton, {}, at);
        QCOMPARE(asked, std::nullopt);
    }

    void keysWalkOverTheCells() {
        const auto run = test::randomRun(1, 1, 9);
        HeatmapView view;
        view.resize(700, 560);
        show(view, *run);
        view.setHovered(Cell{4, 2});
        QTest::keyClick(&view, Qt::Key_Right);
        QTest::keyClick(&view, Qt::Key_Down);
        QCOMPARE(view.hovered(), std::optional(Cell{5, 3}));
        QTest::keyClick(&view, Qt::Key_Home);
        QTest::keyClick(&view, Qt::Key_Left);
        QCOMPARE(view.hovered(), std::optional(Cell{5, 0}));
    }

    void recolouringAsksForNoTile() {
        HeatmapView view;
        view.resize(900, 800);
        int asked = 0;
        connect(&view, &HeatmapView::tileWanted, &view, [&](const TileKey& key) {
            ++asked;
            auto values =
                std::make_shared<std::vector<float>>(static_cast<std::size_t>(kTileCells) * kTileCells);
            QVERIFY(view.map().source()->tile(key, *values, {}).ok());
            view.map().tileReady(key, values);
        });
        view.setMap(std::make_shared<Stripes>(2048), {}, {}, {});
        view.replot();
        view.replot();
        QVERIFY(view.map().complete());
        const int before = asked;
        QVERIFY(before > 0);
        view.setScale(viridis(0.001, 1, true));
        view.setScale(viridis(0, 0.5));
        QCOMPARE(asked, before);
    }

    void maskedTilesAreNotAskedForAndOnlyWhatIsSeenIsHeld() {
        HeatmapView view;
        view.resize(900, 800);
        std::vector<TileKey> asked;
        connect(&view, &HeatmapView::tileWanted, &view, [&](const TileKey& key) {
            asked.push_back(key);
            auto values =
                std::make_shared<std::vector<float>>(static_cast<std::size_t>(kTileCells) * kTileCells);
            QVERIFY(view.map().source()->tile(key, *values, {}).ok());
            view.map().tileReady(key, values);
        });
        const auto run = test::patternRun(1, 1, 2048);
        view.setMap(run->sources.front(), {}, {}, {});
        view.replot();
        for (int step = 0; step < 30; ++step) {
            view.zoom(step % 10 < 5 ? 1.5 : 1 / 1.5, QPointF(300 + 10 * step, 400));
            view.replot();
        }
        view.fit();
        view.replot();
        view.replot();
        QVERIFY(view.map().complete());
        QVERIFY(!asked.empty());
        for (const auto& key : asked) QVERIFY(key.column <= key.row);
        QVERIFY(view.map().cachedBytes() <= view.map().cellsSeen() * AttentionPlottable::kHeldBytesACell);
        // What is masked is painted as such.
        const QImage image = view.grab().toImage();
        const QRect area = view.mapArea();
        QCOMPARE(image.pixelColor(area.right() - 3, area.top() + 3), ui::palette().masked);
    }

    void hostileTokensStandAsText() {
        auto run = test::runFromText("1 .\n .5 .5", {"<s>", " \n<img src=x>\x1b[31m\xe2\x80\xae"});
        const auto texts = tokenTexts(run->input.tokens);
        QCOMPARE(texts[0], QString("<s>"));
        QVERIFY(texts[1].startsWith("·↵<img"));
        QVERIFY(!texts[1].contains(QChar(0x202E)) && !texts[1].contains(QChar(0x1B)));
        QVERIFY(!Qt::mightBeRichText(plainToolTip("a")));
        QVERIFY(plainToolTip("<s>").contains("&lt;s&gt;"));
        HeatmapView view;
        view.resize(500, 400);
        show(view, *run);
        view.setHovered(Cell{1, 1});
        QVERIFY(!view.grab().isNull());
    }
};

QTEST_MAIN(HeatmapViewTest)
#include "heatmap_view_test.moc"
