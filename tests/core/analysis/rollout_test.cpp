// Rollout against the reference row of GPT-2, a drawing, and the obvious product of matrices.
#include <QtTest>

#include "core/analysis/rollout.h"
#include "tests/core/analysis/analysis_cases.h"
#include "tests/support/attention_text.h"
#include "tests/support/shared_data.h"

using namespace attnviz;
using namespace attnviz::test;

namespace {

using Dense = std::vector<std::vector<double>>;

// As the paper writes it, with no thought for speed.
Dense obvious(const AttentionSource& source, int startLayer, int layer, double discard) {
    const int tokens = source.info().queries, heads = source.info().heads;
    const auto size = static_cast<std::size_t>(tokens);
    Dense below;
    std::vector<float> row(size);
    for (int l = startLayer; l <= layer; ++l) {
        Dense mixed(size, std::vector<double>(size, 0.0));
        for (int query = 0; query < tokens; ++query) {
            auto& cells = mixed[static_cast<std::size_t>(query)];
            for (int head = 0; head < heads; ++head) {
                source.row({l, head}, query, row);
                for (std::size_t key = 0; key < size; ++key)
                    cells[key] += static_cast<double>(row[key]) / heads;
            }
            const int visible = source.info().visibility.visibleCount(l, query);
            for (int drop = 0; drop < static_cast<int>(discard * visible); ++drop) {
                int lowest = -1;
                for (int key = 1; key < tokens; ++key)
                    if (source.info().visibility.sees(l, query, key) &&
                        cells[static_cast<std::size_t>(key)] > 0 &&
                        (lowest < 0 ||
                         cells[static_cast<std::size_t>(key)] < cells[static_cast<std::size_t>(lowest)]))
                        lowest = key;
                if (lowest >= 0) cells[static_cast<std::size_t>(lowest)] = 0;
            }
            cells[static_cast<std::size_t>(query)] += 1;
            double sum = 0;
            for (const double cell : cells) sum += cell;
            for (double& cell : cells) cell /= sum;
        }
        if (below.empty()) {
            below = mixed;
            continue;
        }
        Dense product(size, std::vector<double>(size, 0.0));
        for (std::size_t i = 0; i < size; ++i)
            for (std::size_t k = 0; k < size; ++k)
                for (std::size_t j = 0; j < size; ++j) product[i][j] += mixed[i][k] * below[k][j];
        below = product;
    }
    return below;
}

void compare(const AttentionSource& source, const RolloutOptions& options) {
    const int last = options.layer < 0 ? source.info().layers - 1 : options.layer;
    const auto wanted = obvious(source, options.startLayer, last, options.discard);
    const auto matrix = rollout(source, options);
    QVERIFY(matrix.ok());
    for (int query = 0; query < source.info().queries; ++query) {
        const auto row = rolloutRow(source, query, options);
        QVERIFY(row.ok());
        double sum = 0;
        for (int key = 0; key < source.info().keys; ++key) {
            const double expected = wanted[static_cast<std::size_t>(query)][static_cast<std::size_t>(key)];
            const auto cell = static_cast<std::size_t>(query * source.info().keys + key);
            QVERIFY(std::abs((*row)[static_cast<std::size_t>(key)] - expected) < 1e-12);
            QVERIFY(std::abs(static_cast<double>(matrix->values[cell]) - expected) < 1e-6);
            sum += (*row)[static_cast<std::size_t>(key)];
        }
        QVERIFY(std::abs(sum - 1) < 1e-9);
    }
}

}  // namespace

class RolloutTest : public QObject {
    Q_OBJECT

 private slots:
    void oneLayerIsAttentionAndTheStreamInEqualParts() {
        const auto source = attentionFromText(R"(
            1  .  .
            .5 .5 .
            .1 .1 .8 )");
        const auto matrix = rollout(*source);
        QVERIFY(matrix.ok());
        QCOMPARE(toText(matrix->values, 3), std::string("1 . .\n.25 .75 .\n.05 .05 .9\n"));
    }

    void theRecordedRowIsTheReferences() {
        ATTNVIZ_NEED_SHARED(kRecordedGpt2);
        const std::vector<double> wanted{.9907, .0015, .0014, .0015, .0016, .0012, .0008, .0007, .0007};
        const auto run = recordedGpt2();
        const auto row = rolloutRow(run->main(), 8);
        const auto matrix = rollout(run->main());
        QVERIFY(row.ok() && matrix.ok());
        for (std::size_t key = 0; key < 9; ++key) {
            QVERIFY(std::abs((*row)[key] - wanted[key]) < 6e-5);
            QVERIFY(std::abs(static_cast<double>(matrix->values[72 + key]) - wanted[key]) < 6e-5);
        }
    }

    void rowsAndMatrixAreTheObviousProduct() {
        for (const bool causal : {true, false}) {
            const auto run =
                randomRun(4, 3, 70, causal, 9, causal ? std::vector<int>{} : std::vector<int>{3, 69});
            compare(run->main(), {});
            compare(run->main(), {.startLayer = 1, .layer = 2});
            compare(run->main(), {.discard = .4});
        }
        compare(runFromText("1")->main(), {});
        compare(randomRun(2, 2, 7, true, 6, {0})->main(), {});  // the first row sees nothing: only the stream
    }

    void headsAreCombinedAsAsked() {
        const auto source = attentionFromText("1 .\n.2 .8\n-\n1 .\n.6 .4");
        const auto at = [&](HeadCombine combine) {
            auto row = rolloutRow(*source, 1, {.combine = combine});
            return (*row)[0];
        };
        QVERIFY(close(at(HeadCombine::mean), .4 / 2, 1e-6));
        QVERIFY(close(at(HeadCombine::max), .6 / 2.4, 1e-6));
        QVERIFY(close(at(HeadCombine::min), .2 / 1.6, 1e-6));
        auto second = rolloutRow(*source, 1, {.heads = {1}});
        QVERIFY(close((*second)[0], .3, 1e-6));
    }

    void whatHasNoMeaningIsRefused() {
        const auto cross = attentionFromText(".5 .5\n1 0\n0 1");
        QCOMPARE(rollout(*cross).error().kind, ErrorKind::unsupported);
        const auto run = randomRun(2, 1, 4);
        QCOMPARE(rollout(run->main(), {.startLayer = 1, .layer = 0}).error().kind, ErrorKind::badInput);
        qputenv("ATTNVIZ_AVAILABLE_MEMORY", "100");
        QCOMPARE(rollout(run->main()).error().kind, ErrorKind::outOfMemory);
        QVERIFY(rolloutRow(run->main(), 3).ok());
        qunsetenv("ATTNVIZ_AVAILABLE_MEMORY");
        std::stop_source stop;
        stop.request_stop();
        QCOMPARE(rollout(run->main(), {}, {}, stop.get_token()).error().kind, ErrorKind::cancelled);
    }
};

QTEST_GUILESS_MAIN(RolloutTest)
#include "rollout_test.moc"
