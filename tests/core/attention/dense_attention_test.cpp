#include "core/attention/dense_attention.h"

#include <QtTest>
#include <random>

#include "core/base/half.h"
#include "tests/support/attention_text.h"

using namespace attnviz;
using namespace attnviz::test;

namespace {

// Every cell of a tile, one weight at a time.
std::vector<float> obviousTile(const AttentionSource& source, const TileKey& key) {
    const AttentionInfo& info = source.info();
    std::vector<float> cells(kTileCells * kTileCells, kMaskedCell), row(static_cast<std::size_t>(info.keys));
    std::vector<double> sums(cells.size(), 0);
    std::vector<int> counts(cells.size(), 0);
    for (int query = 0; query < info.queries; ++query) {
        source.row(key.head, query, row);
        const int r = (query >> key.level) - key.row * kTileCells;
        if (r < 0 || r >= kTileCells) continue;
        for (int k = 0; k < info.keys; ++k) {
            const int c = (k >> key.level) - key.column * kTileCells;
            if (c < 0 || c >= kTileCells || !info.visibility.sees(key.head.layer, query, k)) continue;
            const auto cell = static_cast<std::size_t>(r * kTileCells + c);
            cells[cell] = std::max(cells[cell], row[static_cast<std::size_t>(k)]);
            sums[cell] += row[static_cast<std::size_t>(k)];
            ++counts[cell];
        }
    }
    if (key.pooling == Pooling::mean)
        for (std::size_t cell = 0; cell < cells.size(); ++cell)
            cells[cell] = counts[cell] ? static_cast<float>(sums[cell] / counts[cell]) : kMaskedCell;
    return cells;
}

std::shared_ptr<const AttentionSource> stripes(int keys, bool half) {
    AttentionInfo info;
    info.kind = AttentionKind::encoder;
    info.layers = info.heads = info.keyValueHeads = 1;
    info.queries = info.keys = keys;
    info.visibility = Visibility::full(keys, keys);
    auto layer = std::make_shared<DenseLayer>();
    std::vector<float> floats(static_cast<std::size_t>(keys) * keys, 0.0F);
    for (int query = 0; query < keys; ++query)
        for (int stripe = 0; stripe < 40; ++stripe)
            floats[static_cast<std::size_t>(query) * keys + stripe * (keys / 40) + 3] = 1.0F / 40;
    if (half) {
        layer->halves.resize(floats.size());
        halvesFromFloats(floats, layer->halves);
    } else {
        layer->floats = std::move(floats);
    }
    return DenseAttention::create(info, {layer});
}

}  // namespace

class DenseAttentionTest : public QObject {
    Q_OBJECT
 private slots:
    void tilesEqualTheObviousOnes_data() {
        QTest::addColumn<int>("tokens");
        QTest::addColumn<bool>("causal");
        QTest::addColumn<std::vector<int>>("masked");
        QTest::newRow("one token") << 1 << true << std::vector<int>{};
        QTest::newRow("a tile's edge") << 256 << true << std::vector<int>{};
        QTest::newRow("just beyond it") << 257 << false << std::vector<int>{};
        QTest::newRow("causal") << 613 << true << std::vector<int>{};
        QTest::newRow("padded") << 300 << false << std::vector<int>{0, 1, 2, 3, 255, 299};
        QTest::newRow("causal and padded") << 300 << true << std::vector<int>{0, 1, 140};
    }
    void tilesEqualTheObviousOnes() {
        QFETCH(int, tokens);
        QFETCH(bool, causal);
        QFETCH(std::vector<int>, masked);
        const auto run = randomRun(1, 2, tokens, causal, 5, masked);
        std::vector<float> tile(kTileCells * kTileCells), general(tile.size());
        for (const Pooling pooling : {Pooling::max, Pooling::mean})
            for (int level = 0; level < 4; ++level)
                for (int r = 0; (r * kTileCells << level) < tokens; ++r)
                    for (int c = 0; (c * kTileCells << level) < tokens; ++c) {
                        const TileKey key{{0, 1}, level, r, c, pooling};
                        const auto expected = obviousTile(run->main(), key);
                        QVERIFY(run->main().tile(key, tile, {}));
                        QVERIFY(poolTile(run->main(), key, general, {}));
                        QCOMPARE(general, tile);
                        for (std::size_t cell = 0; cell < tile.size(); ++cell)
                            QVERIFY(std::abs(tile[cell] - expected[cell]) <=
                                    (pooling == Pooling::max ? 0.0F : 1e-6F));
                    }
    }

    void aTileBeyondTheEdgeIsMaskedGround() {
        std::vector<float> tile(kTileCells * kTileCells, 7.0F);
        QVERIFY(randomRun(1, 1, 10)->main().tile({{0, 0}, 3, 2, 5, Pooling::max}, tile, {}));
        QVERIFY(std::all_of(tile.begin(), tile.end(), [](float cell) { return cell == kMaskedCell; }));
    }

    // A single bright column must not be lost, however far one looks from.
    void maxPoolingKeepsEveryOneOfFortyStripes_data() {
        QTest::addColumn<bool>("half");
        QTest::newRow("float32") << false;
        QTest::newRow("float16") << true;
    }
    void maxPoolingKeepsEveryOneOfFortyStripes() {
        QFETCH(bool, half);
        constexpr int kKeys = 2048;
        const auto source = stripes(kKeys, half);
        std::vector<float> tile(kTileCells * kTileCells);
        QVERIFY(source->tile({{0, 0}, 3, 0, 0, Pooling::max}, tile, {}));
        for (int r = 0; r < kTileCells; ++r) {
            const auto cells = std::span(tile).subspan(static_cast<std::size_t>(r) * kTileCells, kTileCells);
            QCOMPARE(std::count_if(cells.begin(), cells.end(), [](float cell) { return cell > 0.024F; }), 40);
            QCOMPARE(std::count(cells.begin(), cells.end(), 0.0F), kTileCells - 40);
        }
    }

    void float16KeepsHalfTheBytesAndSaysSo() {
        QCOMPARE(stripes(512, true)->info().keptBytes * 2, stripes(512, false)->info().keptBytes);
        QCOMPARE(stripes(512, true)->info().storage, std::string("dense float16"));
    }

    void overviewsOfShortTextsAreTheMapItself() {
        const auto source = attentionFromText("1 .\n .25 .75");
        const Overview& overview = source->overview({0, 0});
        QCOMPARE(overview.rows, 2);
        QCOMPARE(overview.mean, (std::vector<float>{1, kMaskedCell, .25F, .75F}));
        QCOMPARE(overview.max, overview.mean);
    }

    void overviewsOfLongTextsPoolWhatIsVisible() {
        const auto run = randomRun(1, 1, 333, true, 9, {5, 6});
        const AttentionSource& source = run->main();
        const Overview& overview = source.overview({0, 0});
        QCOMPARE(overview.rows, kOverviewCells);
        std::vector<float> row(333);
        std::vector<double> sums(64 * 64, 0);
        std::vector<float> maxima(64 * 64, kMaskedCell);
        std::vector<int> counts(64 * 64, 0);
        const auto cellOf = [](int i) {
            int cell = 0;
            while ((cell + 1) * 333 / 64 <= i) ++cell;
            return cell;
        };
        for (int query = 0; query < 333; ++query) {
            source.row({0, 0}, query, row);
            for (int key = 0; key <= query; ++key) {
                if (source.info().visibility.masked(key)) continue;
                const auto cell = static_cast<std::size_t>(cellOf(query) * 64 + cellOf(key));
                sums[cell] += row[static_cast<std::size_t>(key)];
                maxima[cell] = std::max(maxima[cell], row[static_cast<std::size_t>(key)]);
                ++counts[cell];
            }
        }
        QCOMPARE(overview.max, maxima);
        for (std::size_t cell = 0; cell < sums.size(); ++cell) {
            const double mean = counts[cell] ? sums[cell] / counts[cell] : kMaskedCell;
            QVERIFY(std::abs(overview.mean[cell] - mean) < 1e-6);
        }
    }

    void visibilityCountsWhatIsSeen() {
        Visibility visibility(6, 6);
        visibility.setCausal(true).setWindows({{2, -1}}).setMaskedKeys({9, 3, 3, -1});
        QCOMPARE(visibility.maskedKeys(), std::vector<int>{3});
        QCOMPARE(visibility.range(0, 4), (KeyRange{2, 5}));
        QCOMPARE(visibility.visibleCount(0, 4), 2);
        QVERIFY(!visibility.sees(0, 4, 3) && visibility.sees(0, 4, 2) && !visibility.sees(0, 4, 5));
        QCOMPARE(visibility.range(7, 0), (KeyRange{0, 1}));
    }
};

QTEST_GUILESS_MAIN(DenseAttentionTest)
#include "dense_attention_test.moc"
