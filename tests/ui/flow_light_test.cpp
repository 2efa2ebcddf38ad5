// What lights with a node, and which labels are written: pure functions.
#include <QtTest>

#include "tests/support/attention_text.h"
#include "ui/widgets/flow_geometry.h"
#include "ui/widgets/flow_light.h"

using namespace attnviz;
using namespace attnviz::ui;

class FlowLightTest : public QObject {
    Q_OBJECT

    static std::vector<int> named(const std::vector<FlowLabelWish>& wishes, double height) {
        std::vector<int> out;
        double before = -100;
        for (const auto& place : thinnedLabels(wishes, height, 10)) {
            if (place.middle < 5 || place.middle > height - 5 || place.middle - before < 10 - 1e-9)
                return {-1};
            before = place.middle;
            out.push_back(place.wish);
        }
        return out;
    }

 private slots:
    void aNodeLightsWhatItDrawsFromAndWhatDrawsFromIt() {
        const auto source = test::attentionFromText(R"(
            1   .   .
            .5  .5  .
            .   .25 .75
            =
            1   .   .
            .2  .8  .
            .   .5  .5 )");
        const auto graph = sankeyGraph(*source, {});
        QVERIFY(graph.ok());
        const auto node = [](int column, int token) { return static_cast<std::size_t>(column * 3 + token); };
        const FlowLight light = lightFrom(*graph, static_cast<int>(node(1, 1)));
        QCOMPARE(light.nodes[node(1, 1)], 1.0);
        QCOMPARE(light.nodes[node(1, 0)], 0.0);  // its neighbours stay dark
        QCOMPARE(light.nodes[node(0, 0)], 0.5);
        QCOMPARE(light.nodes[node(0, 1)], 0.5);
        QCOMPARE(light.nodes[node(0, 2)], 0.0);
        QVERIFY(std::abs(light.nodes[node(2, 1)] - 0.8) < 1e-6);
        QCOMPARE(light.nodes[node(2, 2)], 0.5);
        QCOMPARE(light.nodes[node(2, 0)], 0.0);
        int lit = 0;
        for (const double share : light.links) lit += share > 0;
        QCOMPARE(lit, 4);
    }

    void labelsThatHaveRoomAreMovedApart() {
        QCOMPARE(named({{20, 0}, {24, 0}, {60, 0}, {98, 0}, {99, 0}}, 100),
                 (std::vector<int>{0, 1, 2, 3, 4}));
    }

    void labelsThatHaveNoRoomAreThinnedByWeight() {
        std::vector<FlowLabelWish> wishes;
        for (int i = 0; i < 50; ++i) wishes.push_back({i * 2.0, i == 13 || i == 14 ? 5.0 + i : 0.0});
        const auto kept = named(wishes, 100);
        QVERIFY(kept.size() >= 6 && kept.size() <= 10);
        QVERIFY(std::ranges::find(kept, 14) != kept.end());
        QVERIFY(std::ranges::find(kept, 13) == kept.end());  // it would touch a heavier one
        QVERIFY(named(wishes, 4).empty());                   // less than a line
        QVERIFY(named({}, 100).empty());
    }

    void fewLabelsFarFromTheirNodesAreThinnedToo() {
        std::vector<FlowLabelWish> wishes;
        for (int i = 0; i < 9; ++i) wishes.push_back({200 + i * 1.0, 0});
        QVERIFY(named(wishes, 210).size() < 4);
    }

    void theCurveBeginsAndEndsLevel() {
        QVERIFY(std::abs(flowCurve(10, 50, 0) - 10) < 1e-3);
        QVERIFY(std::abs(flowCurve(10, 50, 1) - 50) < 1e-3);
        QVERIFY(std::abs(flowCurve(10, 50, .5) - 30) < 1e-3);
        QVERIFY(flowCurve(10, 50, .1) < 12);
    }
};

QTEST_GUILESS_MAIN(FlowLightTest)
#include "flow_light_test.moc"
