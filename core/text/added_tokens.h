// Tokens that are found in the text as they stand, before the model sees it: special tokens and what a user
// added.
//
// Those with `normalized` are looked for in the normalized text (in their own normalized form), the others in
// the raw text. The longest of those that begin first wins. Filled once, then immutable.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/text/normalizer.h"
#include "core/text/vocabulary.h"

namespace attnviz {

struct AddedToken {
    std::string content;
    bool singleWord = false, stripLeft = false, stripRight = false, normalized = true, special = false;
};

struct AddedMatch {
    std::size_t begin = 0, end = 0;
    std::int64_t id = -1;  // -1: the stretch between matches
};

class AddedTokens {
 public:
    // As the reference does: a token that the model has keeps the model's id, others are numbered after the
    // model's pieces in their order, whatever ids the file states.
    Result<void> add(std::vector<AddedToken> tokens, const Vocabulary& model, const Normalizer* normalizer,
                     std::string_view where);

    // Stretches in order; they cover the text (and may overlap where a match strips what another one needs).
    void find(std::string_view text, bool normalized, std::vector<AddedMatch>& out) const;

    const AddedToken* tokenOf(std::int64_t id) const;
    // What decoders get: the normalized form, where the token has another one.
    std::optional<std::string_view> pieceForDecoding(std::int64_t id) const;
    std::optional<std::int64_t> idOf(std::string_view content) const;
    bool isSpecial(std::int64_t id) const;
    std::int64_t greatestId() const { return m_greatestId; }

 private:
    // A trie over bytes, one node a byte; children are a linked list.
    struct Node {
        std::int64_t id = -1;
        std::uint32_t child = 0, sibling = 0;
        unsigned char byte = 0;
    };
    struct Trie {
        std::vector<Node> nodes{Node{}};
        std::array<std::uint32_t, 256> first{};  // node of the first byte, or 0
        void insert(std::string_view pattern, std::int64_t id);
        std::uint32_t childOf(std::uint32_t node, unsigned char byte) const;
        bool empty() const { return nodes.size() == 1; }
    };
    const Trie& trieOf(bool normalized) const { return normalized ? m_normalizedTrie : m_rawTrie; }

    std::unordered_map<std::int64_t, AddedToken> m_tokens;
    std::unordered_map<std::int64_t, std::string> m_normalizedForms;
    std::unordered_map<std::string, std::int64_t> m_ids;
    Trie m_rawTrie, m_normalizedTrie;
    std::int64_t m_greatestId = -1;
};

}  // namespace attnviz
