#include "ui/widgets/flow_light.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace attnviz::ui {
namespace {

std::size_t at(int index) {
    return static_cast<std::size_t>(index);
}

// The part of each link's upper node that it brings: of the drawn links, or of a rollout of everything.
std::vector<double> parts(const SankeyGraph& graph) {
    std::vector<double> strengths(graph.links.size()), sums(graph.nodes.size(), 0.0);
    for (std::size_t link = 0; link < strengths.size(); ++link) {
        const auto& joined = graph.links[link];
        strengths[link] = std::isnan(joined.weight) ? joined.value : joined.weight;
        sums[at(joined.upper)] += strengths[link];
    }
    for (std::size_t link = 0; link < strengths.size(); ++link) {
        const double whole = graph.kind == FlowKind::rollout ? 1 : sums[at(graph.links[link].upper)];
        strengths[link] = whole > 0 ? strengths[link] / whole : 0;
    }
    return strengths;
}

// All of them, moved apart in their order; empty where one would stand too far from what it names.
std::vector<FlowLabelPlace> apart(const std::vector<FlowLabelWish>& wishes, double height,
                                  double lineHeight) {
    std::vector<FlowLabelPlace> places;
    if (static_cast<double>(wishes.size()) * lineHeight > height) return places;
    double least = lineHeight / 2;
    for (std::size_t wish = 0; wish < wishes.size(); ++wish) {
        places.push_back({static_cast<int>(wish), std::max(least, wishes[wish].at)});
        least = places.back().middle + lineHeight;
    }
    double most = height - lineHeight / 2;
    for (std::size_t wish = wishes.size(); wish-- > 0;) {
        places[wish].middle = std::min(most, places[wish].middle);
        most = places[wish].middle - lineHeight;
        if (std::abs(places[wish].middle - wishes[wish].at) > 1.5 * lineHeight) return {};
    }
    return places;
}

}  // namespace

// Links are ordered by their upper column: upwards as they come, downwards the other way.
FlowLight lightFrom(const SankeyGraph& graph, int node) {
    const auto part = parts(graph);
    std::vector<double> down(graph.nodes.size(), 0.0), up(down);
    FlowLight light{{}, std::vector<double>(graph.links.size(), 0.0)};
    down[at(node)] = up[at(node)] = 1;
    for (std::size_t link = 0; link < graph.links.size(); ++link) {
        const auto& joined = graph.links[link];
        const double share = up[at(joined.lower)] * part[link];
        up[at(joined.upper)] += share;
        light.links[link] = share;
    }
    for (std::size_t link = graph.links.size(); link-- > 0;) {
        const auto& joined = graph.links[link];
        const double share = down[at(joined.upper)] * part[link];
        down[at(joined.lower)] += share;
        light.links[link] = std::max(light.links[link], share);
    }
    light.nodes.resize(graph.nodes.size());
    for (std::size_t i = 0; i < light.nodes.size(); ++i) light.nodes[i] = std::max(down[i], up[i]);
    return light;
}

std::vector<FlowLabelPlace> thinnedLabels(const std::vector<FlowLabelWish>& wishes, double height,
                                          double lineHeight) {
    if (auto all = apart(wishes, height, lineHeight); !all.empty()) return all;
    std::vector<int> order(wishes.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order,
                             [&](int a, int b) { return wishes[at(a)].weight > wishes[at(b)].weight; });
    std::vector<double> taken;  // middles, ascending
    std::vector<FlowLabelPlace> places;
    if (height < lineHeight) return places;
    for (const int wish : order) {
        const double middle = std::clamp(wishes[at(wish)].at, lineHeight / 2, height - lineHeight / 2);
        const auto next = std::ranges::lower_bound(taken, middle);
        if (next != taken.end() && *next - middle < lineHeight) continue;
        if (next != taken.begin() && middle - *std::prev(next) < lineHeight) continue;
        taken.insert(next, middle);
        places.push_back({wish, middle});
    }
    std::ranges::sort(places, {}, &FlowLabelPlace::middle);
    return places;
}

}  // namespace attnviz::ui
