#include "core/attention/factored_attention.h"

#include <QtTest>

#include "tests/core/attention/factored_case.h"

using namespace attnviz;
using namespace attnviz::test;

namespace {

constexpr double kTolerance = 2e-6;  // factored == dense, float32

FactoredCase made(std::string name, AttentionInfo info, int width, LogitAdjust adjust = {},
                  float spread = 2.0F) {
    FactoredCase given{std::move(name), std::move(info), {}};
    for (int layer = 0; layer < given.info.layers; ++layer)
        given.layers.push_back(
            randomLayer(given.info, width, spread, 7U + static_cast<unsigned>(layer), adjust));
    return given;
}

AttentionInfo causal(AttentionInfo info) {
    info.visibility.setCausal(true);
    return info;
}

AttentionInfo padded(AttentionInfo info, std::vector<int> keys) {
    info.visibility.setMaskedKeys(std::move(keys));
    return info;
}

AttentionInfo windowed(AttentionInfo info, std::vector<Window> windows) {
    info.visibility.setWindows(std::move(windows));
    return info;
}

LogitAdjust alibi(std::vector<float> slopes, AlibiRounding rounding, bool beforeScaling,
                  bool countsUnmasked) {
    LogitAdjust adjust;
    adjust.alibi = {std::move(slopes), rounding, beforeScaling, countsUnmasked};
    return adjust;
}

LogitAdjust relative(int heads, int buckets, int maxDistance, bool twoSided) {
    LogitAdjust adjust;
    adjust.relative = {buckets, maxDistance, twoSided, {}};
    for (int i = 0; i < heads * buckets; ++i)
        adjust.relative.values.push_back(std::sin(static_cast<float>(i) * 1.7F) * 3);
    return adjust;
}

std::vector<FactoredCase> cases() {
    LogitAdjust cap;
    cap.softcap = 20;
    LogitAdjust sinks;
    sinks.sinks = {1.5F, -30.0F, 9.0F, 0.0F};
    LogitAdjust all = relative(4, 8, 20, false);
    all.softcap = 5;
    all.sinks = sinks.sinks;
    all.alibi.slopes = {0.5F, 0.25F, 0.1F, 0.001F};
    const std::vector<float> slopes{0.5F, 0.31498027F, 0.0625F, 0.00390625F};
    std::vector<FactoredCase> list;
    list.push_back(made("bidirectional", shape(2, 4, 4, 61, 61), 64));
    list.push_back(made("causal", causal(shape(2, 4, 4, 300, 300)), 64));
    list.push_back(made("one token", causal(shape(1, 4, 4, 1, 1)), 8));
    list.push_back(made("odd width", causal(shape(1, 4, 4, 37, 37)), 13));
    list.push_back(made("grouped heads", causal(shape(1, 4, 2, 130, 130)), 32));
    list.push_back(made("one key-value head", causal(shape(1, 4, 1, 90, 90)), 32));
    list.push_back(
        made("windows by layer", windowed(causal(shape(2, 4, 4, 700, 700)), {{100, -1}, {-1, -1}}), 16));
    list.push_back(made("window on both sides", windowed(shape(1, 4, 4, 600, 600), {{40, 40}}), 16));
    list.push_back(made("padding in front", padded(causal(shape(1, 4, 4, 50, 50)), {0, 1, 2}), 16));
    list.push_back(made("padding behind and between", padded(shape(1, 4, 4, 50, 50), {20, 48, 49}), 16));
    list.push_back(made("cross", shape(1, 4, 4, 33, 520), 64));
    list.push_back(made("soft cap", causal(shape(1, 4, 4, 120, 120)), 64, cap, 20.0F));
    list.push_back(made("alibi", causal(shape(1, 4, 4, 200, 200)), 32,
                        alibi(slopes, AlibiRounding::none, false, false)));
    list.push_back(made("alibi over padding", padded(causal(shape(1, 4, 4, 80, 80)), {0, 30, 31}), 32,
                        alibi(slopes, AlibiRounding::none, false, true)));
    list.push_back(made("alibi, rounded and scaled", padded(causal(shape(1, 4, 4, 300, 300)), {7}), 32,
                        alibi(slopes, AlibiRounding::bfloat16, true, true)));
    list.push_back(made("relative, two-sided", shape(1, 4, 4, 333, 333), 32, relative(4, 32, 128, true)));
    list.push_back(
        made("relative, one-sided", causal(shape(1, 4, 4, 333, 333)), 32, relative(4, 32, 128, false)));
    list.push_back(made("sinks", causal(shape(1, 4, 4, 64, 64)), 32, sinks));
    list.push_back(made("everything",
                        padded(windowed(causal(shape(2, 4, 2, 220, 220)), {{60, -1}}), {3, 100}), 24, all));
    return list;
}

double farthest(std::span<const float> left, std::span<const float> right) {
    double distance = 0;
    for (std::size_t i = 0; i < left.size(); ++i) {
        const double here = std::abs(static_cast<double>(left[i]) - right[i]);
        distance = std::isnan(here) ? INFINITY : std::max(distance, here);
    }
    return distance;
}

}  // namespace

class FactoredAttentionTest : public QObject {
    Q_OBJECT
 private:
    std::vector<FactoredCase> m_cases = cases();

    void rowsOfCases() {
        QTest::addColumn<int>("at");
        for (std::size_t i = 0; i < m_cases.size(); ++i)
            QTest::newRow(m_cases[i].name.c_str()) << static_cast<int>(i);
    }

 private slots:
    void rowsEqualTheDenseFormWithin2em6_data() { rowsOfCases(); }
    void rowsEqualTheDenseFormWithin2em6() {
        QFETCH(int, at);
        const FactoredCase& given = m_cases[static_cast<std::size_t>(at)];
        const auto dense = obviousDense(given);
        const auto factored = FactoredAttention::create(given.info, given.layers);
        const auto keys = static_cast<std::size_t>(given.info.keys);
        std::vector<float> expected(keys * given.info.queries), block(expected.size()), row(keys);
        for (int layer = 0; layer < given.info.layers; ++layer)
            for (int head = 0; head < given.info.heads; ++head) {
                QVERIFY(dense->rows({layer, head}, 0, given.info.queries, expected, {}));
                QVERIFY(factored->rows({layer, head}, 0, given.info.queries, block, {}));
                const double error = farthest(expected, block);
                QVERIFY2(error <= kTolerance, qPrintable(QString("off by %1").arg(error)));
                for (int query = 0; query < given.info.queries; query += 17) {
                    factored->row({layer, head}, query, row);
                    QVERIFY(
                        std::equal(row.begin(), row.end(), block.begin() + static_cast<long>(query * keys)));
                }
            }
    }

    void rowsSumToOne_data() { rowsOfCases(); }
    void rowsSumToOne() {
        QFETCH(int, at);
        const FactoredCase& given = m_cases[static_cast<std::size_t>(at)];
        if (!given.layers.front()->adjust.sinks.empty()) return;
        const auto factored = FactoredAttention::create(given.info, given.layers);
        std::vector<float> row(static_cast<std::size_t>(given.info.keys));
        for (int query = 0; query < given.info.queries; ++query) {
            factored->row({0, 1}, query, row);
            const double sum = std::accumulate(row.begin(), row.end(), 0.0);
            if (given.info.visibility.visibleCount(0, query) == 0)
                QCOMPARE(sum, 0.0);
            else
                QVERIFY2(std::abs(sum - 1) < kTolerance, qPrintable(QString::number(sum, 'g', 12)));
        }
    }

    void tilesEqualThoseOfTheDenseForm_data() { rowsOfCases(); }
    void tilesEqualThoseOfTheDenseForm() {
        QFETCH(int, at);
        const FactoredCase& given = m_cases[static_cast<std::size_t>(at)];
        const auto dense = obviousDense(given);
        const auto factored = FactoredAttention::create(given.info, given.layers);
        std::vector<float> expected(kTileCells * kTileCells), tile(expected.size());
        for (const Pooling pooling : {Pooling::max, Pooling::mean})
            for (int level = 0; level < 4; ++level)
                for (int r = 0; (r * kTileCells << level) < given.info.queries; ++r)
                    for (int c = 0; (c * kTileCells << level) < given.info.keys; ++c) {
                        const TileKey key{{given.info.layers - 1, 3}, level, r, c, pooling};
                        QVERIFY(dense->tile(key, expected, {}));
                        QVERIFY(factored->tile(key, tile, {}));
                        const double error = farthest(expected, tile);
                        QVERIFY2(error <= kTolerance,
                                 qPrintable(QString("level %1 off by %2").arg(level).arg(error)));
                    }
    }

    void overviewsAndSummariesEqualThoseOfTheDenseForm_data() { rowsOfCases(); }
    void overviewsAndSummariesEqualThoseOfTheDenseForm() {
        QFETCH(int, at);
        const FactoredCase& given = m_cases[static_cast<std::size_t>(at)];
        const auto dense = obviousDense(given);
        const auto factored = FactoredAttention::create(given.info, given.layers);
        const HeadId head{0, 2};
        QVERIFY(farthest(dense->overview(head).mean, factored->overview(head).mean) <= kTolerance);
        QVERIFY(farthest(dense->overview(head).max, factored->overview(head).max) <= kTolerance);
        QVERIFY(farthest(dense->summary(head).rowEntropies, factored->summary(head).rowEntropies) <= 1e-4);
        QVERIFY(std::abs(dense->summary(head).rowEntropy - factored->summary(head).rowEntropy) <= 1e-5);
    }

    void float16HalvesTheMemoryAndItsRowsStillSumToOne() {
        const auto info = causal(shape(1, 4, 2, 200, 200));
        const auto layer = randomLayer(info, 64, 2.0F, 3);
        const auto exact = FactoredAttention::create(info, {layer});
        const auto half = FactoredAttention::rounded(info, 0, layer);
        QVERIFY(half->isHalf());
        const auto rounded = FactoredAttention::create(info, {half});
        QVERIFY(rounded->info().keptBytes < exact->info().keptBytes * 52 / 100);
        QCOMPARE(rounded->info().storage, std::string("queries and keys, float16"));
        std::vector<float> left(200), right(200);
        for (int query = 0; query < 200; ++query) {
            exact->row({0, 3}, query, left);
            rounded->row({0, 3}, query, right);
            QVERIFY(farthest(left, right) < 2e-3);
            QVERIFY(std::abs(std::accumulate(right.begin(), right.end(), 0.0) - 1) < kTolerance);
            const auto oracle = obviousRow(info, 0, *half, 3, query);
            for (std::size_t key = 0; key < oracle.size(); ++key)
                QVERIFY(std::abs(oracle[key] - right[key]) < kTolerance);
        }
    }

    void aLayerBeyondFloat16sRangeStaysFloat32() {
        const auto info = causal(shape(1, 4, 4, 9, 9));
        auto layer = randomLayer(info, 8, 1.0F, 3);
        layer->keyFloats[5] = 7e4F;
        QCOMPARE(FactoredAttention::rounded(info, 0, layer).get(), layer.get());
    }

    void layersAreSharedWhileARunGoesOn() {
        const auto info = causal(shape(3, 4, 4, 40, 40));
        const auto first = FactoredAttention::create(info, {randomLayer(info, 8, 1.0F, 1)});
        QCOMPARE(first->layersReady(), 1);
        QCOMPARE(first->info().layers, 3);
        const auto shared = std::make_shared<const FactoredLayer>(first->layer(0));
        const auto second = FactoredAttention::create(info, {shared, randomLayer(info, 8, 1.0F, 2)});
        QCOMPARE(&second->layer(0), shared.get());
    }

    void aStoppedQuestionIsCancelled() {
        const auto given = m_cases[1];
        const auto factored = FactoredAttention::create(given.info, given.layers);
        std::stop_source stop;
        stop.request_stop();
        std::vector<float> tile(kTileCells * kTileCells);
        const auto done = factored->tile({{0, 0}, 0, 0, 0, Pooling::max}, tile, stop.get_token());
        QVERIFY(!done && done.error().kind == ErrorKind::cancelled);
        QVERIFY(FactoredAttention::logSumExp(given.info, 0, *given.layers[0], stop.get_token()).empty());
    }

    // Python: transformers' T5Attention._relative_position_bucket(torch.tensor([...]), bidirectional, 32,
    // 128).
    void relativeBucketsAreT5s() {
        const std::vector<int> distances{-200, -128, -127, -64, -32, -16, -15, -8,  -1,
                                         0,    1,    7,    8,   15,  16,  64,  128, 500};
        const std::vector<int> twoSided{15, 15, 15, 14, 12, 10, 9, 8, 1, 0, 17, 23, 24, 25, 26, 30, 31, 31};
        const std::vector<int> oneSided{31, 31, 31, 26, 21, 16, 15, 8, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0};
        for (std::size_t i = 0; i < distances.size(); ++i) {
            QCOMPARE(relativeBucket(distances[i], true, 32, 128), twoSided[i]);
            QCOMPARE(relativeBucket(distances[i], false, 32, 128), oneSided[i]);
        }
    }
};

QTEST_GUILESS_MAIN(FactoredAttentionTest)
#include "factored_attention_test.moc"
