#include "core/attention/filtered_attention.h"

#include <QtTest>
#include <numeric>
#include <thread>

#include "tests/core/attention/factored_case.h"
#include "tests/support/attention_text.h"

using namespace attnviz;
using namespace attnviz::test;

namespace {

std::string shown(const AttentionSource& source, int head = 0) {
    std::vector<float> all(static_cast<std::size_t>(source.info().queries) * source.info().keys);
    if (!source.rows({0, head}, 0, source.info().queries, all, {})) return "cancelled";
    return toText(all, source.info().keys);
}

FilterSettings hiding(std::vector<int> keys, bool renormalize) {
    FilterSettings settings;
    settings.hiddenKeys = std::move(keys);
    settings.renormalize = renormalize;
    return settings;
}

FilterSettings combining(HeadCombine how, std::vector<int> heads = {}) {
    FilterSettings settings;
    settings.combine = how;
    settings.heads = std::move(heads);
    return settings;
}

constexpr auto kThree = R"(
    1   .   .
    .5  .5  .
    .6  .1  .3 )";

constexpr auto kTwoHeads = R"(
    1   .
    .2  .8
    -
    1   .
    .6  .4 )";

}  // namespace

class FilteredAttentionTest : public QObject {
    Q_OBJECT
 private slots:
    void withoutAFilterTheSourceItselfIsGiven() {
        const auto source = attentionFromText(kThree);
        QCOMPARE(filtered(source, {}, {}).get(), source.get());
        FilterSettings specials;
        specials.hideSpecial = specials.renormalize = true;
        QCOMPARE(filtered(source, specials, {}).get(), source.get());  // the text has none
        QCOMPARE(hiddenMass(*source, {0, 0}, 1), 0.0);
    }

    void hiddenKeysAreMaskedAndTheirMassIsSaid() {
        const auto source = filtered(attentionFromText(kThree), hiding({0}, false), {});
        QCOMPARE(shown(*source), std::string(". . .\n. .5 .\n. .1 .3\n"));
        QVERIFY(source->info().visibility.masked(0) && !source->info().renormalized);
        QVERIFY(std::abs(hiddenMass(*source, {0, 0}, 2) - .6) < 1e-7);
        QCOMPARE(source->overview({0, 0}).max[6], kMaskedCell);
        QVERIFY(std::abs(source->summary({0, 0}).maxWeight - .5) < 1e-7);
    }

    void renormalizedRowsSumToOneAndSaySo() {
        const auto source = filtered(attentionFromText(kThree), hiding({0}, true), {});
        QCOMPARE(shown(*source), std::string(". . .\n. 1 .\n. .25 .75\n"));
        QVERIFY(source->info().renormalized);
    }

    void specialsAndSinksComeFromTheRun() {
        FilterSettings settings;
        settings.hideSpecial = settings.hideSinks = true;
        const auto source = filtered(attentionFromText(kThree), settings, {{2}, {0, 99}, {}, {}});
        QCOMPARE(shown(*source), std::string(". . .\n. .5 .\n. .1 .\n"));
    }

    void headsAreCombined() {
        const auto source = attentionFromText(kTwoHeads);
        const auto mean = filtered(source, combining(HeadCombine::mean), {});
        QCOMPARE(shown(*mean), std::string("1 .\n.4 .6\n"));
        QCOMPARE(mean->info().heads, 1);
        QCOMPARE(mean->info().combined, std::string("mean of 2 heads"));
        QCOMPARE(shown(*filtered(source, combining(HeadCombine::max), {})), std::string("1 .\n.6 .8\n"));
        QCOMPARE(shown(*filtered(source, combining(HeadCombine::min), {})), std::string("1 .\n.2 .4\n"));
        QCOMPARE(shown(*filtered(source, combining(HeadCombine::sum), {})), std::string("2 .\n.8 1.2\n"));
        QCOMPARE(shown(*filtered(source, combining(HeadCombine::mean, {1}), {})),
                 std::string("1 .\n.6 .4\n"));
    }

    // The mean of renormalized rows is not the renormalized mean.
    void renormalizingComesBeforeCombining() {
        auto settings = combining(HeadCombine::mean);
        settings.hiddenKeys = {0};
        settings.renormalize = true;
        const auto source = filtered(attentionFromText(R"(
            1 .  .
            0 1  .
            .8 .1 .1
            -
            1 .  .
            0 1  .
            0 .8 .2 )"),
                                     settings, {});
        QCOMPARE(shown(*source), std::string(". . .\n. 1 .\n. .65 .35\n"));
    }

    void wordsSumOverKeysAndAverageOverQueries() {
        FilterSettings settings;
        settings.words = true;
        const std::vector<KeyRange> words{{0, 1}, {1, 3}};
        const auto source = filtered(attentionFromText(kThree), settings, {{}, {}, words, words});
        QCOMPARE(shown(*source), std::string("1 .\n.55 .45\n"));
        QCOMPARE(source->info().queries, 2);
        QCOMPARE(source->visible(0, 0), (KeyRange{0, 1}));
        QCOMPARE(source->visible(0, 1), (KeyRange{0, 2}));
        QCOMPARE(source->info().square(), true);
    }

    void aWordIsHiddenWhereAllItsPiecesAre() {
        FilterSettings settings = hiding({0, 1}, false);
        settings.words = true;
        const std::vector<KeyRange> words{{0, 1}, {1, 3}};
        const auto source = filtered(attentionFromText(kThree), settings, {{}, {}, words, words});
        QCOMPARE(source->info().visibility.maskedKeys(), std::vector<int>{0});
        QCOMPARE(shown(*source), std::string(". .\n. .15\n"));
        QVERIFY(std::abs(hiddenMass(*source, {0, 0}, 1) - .85) < 1e-6);
    }

    void windowsOfWordsLoseNothingVisible() {
        auto run = randomRun(1, 1, 30, true, 4);
        AttentionInfo info = run->main().info();
        info.visibility.setWindows({{7, -1}});
        auto layer = std::make_shared<DenseLayer>();
        layer->floats.assign(900, 0.0F);
        for (int query = 0; query < 30; ++query)
            for (int key = 0; key < 30; ++key)
                if (info.visibility.sees(0, query, key))
                    layer->floats[static_cast<std::size_t>(query * 30 + key)] = 0.1F;
        std::vector<KeyRange> words;
        for (int begin = 0; begin < 30; begin += 1 + begin % 3)
            words.push_back({begin, begin + 1 + begin % 3});
        FilterSettings settings;
        settings.words = true;
        const auto source = filtered(DenseAttention::create(info, {layer}), settings, {{}, {}, words, words});
        std::vector<float> row(words.size());
        for (int query = 0; query < source->info().queries; ++query) {
            source->row({0, 0}, query, row);
            for (int key = 0; key < source->info().keys; ++key)
                if (row[static_cast<std::size_t>(key)] > 0) QVERIFY(source->visible(0, query).contains(key));
        }
    }

    void thresholds_data() {
        QTest::addColumn<double>("absolute");
        QTest::addColumn<int>("topK");
        QTest::addColumn<double>("mass");
        QTest::addColumn<QString>("kept");
        QTest::newRow("absolute") << .2 << 0 << 0.0 << ".4 .2 . . .2";
        QTest::newRow("top 1") << 0.0 << 1 << 0.0 << ".4 . . . .";
        QTest::newRow("top 2, the earlier of equals") << 0.0 << 2 << 0.0 << ".4 .2 . . .";
        QTest::newRow("mass reached exactly") << 0.0 << 0 << .6 << ".4 .2 . . .";
        QTest::newRow("mass just beyond") << 0.0 << 0 << .61 << ".4 .2 . . .2";
        QTest::newRow("all of the mass") << 0.0 << 0 << 1.0 << ".4 .2 .15 .05 .2";
        QTest::newRow("top 9 of 5") << 0.0 << 9 << 0.0 << ".4 .2 .15 .05 .2";
        QTest::newRow("all three") << .15 << 3 << .9 << ".4 .2 . . .2";
    }
    void thresholds() {
        QFETCH(double, absolute);
        QFETCH(int, topK);
        QFETCH(double, mass);
        QFETCH(QString, kept);
        FilterSettings settings;
        settings.threshold = absolute;
        settings.topK = topK;
        settings.mass = mass;
        std::vector<float> row{.4F, .2F, .15F, .05F, .2F};
        thresholdRow(settings, row);
        QCOMPARE(toText(row, 5), (kept + "\n").toStdString());
    }

    void settingsAreDescribedInWords() {
        FilterSettings settings;
        QCOMPARE(settings.describe(12), std::string());
        settings.hideSpecial = settings.renormalize = true;
        settings.combine = HeadCombine::mean;
        QCOMPARE(settings.describe(12), std::string("specials hidden, renormalized, mean of 12 heads"));
        settings.heads = {3};
        settings.hiddenKeys = {1, 2};
        settings.words = true;
        settings.threshold = .05;
        settings.topK = 5;
        settings.mass = .9;
        QCOMPARE(
            settings.describe(12),
            std::string("specials hidden, 2 tokens hidden, renormalized, mean of 1 head, words, weights from "
                        "0.05, top 5 of a row, 90 % of a row's mass"));
        QVERIFY(settings == FilterSettings(settings) && settings != FilterSettings{});
    }

    // Blocks, tiles and rows agree, whatever the filter and whatever lies below.
    void tilesPoolTheFilteredRows_data() {
        QTest::addColumn<int>("kind");
        for (int kind = 0; kind < 5; ++kind) QTest::addRow("%d", kind) << kind;
    }
    void tilesPoolTheFilteredRows() {
        QFETCH(int, kind);
        auto info = shape(1, 4, 2, 300, 300);
        info.visibility.setCausal(true).setMaskedKeys({2});
        const auto below = FactoredAttention::create(info, {randomLayer(info, 16, 2.0F, 11)});
        FilterSettings settings = hiding({0, 256}, kind == 1);
        FilterTokens tokens;
        if (kind >= 2) settings.combine = HeadCombine::mean;
        if (kind == 3) settings.topK = 4;
        if (kind == 4) {
            settings.words = true;
            for (int begin = 0; begin < 300; begin += 3) tokens.queryUnits.push_back({begin, begin + 3});
            tokens.keyUnits = tokens.queryUnits;
        }
        const auto source = filtered(below, settings, tokens);
        const int queries = source->info().queries, keys = source->info().keys;
        const HeadId head{0, source->info().heads - 1};
        std::vector<float> all(static_cast<std::size_t>(queries) * keys), tile(kTileCells * kTileCells);
        QVERIFY(source->rows(head, 0, queries, all, {}));
        for (int level = 0; level < 2; ++level) {
            QVERIFY(source->tile({head, level, 0, 0, Pooling::max}, tile, {}));
            std::vector<float> expected(tile.size(), kMaskedCell);
            for (int query = 0; query < std::min(queries, kTileCells << level); ++query)
                for (int key = 0; key < std::min(keys, kTileCells << level); ++key)
                    if (source->info().visibility.sees(0, query, key)) {
                        auto& cell = expected[static_cast<std::size_t>((query >> level) * kTileCells +
                                                                       (key >> level))];
                        cell = std::max(cell, all[static_cast<std::size_t>(query * keys + key)]);
                    }
            QCOMPARE(tile, expected);
        }
    }

    void summariesAreComputedOnceForAllThreads() {
        const auto source = filtered(randomRun(2, 3, 80)->sources.front(), hiding({0}, true), {});
        std::vector<const HeadSummary*> seen(8);
        {
            std::vector<std::jthread> threads;
            for (std::size_t i = 0; i < seen.size(); ++i)
                threads.emplace_back([&, i] { seen[i] = &source->summary({1, static_cast<int>(i % 2)}); });
        }
        for (std::size_t i = 2; i < seen.size(); ++i) QCOMPARE(seen[i], seen[i % 2]);
        QVERIFY(std::abs(std::accumulate(seen[0]->incoming.begin(), seen[0]->incoming.end(), 0.0) - 79) <
                1e-3);
    }

    void aStoppedSummaryIsNotKept() {
        const FilteredAttention source(randomRun(1, 1, 80)->sources.front(), hiding({0}, true), {});
        std::stop_source stop;
        stop.request_stop();
        QVERIFY(!source.summarize({0, 0}, stop.get_token()));
        QVERIFY(source.summarize({0, 0}, {}));
        QVERIFY(source.summary({0, 0}).maxWeight > 0);
    }
};

QTEST_GUILESS_MAIN(FilteredAttentionTest)
#include "filtered_attention_test.moc"
