// Attention flow: Dinic against the smallest cut of small graphs, networkx, and the reference row of GPT-2.
#include <QtTest>
#include <numeric>
#include <random>

#include "core/analysis/math/flow_graph.h"
#include "core/analysis/max_flow.h"
#include "core/base/json_parse.h"
#include "tests/core/analysis/analysis_cases.h"
#include "tests/support/attention_text.h"
#include "tests/support/shared_data.h"

using namespace attnviz;
using namespace attnviz::test;

namespace {

// Every way to divide the nodes: the least capacity that leads from the source's part out of it.
double smallestCut(int nodes, const std::vector<Pipe>& pipes, int from, int to) {
    double least = std::numeric_limits<double>::infinity();
    for (unsigned part = 0; part < 1U << nodes; ++part) {
        const auto inside = [&](int node) { return (part >> node & 1U) != 0; };
        if (!inside(from) || inside(to)) continue;
        double cut = 0;
        for (const auto& pipe : pipes)
            if (inside(pipe.from) && !inside(pipe.to)) cut += pipe.capacity;
        least = std::min(least, cut);
    }
    return least;
}

}  // namespace

class MaxFlowTest : public QObject {
    Q_OBJECT

 private slots:
    void theFlowIsTheSmallestCut() {
        std::mt19937 random(2);
        std::uniform_real_distribution<double> uniform;
        for (int trial = 0; trial < 200; ++trial) {
            const int nodes = 2 + trial % 8;
            std::vector<Pipe> pipes;
            for (int from = 0; from < nodes; ++from)
                for (int to = 0; to < nodes; ++to)
                    if (from != to && uniform(random) < .5) pipes.push_back({from, to, uniform(random)});
            const auto flow = FlowGraph(static_cast<std::size_t>(nodes), pipes).maxFlow(0, nodes - 1);
            QVERIFY(flow.ok());
            QVERIFY(std::abs(*flow - smallestCut(nodes, pipes, 0, nodes - 1)) < 1e-9);
        }
    }

    void flowThatWentWrongIsTakenBack() {
        // The first shortest path may take the middle pipe, which the best flow leaves empty.
        const std::vector<Pipe> pipes{{0, 1, 1}, {0, 2, 1}, {1, 2, 1}, {1, 3, 1}, {2, 3, 1}};
        QCOMPARE(*FlowGraph(4, pipes).maxFlow(0, 3), 2.0);
        QCOMPARE(*FlowGraph(4, pipes).maxFlow(3, 0), 0.0);
        QCOMPARE(*FlowGraph(2, {}).maxFlow(0, 1), 0.0);
    }

    void attentionFlowIsNetworkxs() {
        auto document = readJsonFile(sourceDir() / "tests/core/analysis/flow_expected.json");
        QVERIFY(document.ok());
        const auto attention = expectedNumbers();
        int compared = 0;
        for (const auto& expected : (*document)["flows"].items())
            for (const auto& one : attention["cases"].items()) {
                if (one["name"].string() != expected["name"].string()) continue;
                const auto run = runOf(one);
                RolloutOptions options;
                options.startLayer = static_cast<int>(expected["start"].integerOr(0));
                const auto flow =
                    maxFlow(run->main(), static_cast<int>(expected["query"].integerOr(0)), options);
                QVERIFY(flow.ok());
                const auto& wanted = expected["flow"].items();
                QCOMPARE(flow->size(), wanted.size());
                for (std::size_t key = 0; key < wanted.size(); ++key)
                    QVERIFY(std::abs((*flow)[key] - wanted[key].numberOr(9)) < 1e-9);
                ++compared;
            }
        QCOMPARE(compared, 12);
    }

    void theRecordedRowIsTheReferences() {
        ATTNVIZ_NEED_SHARED(kRecordedGpt2);
        const std::vector<double> wanted{.1680, .1175, .1158, .1141, .1100, .1019, .0957, .0913, .0857};
        const auto flow = maxFlow(recordedGpt2()->main(), 8);
        QVERIFY(flow.ok());
        for (std::size_t key = 0; key < wanted.size(); ++key)
            QVERIFY2(std::abs((*flow)[key] - wanted[key]) < 6e-5, qPrintable(QString::number((*flow)[key])));
    }

    void everySampleGivesSharesOrARefusal() {
        for (const auto& [name, run] : sampleRuns()) {
            const auto flow = maxFlow(run->main(), run->main().info().queries - 1);
            if (name == "cross") {
                QCOMPARE(flow.error().kind, ErrorKind::unsupported);
                continue;
            }
            QVERIFY(flow.ok());
            QVERIFY(std::abs(std::accumulate(flow->begin(), flow->end(), 0.0) - 1) < 1e-12);
        }
    }

    void whatWouldTakeLongIsRefused() {
        const auto run = randomRun(4, 1, 1500);
        const auto refused = maxFlow(run->main(), 5);
        QCOMPARE(refused.error().kind, ErrorKind::unsupported);
        QVERIFY(refused.error().what.find("1500 tokens") != std::string::npos);
        const auto small = randomRun(2, 1, 9);
        std::stop_source stop;
        stop.request_stop();
        QCOMPARE(maxFlow(small->main(), 5, {}, {}, stop.get_token()).error().kind, ErrorKind::cancelled);
        QCOMPARE(maxFlow(small->main(), 5, {.startLayer = 1, .layer = 0}).error().kind, ErrorKind::badInput);
    }
};

QTEST_GUILESS_MAIN(MaxFlowTest)
#include "max_flow_test.moc"
