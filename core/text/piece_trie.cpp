#include "core/text/piece_trie.h"

#include <algorithm>

namespace attnviz {

PieceTrie::PieceTrie(std::vector<std::pair<std::string_view, std::uint32_t>> pieces) {
    std::stable_sort(pieces.begin(), pieces.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    // Level by level: the children of a node are taken together, so they come to lie side by side.
    struct Range {
        std::size_t begin = 0, end = 0, depth = 0;
    };
    std::vector<Range> ranges{{0, pieces.size(), 0}};
    m_nodes.emplace_back();
    m_labels.push_back(0);
    for (std::size_t node = 0; node < ranges.size(); ++node) {
        Range range = ranges[node];
        for (; range.begin < range.end && pieces[range.begin].first.size() == range.depth; ++range.begin)
            m_nodes[node].value = pieces[range.begin].second;
        m_nodes[node].children = static_cast<std::uint32_t>(m_nodes.size());
        while (range.begin < range.end) {
            const char label = pieces[range.begin].first[range.depth];
            std::size_t end = range.begin + 1;
            while (end < range.end && pieces[end].first[range.depth] == label) ++end;
            if (node == 0)
                m_first[static_cast<unsigned char>(label)] = static_cast<std::uint32_t>(m_nodes.size());
            ranges.push_back({range.begin, end, range.depth + 1});
            m_nodes.emplace_back();
            m_labels.push_back(label);
            ++m_nodes[node].count;
            range.begin = end;
        }
    }
}

}  // namespace attnviz
