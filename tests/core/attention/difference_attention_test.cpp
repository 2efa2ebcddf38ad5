// The difference of two maps: exact, masked where either is, and no change lost when pooled.
#include <QtTest>
#include <cmath>

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

    void rightMinusLeftAndMaskedWhereEitherIs() {
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
