#include "core/analysis/sankey_layout.h"

#include <algorithm>
#include <cmath>

namespace attnviz {
namespace {

constexpr double kStill = 1e-6;  // a move too small to make

class Layouter {
 public:
    Layouter(const SankeyGraph& graph, const SankeyExtent& extent)
        : m_graph(graph), m_extent(extent), m_columns(static_cast<std::size_t>(std::max(0, graph.columns))) {
        m_layout.nodes.resize(graph.nodes.size());
        m_layout.links.resize(graph.links.size());
        m_values.resize(graph.nodes.size());
        m_above.resize(graph.nodes.size());
        m_below.resize(graph.nodes.size());
        m_atLower.resize(graph.links.size());
        m_atUpper.resize(graph.links.size());
        for (std::size_t node = 0; node < graph.nodes.size(); ++node) {
            m_columns[at(graph.nodes[node].column)].push_back(static_cast<int>(node));
            m_values[node] = std::max(0.0, graph.nodes[node].share);
        }
        join();
    }

    SankeyLayout layout() {
        if (m_graph.nodes.empty() || m_extent.height <= 0) return std::move(m_layout);
        fit();
        for (std::size_t link = 0; link < m_graph.links.size(); ++link)
            m_layout.links[link].width = m_graph.links[link].value * m_layout.scale;
        place();
        measureOffsets();
        for (int sweep = 0; sweep < m_extent.sweeps; ++sweep) {
            const double strength = std::pow(0.99, sweep);
            const double apart =
                std::max(1 - strength, static_cast<double>(sweep + 1) / std::max(1, m_extent.sweeps));
            for (auto column = std::ssize(m_columns) - 2; column >= 0; --column)
                relax(m_columns[static_cast<std::size_t>(column)], true, strength, apart);
            for (std::size_t column = 1; column < m_columns.size(); ++column)
                relax(m_columns[column], false, strength, apart);
        }
        placeLinks();
        return std::move(m_layout);
    }

 private:
    struct Offset {
        double y = 0;    // widths of the links above it at this end
        int before = 0;  // how many of them are wider than nothing
    };
    static std::size_t at(int index) { return static_cast<std::size_t>(index); }
    SankeyNodePlace& place(int node) { return m_layout.nodes[at(node)]; }

    // Links of each node in the order of their other ends; a node is as high as the larger side.
    void join() {
        for (std::size_t link = 0; link < m_graph.links.size(); ++link) {
            m_above[at(m_graph.links[link].lower)].push_back(static_cast<int>(link));
            m_below[at(m_graph.links[link].upper)].push_back(static_cast<int>(link));
        }
        for (std::size_t node = 0; node < m_values.size(); ++node) {
            std::ranges::stable_sort(m_above[node], {},
                                     [this](int link) { return m_graph.links[at(link)].upper; });
            std::ranges::stable_sort(m_below[node], {},
                                     [this](int link) { return m_graph.links[at(link)].lower; });
            double up = 0, down = 0;
            for (const int link : m_above[node]) up += m_graph.links[at(link)].value;
            for (const int link : m_below[node]) down += m_graph.links[at(link)].value;
            m_values[node] = std::max({m_values[node], up, down});
        }
    }

    // Gap, least height and the scale: the largest with which every column fits.
    void fit() {
        std::size_t most = 1;
        for (const auto& column : m_columns) most = std::max(most, column.size());
        const double share = m_extent.height / (4 * static_cast<double>(most));
        m_gap = std::min(m_extent.gap, share);
        m_least = std::min(m_extent.least, share);
        double scale = -1;
        for (const auto& column : m_columns)
            if (const double own = scaleOf(column); own >= 0) scale = scale < 0 ? own : std::min(scale, own);
        m_layout.scale = std::max(0.0, scale);
    }

    // The scale s with which sum max(least, value s) fills a column; below 0 where it has no value.
    double scaleOf(const std::vector<int>& column) const {
        std::vector<double> values;
        values.reserve(column.size());
        for (const int node : column) values.push_back(m_values[at(node)]);
        std::ranges::sort(values);
        double room = m_extent.height - (static_cast<double>(column.size()) - 1) * m_gap, sum = 0;
        for (const double value : values) sum += value;
        if (sum <= 0) return -1;
        // The smallest are at their least height, one more each time, until the rest is above it.
        for (std::size_t small = 0;; ++small) {
            const double scale = room / sum;
            if (small + 1 >= values.size() || values[small] * scale >= m_least) return scale;
            room -= m_least;
            sum -= values[small];
        }
    }

    void place() {
        for (const auto& column : m_columns) {
            double y = 0;
            for (const int node : column) {
                place(node).top = y;
                place(node).bottom = y + std::max(m_least, m_values[at(node)] * m_layout.scale);
                y = place(node).bottom + m_gap;
            }
            const double spare = (m_extent.height - y + m_gap) / (static_cast<double>(column.size()) + 1);
            for (std::size_t i = 0; i < column.size(); ++i)
                move(column[i], spare * static_cast<double>(i + 1));
        }
    }

    void move(int node, double by) {
        place(node).top += by;
        place(node).bottom += by;
    }

    // What stands above a link at its ends: order and widths never change, so it is measured once.
    void measureOffsets() {
        m_flowingAbove.assign(m_values.size(), 0);
        m_flowingBelow.assign(m_values.size(), 0);
        const auto measure = [&](const std::vector<int>& links, std::vector<Offset>& offsets, int& flowing) {
            double y = 0;
            for (const int link : links) {
                offsets[at(link)] = {y, flowing};
                const double width = m_layout.links[at(link)].width;
                y += width;
                if (width > 0) ++flowing;
            }
        };
        for (std::size_t node = 0; node < m_values.size(); ++node) {
            measure(m_above[node], m_atLower, m_flowingAbove[node]);
            measure(m_below[node], m_atUpper, m_flowingBelow[node]);
        }
    }

    // Moves each node towards the value-weighted mean of the tops where its links would be straight.
    void relax(const std::vector<int>& column, bool towardsUpper, double strength, double apart) {
        for (const int node : column) {
            double sum = 0, weight = 0;
            for (const int link : towardsUpper ? m_above[at(node)] : m_below[at(node)]) {
                const auto& joined = m_graph.links[at(link)];
                if (joined.value <= 0) continue;
                sum += straightTop(link, towardsUpper) * joined.value;
                weight += joined.value;
            }
            if (weight > 0) move(node, (sum / weight - place(node).top) * strength);
        }
        pushApart(column, apart);
    }

    // The top of one end's node with which the link is level, the other's links being a gap apart.
    double straightTop(int link, bool towardsUpper) {
        const auto& joined = m_graph.links[at(link)];
        const int other = towardsUpper ? joined.upper : joined.lower;
        const int flowing = towardsUpper ? m_flowingBelow[at(other)] : m_flowingAbove[at(other)];
        const Offset& there = towardsUpper ? m_atUpper[at(link)] : m_atLower[at(link)];
        const Offset& here = towardsUpper ? m_atLower[at(link)] : m_atUpper[at(link)];
        return place(other).top + there.y + (there.before - (flowing - 1) / 2.0) * m_gap - here.y;
    }

    void pushApart(const std::vector<int>& column, double strength) {
        const auto size = std::ssize(column);
        if (size == 0) return;
        const auto middle = size / 2;
        const auto subject = place(column[static_cast<std::size_t>(middle)]);
        pushUp(column, subject.top - m_gap, middle - 1, strength);
        pushDown(column, subject.bottom + m_gap, middle + 1, strength);
        pushUp(column, m_extent.height, size - 1, strength);
        pushDown(column, 0, 0, strength);
    }

    void pushDown(const std::vector<int>& column, double y, std::ptrdiff_t from, double strength) {
        for (auto i = from; i < std::ssize(column); ++i) {
            const int node = column[static_cast<std::size_t>(i)];
            if (const double by = (y - place(node).top) * strength; by > kStill) move(node, by);
            y = place(node).bottom + m_gap;
        }
    }

    void pushUp(const std::vector<int>& column, double y, std::ptrdiff_t from, double strength) {
        for (auto i = from; i >= 0; --i) {
            const int node = column[static_cast<std::size_t>(i)];
            if (const double by = (place(node).bottom - y) * strength; by > kStill) move(node, -by);
            y = place(node).top - m_gap;
        }
    }

    void placeLinks() {
        for (std::size_t link = 0; link < m_graph.links.size(); ++link) {
            const auto& joined = m_graph.links[link];
            auto& out = m_layout.links[link];
            out.lower = place(joined.lower).top + m_atLower[link].y + out.width / 2;
            out.upper = place(joined.upper).top + m_atUpper[link].y + out.width / 2;
        }
    }

    const SankeyGraph& m_graph;
    const SankeyExtent m_extent;
    std::vector<std::vector<int>> m_columns, m_above, m_below;  // nodes of a column, links of a node
    std::vector<double> m_values;
    std::vector<Offset> m_atLower, m_atUpper;  // by link
    std::vector<int> m_flowingAbove, m_flowingBelow;
    double m_gap = 0, m_least = 0;
    SankeyLayout m_layout;
};

}  // namespace

SankeyLayout layoutSankey(const SankeyGraph& graph, const SankeyExtent& extent) {
    return Layouter(graph, extent).layout();
}

SankeyLayout layoutBipartite(const SankeyGraph& graph, double height) {
    SankeyLayout layout;
    std::vector<int> sizes(static_cast<std::size_t>(std::max(0, graph.columns)), 0);
    for (const auto& node : graph.nodes) ++sizes[static_cast<std::size_t>(node.column)];
    std::vector<int> placed(sizes.size(), 0);
    for (const auto& node : graph.nodes) {
        const auto column = static_cast<std::size_t>(node.column);
        const double pitch = height / sizes[column], middle = (placed[column]++ + 0.5) * pitch;
        const double half = std::min(pitch * 0.3, 6.0);
        layout.nodes.push_back({middle - half, middle + half});
    }
    for (const auto& link : graph.links) {
        const auto middle = [&](int node) {
            const auto& place = layout.nodes[static_cast<std::size_t>(node)];
            return (place.top + place.bottom) / 2;
        };
        layout.links.push_back({middle(link.lower), middle(link.upper), 0});
    }
    return layout;
}

}  // namespace attnviz
