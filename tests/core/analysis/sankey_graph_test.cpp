// Flow through layers: drawings, the obvious sums, rollout's own rows, and long texts that fold.
#include <QtTest>
#include <numeric>

#include "core/analysis/rollout.h"
#include "core/analysis/sankey_graph.h"
#include "core/attention/filtered_attention.h"
#include "tests/core/analysis/analysis_cases.h"
#include "tests/support/attention_text.h"
#include "tests/support/shared_data.h"

using namespace attnviz;
using namespace attnviz::test;

namespace {

SankeyGraph graphOf(const AttentionSource& source, const SankeyOptions& options) {
    auto graph = sankeyGraph(source, options);
    if (!graph) qFatal("%s", graph.error().sentence().c_str());
    return *std::move(graph);
}

// "0>2 .5": from token 0 below to token 2 above, what flows; x: the others.
std::string linksOf(const SankeyGraph& graph, int upperColumn) {
    std::string text;
    for (const auto& link : graph.links) {
        const auto& lower = graph.nodes[static_cast<std::size_t>(link.lower)];
        const auto& upper = graph.nodes[static_cast<std::size_t>(link.upper)];
        if (upper.column != upperColumn) continue;
        const auto name = [](int token) { return token < 0 ? std::string("x") : std::to_string(token); };
        std::string value = toText({static_cast<float>(link.value)}, 1);
        value.pop_back();
        text += (text.empty() ? "" : ", ") + name(lower.token) + ">" + name(upper.token) + " " + value;
    }
    return text;
}

std::vector<double> sharesOf(const SankeyGraph& graph, int column) {
    std::vector<double> shares;
    for (const auto& node : graph.nodes)
        if (node.column == column) shares.push_back(node.share);
    return shares;
}

double sum(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0);
}

constexpr const char* kTwoLayers = R"(
    1  .  .
    .5 .5 .
    .2 .2 .6
    =
    1  .  .
    .3 .7 .
    .1 .4 .5 )";

}  // namespace

class SankeyGraphTest : public QObject {
    Q_OBJECT

 private slots:
    void aPathIsTheProductOfItsKeptRows() {
        const auto source = attentionFromText(kTwoLayers);
        SankeyOptions options{.kind = FlowKind::path};
        options.path.start = {2};
        options.path.keep.perRow = 2;
        const SankeyGraph graph = graphOf(*source, options);
        QCOMPARE(graph.columns, 3);
        // Layer 1 keeps .5 and .4 of its last row: 5/9 and 4/9.
        QCOMPARE(linksOf(graph, 2), std::string("0>0 ., 0>1 ., 1>1 ., 1>2 .44, 2>2 .56"));
        // Layer 0 keeps .6 and .2 (of equal ones the earlier key): 3/4 and 1/4 of 5/9; halves of 4/9.
        QCOMPARE(linksOf(graph, 1), std::string("0>0 ., 0>1 .22, 1>1 .22, 0>2 .14, 2>2 .42"));
        const auto bottom = sharesOf(graph, 0);
        QVERIFY(close(bottom[0], 2.0 / 9 + 5.0 / 36, 1e-6) && close(bottom[1], 2.0 / 9, 1e-6));
        QVERIFY(close(sum(bottom), 1, 1e-12));
        QVERIFY(close(graph.keptShare, (1 + 1 + .8 + 1 + 1 + .9) / 6, 1e-6));
        QCOMPARE(graph.ended, 0.0);
    }

    void eachLayerByItselfHasItsWeights() {
        const auto source = attentionFromText(kTwoLayers);
        SankeyOptions options;
        options.path.keep = {.perRow = 9, .atLeast = .25};
        const SankeyGraph graph = graphOf(*source, options);
        QCOMPARE(linksOf(graph, 1), std::string("0>0 1, 0>1 .5, 1>1 .5, 2>2 .6"));
        QCOMPARE(linksOf(graph, 2), std::string("0>0 1, 0>1 .3, 1>1 .7, 1>2 .4, 2>2 .5"));
        // A node is as high as the larger of its sides.
        const auto middle = sharesOf(graph, 1);
        QVERIFY(close(middle[0], 1.3, 1e-6) && close(middle[1], 1.1, 1e-6) && close(middle[2], .6, 1e-6));
    }

    void whatReachesARowThatKeepsNothingEnds() {
        const auto source = attentionFromText(kTwoLayers);
        SankeyOptions options{.kind = FlowKind::path};
        options.path.start = {2};
        options.path.keep = {.perRow = 9, .atLeast = .55};
        const SankeyGraph graph = graphOf(*source, options);
        QCOMPARE(graph.ended, 1.0);  // .5 is the largest of the last row
        QCOMPARE(sum(sharesOf(graph, 1)), 0.0);
    }

    void rolloutsLowestColumnIsTheRolloutsRow() {
        for (const bool causal : {true, false}) {
            const auto run = randomRun(5, 3, 70, causal, 6, causal ? std::vector<int>{} : std::vector{3, 4});
            SankeyOptions options{.kind = FlowKind::rollout};
            options.path.firstLayer = 1;
            options.path.lastLayer = 3;
            options.path.start = {40};
            options.mostTokens = 100;
            const SankeyGraph graph = graphOf(run->main(), options);
            const auto wanted = rolloutRow(run->main(), 40, {.startLayer = 1, .layer = 3});
            QVERIFY(wanted.ok());
            for (const auto& node : graph.nodes)
                if (node.column == 0)
                    QVERIFY(std::abs(node.share - (*wanted)[static_cast<std::size_t>(node.token)]) < 1e-12);
        }
    }

    void recordedGpt2RollsOutToItsReferenceRow() {
        ATTNVIZ_NEED_SHARED(kRecordedGpt2);
        SankeyOptions options{.kind = FlowKind::rollout};
        options.path.start = {8};
        const SankeyGraph graph = graphOf(recordedGpt2()->main(), options);
        const std::vector<double> wanted{.9907, .0015, .0014, .0015, .0016, .0012, .0008, .0007, .0007};
        const auto got = sharesOf(graph, 0);
        for (std::size_t token = 0; token < 9; ++token) QVERIFY(std::abs(got[token] - wanted[token]) < 6e-5);
    }

    // What goes into a column comes out of it, whatever is folded.
    void aPathLosesNothingInALongText() {
        const auto run = randomRun(4, 2, 300, true, 2);
        SankeyOptions options{.kind = FlowKind::path};
        options.path.start = {299, 120};
        options.path.keep.perRow = 5;
        options.mostTokens = 40;
        const SankeyGraph graph = graphOf(run->main(), options);
        QCOMPARE(graph.tokens.size(), std::size_t{40});
        QCOMPARE(graph.leftOutKeys, 260);
        QVERIFY(std::ranges::binary_search(graph.tokens, 299) &&
                std::ranges::binary_search(graph.tokens, 120));
        std::vector<double> in(graph.nodes.size(), 0.0), out(in);
        for (const auto& link : graph.links) {
            in[static_cast<std::size_t>(link.upper)] += link.value;
            out[static_cast<std::size_t>(link.lower)] += link.value;
        }
        for (std::size_t node = 0; node < graph.nodes.size(); ++node) {
            const auto& [column, token, share] = graph.nodes[node];
            if (column > 0) QVERIFY(std::abs(in[node] - share) < 1e-6);
            if (column < 4) QVERIFY(std::abs(out[node] - share) < 1e-6);
        }
        for (int column = 0; column < 5; ++column) QVERIFY(close(sum(sharesOf(graph, column)), 1, 1e-9));
        // The same as without folding.
        options.mostTokens = 1000;
        const SankeyGraph whole = graphOf(run->main(), options);
        for (const auto& node : graph.nodes)
            if (node.token >= 0)
                QCOMPARE(node.share,
                         whole.nodes[static_cast<std::size_t>(node.column * 300 + node.token)].share);
    }

    void aLongTextShowsItsLargestReceiversAndFoldsTheRest() {
        const auto run = randomRun(3, 2, 200, true, 7);
        SankeyOptions options;
        options.mostTokens = 10;
        const SankeyGraph graph = graphOf(run->main(), options);
        QCOMPARE(graph.tokens.size(), std::size_t{10});
        QCOMPARE(graph.leftOutKeys, 190);
        std::vector<double> scores(200, 0.0);
        for (int layer = 0; layer < 3; ++layer)
            for (std::size_t key = 0; key < 200; ++key)
                scores[key] += layerFlow(run->main(), layer).incomingShare[key];
        for (int token = 0; token < 200; ++token) {
            const auto better = std::ranges::count_if(
                scores, [&](double other) { return other > scores[static_cast<std::size_t>(token)]; });
            QCOMPARE(std::ranges::binary_search(graph.tokens, token), better < 10);
        }
        double kept = 0;
        for (const auto& link : graph.links) kept += link.weight;
        // Three links of each of ten queries in three layers, as many as they see.
        QVERIFY(close(kept / 30, graph.keptShare, 1e-5));
    }

    void headsAreThoseOfTheirLayer() {
        const auto run = randomRun(2, 3, 8, true, 3);
        SankeyOptions options{.kind = FlowKind::path};
        options.path.start = {7};
        options.path.keep.perRow = 8;
        options.path.heads = {{1, {2}}};
        const SankeyGraph graph = graphOf(run->main(), options);
        std::vector<float> row(8);
        run->main().row({1, 2}, 7, row);
        const auto middle = sharesOf(graph, 1);
        for (std::size_t key = 0; key < 8; ++key)
            QVERIFY(std::abs(middle[key] - static_cast<double>(row[key])) < 1e-6);
    }

    void hiddenAndPaddedKeysAreNoNodes() {
        const auto run = randomRun(2, 2, 9, false, 5, {7, 8});
        QCOMPARE(graphOf(run->main(), {}).tokens, (std::vector<int>{0, 1, 2, 3, 4, 5, 6}));
        SankeyOptions options{.kind = FlowKind::path};
        options.path.start = {8};  // unless the path starts there
        const SankeyGraph graph = graphOf(run->main(), options);
        QCOMPARE(graph.tokens, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 8}));
        QVERIFY(close(sum(sharesOf(graph, 0)), 1, 1e-9));
    }

    void oneLayerShowsKeysAndQueriesOfCrossAttentionToo() {
        for (const auto& sample : sampleRuns()) {
            const AttentionSource& source = sample.run->main();
            const auto graph = bipartiteGraph(source, {.keep = {.perRow = 1}});
            QVERIFY2(graph.ok(), sample.name.c_str());
            for (const auto& link : graph->links) {
                const auto& lower = graph->nodes[static_cast<std::size_t>(link.lower)];
                const auto& upper = graph->nodes[static_cast<std::size_t>(link.upper)];
                QVERIFY(lower.column == 0 && upper.column == 1);
                QVERIFY(source.info().visibility.sees(0, upper.token, lower.token));
            }
            const auto whole = sankeyGraph(source, {});
            QCOMPARE(whole.ok(), source.info().square());
            if (!whole) QVERIFY(whole.error().hint.find("one layer") != std::string::npos);
        }
    }

    void oneLayerOfALongTextAnswersForTheAskedQueries() {
        const auto run = randomRun(2, 2, 400, true, 8);
        BipartiteOptions options{.layer = 1};
        options.queries = {350};
        options.mostTokens = 20;
        const auto graph = bipartiteGraph(run->main(), options);
        QVERIFY(graph.ok());
        QCOMPARE(graph->queries, std::vector<int>{350});
        QCOMPARE(graph->links.size(), std::size_t{3});
        for (const auto& link : graph->links)
            QVERIFY(graph->nodes[static_cast<std::size_t>(link.lower)].token >= 0);
        QCOMPARE(graph->leftOutKeys, 380);
        QCOMPARE(graph->leftOutQueries, 399);
        options.queries = {};
        const auto focused = bipartiteGraph(run->main(), options);
        QVERIFY(focused.ok());
        QCOMPARE(focused->queries.size(), std::size_t{20});
    }

    void aStopIsHeard() {
        const auto run = randomRun(2, 2, 100);
        std::stop_source stop;
        stop.request_stop();
        SankeyOptions options{.kind = FlowKind::path};
        options.path.start = {9};
        for (const auto kind : {FlowKind::links, FlowKind::path, FlowKind::rollout}) {
            options.kind = kind;
            const auto graph = sankeyGraph(run->main(), options, {}, stop.get_token());
            QVERIFY(!graph && graph.error().kind == ErrorKind::cancelled);
        }
        QVERIFY(!bipartiteGraph(run->main(), {}, stop.get_token()));
    }

    void filtersAreSeenThrough() {
        const auto run = randomRun(2, 3, 90, true, 4);
        FilterSettings settings;
        settings.hiddenKeys = {0, 1};
        settings.renormalize = true;
        const auto source = filtered(run->sources.front(), settings, {});
        SankeyOptions options;
        options.mostTokens = 20;
        const SankeyGraph graph = graphOf(*source, options);
        QCOMPARE(graph.tokens.size(), std::size_t{20});
        QVERIFY(graph.tokens.front() >= 2);
    }
};

QTEST_GUILESS_MAIN(SankeyGraphTest)
#include "sankey_graph_test.moc"
