// The Sankey's layout against d3-sankey's own (sankey_expected.json), and what must hold of any.
#include <QtTest>

#include "core/analysis/sankey_layout.h"
#include "core/base/json_parse.h"
#include "tests/support/attention_text.h"
#include "tests/support/shared_data.h"

using namespace attnviz;
using namespace attnviz::test;

namespace {

// As d3-sankey was given it: every token in every column.
SankeyGraph graphOf(const JsonValue& given) {
    SankeyGraph graph;
    graph.columns = static_cast<int>(given["columns"].integerOr(0));
    const int tokens = static_cast<int>(given["tokens"].integerOr(0));
    for (int column = 0; column < graph.columns; ++column)
        for (int token = 0; token < tokens; ++token) graph.nodes.push_back({column, token, 0});
    for (const auto& link : given["links"].items()) {
        const auto& parts = link.items();
        const double value = parts[2].numberOr(0);
        graph.links.push_back(
            {static_cast<int>(parts[0].integerOr(0)), static_cast<int>(parts[1].integerOr(0)), value, value});
    }
    return graph;
}

SankeyGraph graphOf(const AttentionRun& run, FlowKind kind, int perRow, std::vector<int> start = {}) {
    SankeyOptions options{.kind = kind};
    options.path.start = std::move(start);
    options.path.keep.perRow = perRow;
    auto graph = sankeyGraph(run.main(), options);
    if (!graph) qFatal("%s", graph.error().sentence().c_str());
    return *std::move(graph);
}

// Nodes of a column stand in their order, apart, inside the height; ribbons inside their nodes, apart.
void holds(const SankeyGraph& graph, const SankeyLayout& layout, double height) {
    constexpr double kRounding = 1e-4;
    for (std::size_t node = 0; node < graph.nodes.size(); ++node) {
        const auto& place = layout.nodes[node];
        QVERIFY(place.top >= -kRounding && place.bottom <= height + kRounding);
        QVERIFY(place.bottom - place.top > 0.1);  // it can be seen
        if (node > 0 && graph.nodes[node - 1].column == graph.nodes[node].column)
            QVERIFY(place.top >= layout.nodes[node - 1].bottom);
        QVERIFY(place.bottom - place.top >= graph.nodes[node].share * layout.scale - kRounding);
    }
    std::vector<std::vector<std::pair<double, double>>> lower(graph.nodes.size()), upper(lower);
    for (std::size_t link = 0; link < graph.links.size(); ++link) {
        const auto& place = layout.links[link];
        QCOMPARE(place.width, graph.links[link].value * layout.scale);  // as wide at both ends
        if (place.width <= 0) continue;                                 // a hairline is in nobody's way
        const auto add = [&](auto& sides, int node, double middle) {
            sides[static_cast<std::size_t>(node)].emplace_back(middle - place.width / 2,
                                                               middle + place.width / 2);
        };
        add(lower, graph.links[link].lower, place.lower);
        add(upper, graph.links[link].upper, place.upper);
    }
    for (const auto& sides : {lower, upper})
        for (std::size_t node = 0; node < sides.size(); ++node) {
            auto spans = sides[node];
            std::ranges::sort(spans);
            for (std::size_t i = 0; i < spans.size(); ++i) {
                QVERIFY(spans[i].first >= layout.nodes[node].top - kRounding);
                QVERIFY(spans[i].second <= layout.nodes[node].bottom + kRounding);
                if (i > 0) QVERIFY(spans[i].first >= spans[i - 1].second - kRounding);
            }
        }
}

}  // namespace

class SankeyLayoutTest : public QObject {
    Q_OBJECT

 private slots:
    void placesAreThoseOfD3Sankey() {
        const auto document = readJsonFile(sourceDir() / "tests/core/analysis/sankey_expected.json");
        QVERIFY(document.ok());
        QCOMPARE(document->items().size(), std::size_t{4});
        double worst = 0;
        for (const auto& wanted : document->items()) {
            const SankeyGraph graph = graphOf(wanted);
            const auto layout = layoutSankey(
                graph,
                {.height = wanted["height"].numberOr(0), .gap = wanted["gap"].numberOr(0), .least = 0});
            const auto differ = [&](double got, const JsonValue& value) {
                worst = std::max(worst, std::abs(got - value.numberOr(-1e9)));
            };
            const auto& nodes = wanted["nodes"].items();
            QCOMPARE(layout.nodes.size(), nodes.size());
            for (std::size_t node = 0; node < nodes.size(); ++node) {
                differ(layout.nodes[node].top, nodes[node].items()[0]);
                differ(layout.nodes[node].bottom, nodes[node].items()[1]);
            }
            const auto& links = wanted["places"].items();
            QCOMPARE(layout.links.size(), links.size());
            for (std::size_t link = 0; link < links.size(); ++link) {
                differ(layout.links[link].lower, links[link].items()[0]);
                differ(layout.links[link].upper, links[link].items()[1]);
                differ(layout.links[link].width, links[link].items()[2]);
            }
        }
        qInfo("largest difference %g of a pixel", worst);
        QVERIFY(worst < 1e-7);  // the file has eleven digits
    }

    void nothingOverlapsAndRibbonsFit_data() {
        QTest::addColumn<int>("tokens");
        QTest::addColumn<int>("perRow");
        QTest::addColumn<int>("kind");
        QTest::addColumn<int>("height");
        for (const int tokens : {1, 5, 29, 64})
            for (const int perRow : {1, 3, 64})
                for (const int kind : {0, 1, 2})
                    for (const int height : {90, 420})
                        QTest::addRow("%d tokens, top %d, kind %d, %d px", tokens, perRow, kind, height)
                            << tokens << perRow << kind << height;
    }
    void nothingOverlapsAndRibbonsFit() {
        QFETCH(int, tokens);
        QFETCH(int, perRow);
        QFETCH(int, kind);
        QFETCH(int, height);
        const auto run = randomRun(12, 2, tokens, perRow != 3, 4);
        const SankeyGraph graph = graphOf(*run, static_cast<FlowKind>(kind), perRow,
                                          kind == 0 ? std::vector<int>() : std::vector<int>{tokens - 1});
        const SankeyExtent extent{.height = static_cast<double>(height)};
        const SankeyLayout layout = layoutSankey(graph, extent);
        holds(graph, layout, height);
        if (QTest::currentTestFailed()) return;
        // The same numbers a second time, to the bit.
        const SankeyLayout again = layoutSankey(graph, extent);
        QCOMPARE(again.scale, layout.scale);
        for (std::size_t node = 0; node < layout.nodes.size(); ++node)
            QVERIFY(again.nodes[node].top == layout.nodes[node].top);
    }

    void aPathsNodesAreAsHighAsTheirShares() {
        const auto run = randomRun(6, 2, 12, true, 9);
        const SankeyGraph graph = graphOf(*run, FlowKind::path, 3, {11});
        const SankeyLayout layout = layoutSankey(graph, {.height = 300});
        for (std::size_t node = 0; node < graph.nodes.size(); ++node) {
            const double wanted = std::max(3.0, graph.nodes[node].share * layout.scale);
            QVERIFY(std::abs(layout.nodes[node].bottom - layout.nodes[node].top - wanted) < 1e-9);
        }
    }

    void anEmptyGraphAndNoHeightAreNoTrouble() {
        QCOMPARE(layoutSankey({}, {.height = 100}).nodes.size(), std::size_t{0});
        const auto run = randomRun(2, 1, 4);
        const SankeyGraph graph = graphOf(*run, FlowKind::links, 1);
        QCOMPARE(layoutSankey(graph, {.height = 0}).nodes.size(), graph.nodes.size());
    }

    void oneLayersTokensAreEvenlySpaced() {
        const auto run = randomRun(1, 1, 10);
        const auto graph = bipartiteGraph(run->main(), {});
        QVERIFY(graph.ok());
        const auto layout = layoutBipartite(*graph, 200);
        QCOMPARE(layout.nodes.size(), std::size_t{20});
        for (int node = 0; node < 20; ++node) {
            const auto& place = layout.nodes[static_cast<std::size_t>(node)];
            QCOMPARE((place.top + place.bottom) / 2, (node % 10 + .5) * 20);
        }
    }
};

QTEST_GUILESS_MAIN(SankeyLayoutTest)
#include "sankey_layout_test.moc"
