// The most that can flow from one node to another, by Dinic's algorithm (1970): blocking flows along shortest
// paths, until none is left.
//
// Made for graphs of millions of edges of which a flow uses few: edges lie together by the node that they
// leave, and ways back are only kept where something flows.
#pragma once

#include <cstdint>
#include <stop_token>
#include <vector>

#include "core/base/result.h"

namespace attnviz {

// A directed edge. Capacities are not negative; below 1e-12 they carry nothing.
struct Pipe {
    int from = 0, to = 0;
    double capacity = 0;
};

class FlowGraph {
 public:
    FlowGraph(std::size_t nodes, std::vector<Pipe> pipes);

    // From `from` to another node. May be asked by several threads at once; each works on capacities of its
    // own, eight bytes an edge.
    Result<double> maxFlow(int from, int to, std::stop_token stop = {}) const;

 private:
    friend class FlowSearch;
    std::vector<Pipe> m_pipes;          // ordered by the node that they leave
    std::vector<std::int64_t> m_first;  // by node, its first pipe; one more at the end
};

}  // namespace attnviz
