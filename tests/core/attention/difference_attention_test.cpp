// The difference of two maps: exact, masked where neither sees, no change lost when pooled, and over joint
// axes.
#include <QtTest>
#include <cmath>

#include "core/analysis/difference.h"
#include "core/attention/difference_attention.h"
#include "tests/support/attention_text.h"

using namespace attnviz;
using test::attentionFromText;

class DifferenceAttentionTest : public QObject {
    Q_OBJECT

    static std::vector<float> tileOf(const AttentionSource& source, int level, Pooling pooling) {
        std::vector<float> tile(static_cast<std::size_t>(kTileCells) * kTileCells);
        if (!source.tile({{0, 0}, level, 0, 0, pooling}, tile, {})) return {};
        return tile;
    }

 private slots:
    void aMapMinusItselfIsExactlyZero() {
        const auto run = test::randomRun(2, 3, 40);
        const DifferenceAttention same({run->sources.front(), {1, 2}}, {run->sources.front(), {1, 2}});
        std::vector<float> row(40);
        for (int query = 0; query < 40; ++query) {
            same.row({}, query, row);
            for (const float value : row) QCOMPARE(value, 0.0F);
        }
    }

    void rightMinusLeftAndMaskedWhereNeitherSees() {
        const auto a = attentionFromText("1 . .\n .5 .5 .\n .25 .25 .5"),
                   b = attentionFromText("1 . .\n 0 1 .\n .5 .5 0");
        const DifferenceAttention difference({a, {0, 0}}, {b, {0, 0}});
        const auto tile = tileOf(difference, 0, Pooling::max);
        QCOMPARE(tile[0], 0.0F);
        QCOMPARE(tile[1], kMaskedCell);
        QCOMPARE(tile[kTileCells], -.5F);
        QCOMPARE(tile[kTileCells + 1], .5F);
        QCOMPARE(tile[2 * kTileCells], .25F);
        QCOMPARE(tile[2 * kTileCells + 2], -.5F);
        QCOMPARE(tile[3 * kTileCells], kMaskedCell);
    }

    void pooledCellsKeepTheLargestChangeWithItsSign() {
        const auto left = test::randomRun(1, 1, 300, true, 5), right = test::randomRun(1, 1, 300, true, 6);
        const DifferenceAttention difference({left->sources.front(), {0, 0}},
                                             {right->sources.front(), {0, 0}});
        for (const int level : {1, 2, 3}) {
            const auto most = tileOf(difference, level, Pooling::max),
                       mean = tileOf(difference, level, Pooling::mean);
            const int step = 1 << level;
            std::vector<float> row(300);
            std::vector<float> expected(most.size(), kMaskedCell);
            std::vector<double> sums(most.size());
            std::vector<int> counts(most.size());
            for (int query = 0; query < 300; ++query) {
                if (query / step >= kTileCells) break;
                difference.row({}, query, row);
                for (int key = 0; key <= query; ++key) {
                    const auto cell = static_cast<std::size_t>(query / step) * kTileCells +
                                      static_cast<std::size_t>(key / step);
                    const float value = row[static_cast<std::size_t>(key)];
                    if (counts[cell] == 0 || std::fabs(value) > std::fabs(expected[cell]))
                        expected[cell] = value;
                    sums[cell] += static_cast<double>(value);
                    ++counts[cell];
                }
            }
            for (std::size_t cell = 0; cell < most.size(); ++cell) {
                QCOMPARE(most[cell], expected[cell]);
                const double average =
                    counts[cell] ? sums[cell] / counts[cell] : static_cast<double>(kMaskedCell);
                QVERIFY(std::abs(static_cast<double>(mean[cell]) - average) < 1e-6);
            }
        }
    }

    // A and B have every third and every fourth token alone; differenceMap is the obvious version.
    void overJointAxesItEqualsTheObviousMap_data() {
        QTest::addColumn<bool>("causal");
        QTest::addColumn<bool>("padded");
        QTest::newRow("causal") << true << false;
        QTest::newRow("both ways") << false << false;
        QTest::newRow("causal, padded") << true << true;
        QTest::newRow("both ways, padded") << false << true;
    }
    void overJointAxesItEqualsTheObviousMap() {
        QFETCH(bool, causal);
        QFETCH(bool, padded);
        const std::vector<int> padding = padded ? std::vector<int>{0, 7, 8, 200} : std::vector<int>{};
        const auto left = test::randomRun(1, 2, 340, causal, 5, padding),
                   right = test::randomRun(1, 2, 290, causal, 6);
        RunAlignment alignment;
        for (int a = 0, b = 0; a < 340 && b < 290; ++a, ++b) {
            if (a % 3 == 1) ++a;
            if (b % 4 == 2) ++b;
            if (a < 340 && b < 290) alignment.keys.push_back({a, b});
        }
        alignment.queries = alignment.keys;
        const auto axis = jointAxis(alignment.keys, 340, 290);
        JointTokens joint;
        for (const auto& pair : axis) {
            joint.a.push_back(pair.left);
            joint.b.push_back(pair.right);
        }
        const auto& a = left->sources.front();
        const auto& b = right->sources.front();
        const DifferenceAttention difference({a, {0, 1}}, {b, {0, 0}}, joint, joint);
        const int count = static_cast<int>(axis.size());
        QCOMPARE(difference.info().queries, count);
        const auto map = differenceMap(*a, {0, 1}, *b, {0, 0}, alignment, 0, count);
        QVERIFY(map);
        std::vector<float> row(axis.size());
        for (int query = 0; query < count; ++query) {
            difference.row({}, query, row);
            for (int key = 0; key < count; ++key) {
                const auto at = static_cast<std::size_t>(query * count + key);
                const float expected = std::isnan(map->values[at]) ? 0 : map->values[at];
                QCOMPARE(row[static_cast<std::size_t>(key)], expected);
            }
        }
        for (const int level : {0, 1, 3}) {
            const int step = 1 << level, side = kTileCells << level;
            std::vector<float> tile(static_cast<std::size_t>(kTileCells) * kTileCells);
            for (int tileRow = 0; tileRow * side < count; ++tileRow)
                for (int tileColumn = 0; tileColumn * side < count; ++tileColumn) {
                    QVERIFY(difference.tile({{}, level, tileRow, tileColumn, Pooling::max}, tile, {}));
                    for (int cellRow = 0; cellRow < kTileCells; ++cellRow)
                        for (int cellColumn = 0; cellColumn < kTileCells; ++cellColumn) {
                            float expected = kMaskedCell;
                            for (int query = tileRow * side + cellRow * step;
                                 query < std::min(count, tileRow * side + (cellRow + 1) * step); ++query)
                                for (int key = tileColumn * side + cellColumn * step;
                                     key < std::min(count, tileColumn * side + (cellColumn + 1) * step);
                                     ++key) {
                                    const auto at = static_cast<std::size_t>(query * count + key);
                                    const bool none = expected == kMaskedCell || expected == kAloneCell;
                                    if (map->cells[at] == DifferenceCell::both) {
                                        if (none || std::fabs(map->values[at]) > std::fabs(expected))
                                            expected = map->values[at];
                                    } else if (map->cells[at] == DifferenceCell::alone &&
                                               (!causal || key <= query) && none) {
                                        expected = kAloneCell;
                                    }
                                }
                            QCOMPARE(tile[static_cast<std::size_t>(cellRow * kTileCells + cellColumn)],
                                     expected);
                        }
                }
        }
    }

    void oneChangedCellIsKeptHoweverFarAway() {
        std::vector<float> a(600 * 600), b;
        const auto run = test::randomRun(1, 1, 600, false, 3);
        QVERIFY(run->sources.front()->rows({}, 0, 600, a, {}));
        b = a;
        b[417 * 600 + 23] += 0.25F;
        const auto dense = [](const std::vector<float>& weights) {
            std::string text;
            for (std::size_t at = 0; at < weights.size(); ++at)
                text += std::to_string(weights[at]) + ((at + 1) % 600 == 0 ? "\n" : " ");
            return attentionFromText(text);
        };
        const DifferenceAttention difference({dense(a), {}}, {dense(b), {}});
        const auto tile = tileOf(difference, 5, Pooling::max);
        for (int row = 0; row < 19; ++row)
            for (int column = 0; column < 19; ++column) {
                const float value = tile[static_cast<std::size_t>(row * kTileCells + column)];
                if (row == 417 / 32 && column == 23 / 32)
                    QVERIFY(std::fabs(value - 0.25F) < 1e-5F);
                else
                    QCOMPARE(value, 0.0F);
            }
    }

    void stopsWhenAsked() {
        const auto run = test::randomRun(1, 1, 300);
        const DifferenceAttention difference({run->sources.front(), {0, 0}}, {run->sources.front(), {0, 0}});
        std::vector<float> tile(static_cast<std::size_t>(kTileCells) * kTileCells);
        std::stop_source stop;
        stop.request_stop();
        const auto done = difference.tile({{0, 0}, 1, 0, 0, Pooling::max}, tile, stop.get_token());
        QVERIFY(!done && done.error().kind == ErrorKind::cancelled);
    }
};

QTEST_GUILESS_MAIN(DifferenceAttentionTest)
#include "difference_attention_test.moc"
