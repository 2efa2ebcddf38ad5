// Pieces as a trie over bytes, for finding all pieces that a text begins with.
//
// Built once from a list, then immutable. The children of a node lie side by side, so a step costs a search
// in a few bytes.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace attnviz {

class PieceTrie {
 public:
    static constexpr std::uint32_t kNone = 0xFFFFFFFF;

    PieceTrie() : PieceTrie(std::vector<std::pair<std::string_view, std::uint32_t>>{}) {}
    // Pieces and their values. Of equal pieces the last one's value counts; an empty one is never found.
    explicit PieceTrie(std::vector<std::pair<std::string_view, std::uint32_t>> pieces);

    // Calls `each(length, value)` for every piece that `text` begins with, the shortest first.
    template <class Each>
    void prefixes(std::string_view text, Each&& each) const {
        if (text.empty()) return;
        std::uint32_t node = m_first[static_cast<unsigned char>(text[0])];
        for (std::size_t length = 1; node != 0; ++length) {
            if (m_nodes[node].value != kNone) each(length, m_nodes[node].value);
            if (length == text.size()) return;
            node = childOf(node, text[length]);
        }
    }

 private:
    struct Node {
        std::uint32_t children = 0, count = 0, value = kNone;
    };
    // 0: there is none.
    std::uint32_t childOf(std::uint32_t node, char byte) const {
        const Node& from = m_nodes[node];
        const char* labels = m_labels.data() + from.children;
        if (from.count <= kFew) {
            for (std::uint32_t child = 0; child < from.count; ++child)
                if (labels[child] == byte) return from.children + child;
            return 0;
        }
        const void* found = std::memchr(labels, static_cast<unsigned char>(byte), from.count);
        if (!found) return 0;
        return from.children + static_cast<std::uint32_t>(static_cast<const char*>(found) - labels);
    }

    static constexpr std::uint32_t kFew = 8;  // children that are looked through quicker than searched
    std::vector<Node> m_nodes;
    std::vector<char> m_labels;  // the byte that leads to each node
    std::array<std::uint32_t, 256> m_first{};
};

}  // namespace attnviz
