// What of a flow belongs to one node: how much of it comes from each node below, and how much of each node
// above comes from it. And which labels of a column are written, so that none collides.
#pragma once

#include <vector>

#include "core/analysis/sankey_graph.h"

namespace attnviz::ui {

// 1 at the node itself; 0 where nothing is shared. A link has the share that passes through it.
struct FlowLight {
    std::vector<double> nodes, links;
};
FlowLight lightFrom(const SankeyGraph& graph, int node);

// Names wanted at ascending heights `at`, each `lineHeight` high, inside [0, height]. Where all have room
// they are moved apart, if that takes none further than a line and a half. Else those of larger weight come
// first, of equal ones the earlier, and who would touch another is left out.
struct FlowLabelWish {
    double at = 0, weight = 0;
};
struct FlowLabelPlace {
    int wish = 0;
    double middle = 0;
};
std::vector<FlowLabelPlace> thinnedLabels(const std::vector<FlowLabelWish>& wishes, double height,
                                          double lineHeight);

}  // namespace attnviz::ui
