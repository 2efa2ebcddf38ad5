// Flow inside a layer: drawings, the recorded GPT-2, and links by the obvious sort.
#include <QtTest>

#include "core/analysis/flow.h"
#include "tests/core/analysis/analysis_cases.h"
#include "tests/support/attention_text.h"
#include "tests/support/shared_data.h"

using namespace attnviz;
using namespace attnviz::test;

class FlowTest : public QObject {
    Q_OBJECT

    static std::vector<FlowLink> links(const AttentionSource& source, const LinkOptions& options) {
        auto found = flowLinks(source, options);
        if (!found) qFatal("%s", found.error().sentence().c_str());
        return std::move(*found);
    }

 private slots:
    void aDrawnHeadHasTheSharesOfThoseWhoSee() {
        const auto source = attentionFromText(R"(
            1  .  .  .
            .5 .5 .  .
            .8 .1 .1 .
            .7 .  .  .3 )");
        const LayerFlow flow = layerFlow(*source, 0);
        QVERIFY(close(flow.incoming[0], 3.0, 1e-6) && close(flow.incoming[1], .6, 1e-6));
        QVERIFY(close(flow.incomingShare[0], .75, 1e-6) && close(flow.incomingShare[1], .2, 1e-6));
        QVERIFY(close(flow.incomingShare[2], .05, 1e-6) && close(flow.incomingShare[3], .3, 1e-6));
        QCOMPARE(flow.globalHubs, (std::vector<int>{3, 1, 0}));
        QCOMPARE(flow.hubs, (std::vector<int>{0, 3, 1}));
        QVERIFY(std::isnan(flow.focus[0]));  // it has no choice
        QVERIFY(close(flow.focus[1] + 1, 1, 1e-6));
        QCOMPARE(flow.focused.front(), 3);
    }

    void recordedHubsAndIncomingAreThoseOfTheDefinitions() {
        ATTNVIZ_NEED_SHARED(kRecordedGpt2);
        const auto run = recordedGpt2();
        const std::map<int, std::pair<std::vector<int>, double>> wanted{{0, {{2, 1, 0}, 3.4735}},
                                                                        {1, {{3, 1, 0}, 5.2127}},
                                                                        {5, {{1, 4, 0}, 7.3264}},
                                                                        {9, {{5, 3, 0}, 7.7339}},
                                                                        {11, {{1, 3, 0}, 6.5211}}};
        for (const auto& [layer, row] : wanted) {
            const LayerFlow flow = layerFlow(run->main(), layer);
            QCOMPARE(flow.globalHubs, row.first);
            QVERIFY(std::abs(flow.incoming[0] - row.second) < 6e-5);
        }
    }

    void paddedKeysReceiveNoShare() {
        const auto run = randomRun(1, 2, 8, false, 3, {6, 7});
        const LayerFlow flow = layerFlow(run->main(), 0);
        QVERIFY(std::isnan(flow.incomingShare[6]) && !std::isnan(flow.incomingShare[5]));
        for (const int hub : flow.hubs) QVERIFY(hub < 6);
    }

    void linksAreTheLargestOfTheHeadMean() {
        const auto run = randomRun(2, 3, 9, true, 8);
        const AttentionSource& source = run->main();
        const auto found = links(source, {.layers = {}, .heads = {0, 2}, .perRow = 2});
        std::size_t at = 0;
        std::vector<float> first(9), second(9);
        for (int layer = 0; layer < 2; ++layer)
            for (int query = 0; query < 9; ++query) {
                source.row({layer, 0}, query, first);
                source.row({layer, 2}, query, second);
                std::vector<std::pair<double, int>> cells;
                for (int key = 0; key <= query; ++key)
                    cells.emplace_back((double(first[size_t(key)]) + double(second[size_t(key)])) / 2, -key);
                std::sort(cells.rbegin(), cells.rend());
                for (std::size_t i = 0; i < std::min<std::size_t>(2, cells.size()); ++i, ++at) {
                    QCOMPARE(found[at].layer, layer);
                    QCOMPARE(found[at].query, query);
                    QCOMPARE(found[at].key, -cells[i].second);
                    QVERIFY(close(found[at].weight, cells[i].first, 1e-12));
                }
            }
        QCOMPARE(found.size(), at);
    }

    void thresholdAndMassLimitTheLinks() {
        const auto source = attentionFromText(".1 .6 .3\n.2 .2 .6\n1 0 0");
        QCOMPARE(links(*source, {.perRow = 9, .atLeast = .25}).size(), std::size_t{4});
        const auto mass = links(*source, {.perRow = 9, .mass = .6});  // the least prefix that reaches it
        QCOMPARE(mass.size(), std::size_t{3});
        QCOMPARE(mass[0].key, 1);
        QCOMPARE(links(*source, {.perRow = 9}).size(), std::size_t{7});  // zero is no link
    }
};

QTEST_GUILESS_MAIN(FlowTest)
#include "flow_test.moc"
