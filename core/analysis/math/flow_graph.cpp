#include "core/analysis/math/flow_graph.h"

#include <algorithm>
#include <limits>
#include <optional>

namespace attnviz {
namespace {

constexpr double kNothing = 1e-12;

std::size_t index(std::int64_t value) {
    return static_cast<std::size_t>(value);
}

}  // namespace

// One search: what is left of the capacities, and the levels of the shortest paths.
class FlowSearch {
 public:
    FlowSearch(const FlowGraph& graph, int from, int to)
        : m_graph(graph), m_from(from), m_to(to), m_back(graph.m_first.size() - 1) {
        m_left.reserve(graph.m_pipes.size());
        for (const auto& pipe : graph.m_pipes) m_left.push_back(pipe.capacity);
    }

    bool level() {
        m_levels.assign(m_back.size(), -1);
        m_levels[index(m_from)] = 0;
        m_queue.assign(1, m_from);
        const auto reach = [&](int node, int level) {
            if (m_levels[index(node)] >= 0) return;
            m_levels[index(node)] = level;
            m_queue.push_back(node);
        };
        for (std::size_t at = 0; at < m_queue.size() && m_levels[index(m_to)] < 0; ++at) {
            const int here = m_queue[at], level = m_levels[index(here)] + 1;
            for (auto pipe = first(here); pipe < first(here + 1); ++pipe)
                if (m_left[index(pipe)] > kNothing) reach(m_graph.m_pipes[index(pipe)].to, level);
            for (const auto pipe : m_back[index(here)])
                if (flowing(pipe) > kNothing) reach(m_graph.m_pipes[index(pipe)].from, level);
        }
        m_next.assign(m_back.size(), 0);
        return m_levels[index(m_to)] >= 0;
    }

    // A flow that leaves no path of the levels open. Without recursion: paths may be as long as the graph.
    double block(const std::stop_token& stop) {
        double flow = 0;
        std::vector<Step> path;
        while (!stop.stop_requested()) {
            const int here = path.empty() ? m_from : path.back().to;
            if (here == m_to) {
                flow += push(path);
            } else if (const auto step = nextStep(here)) {
                path.push_back(*step);
            } else if (!path.empty()) {
                // A dead end: nothing leads on from here any more.
                path.pop_back();
                ++m_next[index(path.empty() ? m_from : path.back().to)];
            } else {
                break;
            }
        }
        return flow;
    }

 private:
    struct Step {
        std::int64_t pipe = 0;
        int to = 0;
        bool back = false;  // against the pipe: what flows in it is taken back
    };

    std::int64_t first(int node) const { return m_graph.m_first[index(node)]; }
    double flowing(std::int64_t pipe) const {
        return m_graph.m_pipes[index(pipe)].capacity - m_left[index(pipe)];
    }
    double open(const Step& step) const { return step.back ? flowing(step.pipe) : m_left[index(step.pipe)]; }

    // The first way from the node that is open and leads a level on; those before it are done with.
    std::optional<Step> nextStep(int here) {
        const auto forward = first(here + 1) - first(here);
        const auto& back = m_back[index(here)];
        for (auto& next = m_next[index(here)]; next < forward + std::ssize(back); ++next) {
            const bool isBack = next >= forward;
            const auto pipe = isBack ? back[index(next - forward)] : first(here) + next;
            const Pipe& ends = m_graph.m_pipes[index(pipe)];
            const Step step{pipe, isBack ? ends.from : ends.to, isBack};
            if (m_levels[index(step.to)] == m_levels[index(here)] + 1 && open(step) > kNothing) return step;
        }
        return std::nullopt;
    }

    // As much as the path carries; what remains of the path goes up to the first step that is full now.
    double push(std::vector<Step>& path) {
        double most = std::numeric_limits<double>::infinity();
        for (const auto& step : path) most = std::min(most, open(step));
        std::size_t full = path.size();
        for (std::size_t at = path.size(); at-- > 0;) {
            const Step& step = path[at];
            if (!step.back && flowing(step.pipe) == 0) m_back[index(step.to)].push_back(step.pipe);
            m_left[index(step.pipe)] += step.back ? most : -most;
            if (open(step) <= kNothing) full = at;
        }
        path.resize(full);
        return most;
    }

    const FlowGraph& m_graph;
    int m_from, m_to;
    std::vector<double> m_left;                     // by pipe
    std::vector<std::vector<std::int64_t>> m_back;  // by node, the pipes into it that were used
    std::vector<int> m_levels, m_queue;
    std::vector<std::int64_t> m_next;  // by node, the way that is tried next
};

FlowGraph::FlowGraph(std::size_t nodes, std::vector<Pipe> pipes)
    : m_pipes(std::move(pipes)), m_first(nodes + 1, 0) {
    const auto leavesEarlier = [](const Pipe& a, const Pipe& b) { return a.from < b.from; };
    if (!std::is_sorted(m_pipes.begin(), m_pipes.end(), leavesEarlier))
        std::stable_sort(m_pipes.begin(), m_pipes.end(), leavesEarlier);
    for (const auto& pipe : m_pipes) ++m_first[index(pipe.from) + 1];
    for (std::size_t node = 0; node < nodes; ++node) m_first[node + 1] += m_first[node];
}

Result<double> FlowGraph::maxFlow(int from, int to, std::stop_token stop) const {
    FlowSearch search(*this, from, to);
    double flow = 0;
    while (!stop.stop_requested() && search.level()) flow += search.block(stop);
    if (stop.stop_requested()) return cancelled();
    return flow;
}

}  // namespace attnviz
