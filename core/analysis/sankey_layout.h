// Where the columns, nodes and ribbons of a flow stand. After d3-sankey (Bostock; BSD licence): heights by
// value, then sweeps to the left and to the right that move each node towards what it is joined to and push
// neighbours apart. The order inside a column never changes: it is the text's.
//
// Beyond d3-sankey a node has a least height, so that a token through which nothing flows can be seen;
// heights above it are exactly proportional. Pure: the same graph and extent give the same numbers, to the
// bit.
#pragma once

#include <vector>

#include "core/analysis/sankey_graph.h"

namespace attnviz {

struct SankeyExtent {
    double height = 0;
    double gap = 3, least = 3;  // between nodes and of a node; less where a column would be full of them
    int sweeps = 6;
};

struct SankeyNodePlace {
    double top = 0, bottom = 0;
};

// The middle of a ribbon at its lower and at its upper column; 0 wide where nothing flows.
struct SankeyLinkPlace {
    double lower = 0, upper = 0, width = 0;
};

struct SankeyLayout {
    std::vector<SankeyNodePlace> nodes;  // as the graph's
    std::vector<SankeyLinkPlace> links;
    double scale = 0;  // height of a value of 1
};

SankeyLayout layoutSankey(const SankeyGraph& graph, const SankeyExtent& extent);

// Two columns of evenly spaced tokens, joined middle to middle.
SankeyLayout layoutBipartite(const SankeyGraph& graph, double height);

}  // namespace attnviz
