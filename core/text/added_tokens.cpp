#include "core/text/added_tokens.h"

#include <algorithm>

#include "core/text/character_classes.h"
#include "core/text/part_fields.h"
#include "core/text/utf8.h"

namespace attnviz {
namespace {

constexpr std::size_t kLongestToken = 4096;  // bytes; also bounds the work of a search

bool endsWithWord(std::string_view text) {
    return !text.empty() &&
           isKind(utf8::decode(text, utf8::previous(text, text.size())).point, CharacterClass::word);
}

bool startsWithWord(std::string_view text) {
    return !text.empty() && isKind(utf8::decode(text, 0).point, CharacterClass::word);
}

std::size_t spaceBegin(std::string_view text) {
    std::size_t end = text.size();
    while (end > 0) {
        const std::size_t last = utf8::previous(text, end);
        if (!isKind(utf8::decode(text, last).point, CharacterClass::whitespace)) break;
        end = last;
    }
    return end;
}

std::size_t spaceEnd(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
        const utf8::Character character = utf8::decode(text, at);
        if (!isKind(character.point, CharacterClass::whitespace)) break;
        at += character.length;
    }
    return at;
}

}  // namespace

std::uint32_t AddedTokens::Trie::childOf(std::uint32_t node, unsigned char byte) const {
    if (node == 0) return first[byte];
    std::uint32_t child = nodes[node].child;
    while (child != 0 && nodes[child].byte != byte) child = nodes[child].sibling;
    return child;
}

void AddedTokens::Trie::insert(std::string_view pattern, std::int64_t id) {
    std::uint32_t node = 0;
    for (const char letter : pattern) {
        const auto byte = static_cast<unsigned char>(letter);
        std::uint32_t child = childOf(node, byte);
        if (child == 0) {
            child = static_cast<std::uint32_t>(nodes.size());
            nodes.push_back({-1, 0, node == 0 ? 0 : nodes[node].child, byte});
            (node == 0 ? first[byte] : nodes[node].child) = child;
        }
        node = child;
    }
    if (node != 0) nodes[node].id = id;
}

Result<void> AddedTokens::add(std::vector<AddedToken> tokens, const Vocabulary& model,
                              const Normalizer* normalizer, std::string_view where) {
    auto nextId = static_cast<std::int64_t>(model.count());
    for (AddedToken& token : tokens) {
        if (token.content.empty()) continue;
        if (token.content.size() > kLongestToken)
            return badInput(
                "an added token has " + std::to_string(token.content.size()) + " bytes, more than 4096",
                std::string(where));
        std::int64_t id = 0;
        if (const auto known = m_ids.find(token.content); known != m_ids.end())
            id = known->second;
        else if (const auto ofModel = model.idOf(token.content))
            id = *ofModel;
        else
            id = nextId++;
        if (id > kGreatestTokenId)
            return badInput("there are more added tokens than ids", std::string(where));
        if (token.normalized && normalizer) {
            AlignedText form(token.content, 0);
            if (auto done = normalizer->apply(form); !done) return done.error();
            if (form.text() != token.content) m_normalizedForms[id] = form.text();
        }
        m_greatestId = std::max(m_greatestId, id);
        m_ids[token.content] = id;
        m_tokens[id] = std::move(token);
    }
    for (const auto& [id, token] : m_tokens) {
        const auto form = m_normalizedForms.find(id);
        if (token.normalized)
            m_normalizedTrie.insert(form == m_normalizedForms.end() ? token.content : form->second, id);
        else
            m_rawTrie.insert(token.content, id);
    }
    return {};
}

void AddedTokens::find(std::string_view text, bool normalized, std::vector<AddedMatch>& out) const {
    out.clear();
    const Trie& trie = trieOf(normalized);
    std::size_t done = 0;
    for (std::size_t at = 0; at < text.size() && !trie.empty();) {
        std::uint32_t node = trie.first[static_cast<unsigned char>(text[at])];
        if (node == 0) {
            ++at;
            continue;
        }
        std::size_t end = 0;
        std::int64_t id = -1;
        for (std::size_t next = at + 1; node != 0; ++next) {
            if (trie.nodes[node].id >= 0) {
                id = trie.nodes[node].id;
                end = next;
            }
            if (next >= text.size()) break;
            node = trie.childOf(node, static_cast<unsigned char>(text[next]));
        }
        if (id < 0) {
            ++at;
            continue;
        }
        std::size_t begin = at;
        at = end;  // the search goes on after the match, whether it counts or not
        const AddedToken& token = m_tokens.at(id);
        if (token.singleWord && (endsWithWord(text.substr(0, begin)) || startsWithWord(text.substr(end))))
            continue;
        if (token.stripLeft) begin = std::max(spaceBegin(text.substr(0, begin)), done);
        if (token.stripRight) end += spaceEnd(text.substr(end));
        if (done < begin) out.push_back({done, begin, -1});
        out.push_back({begin, end, id});
        done = end;
    }
    if (done != text.size()) out.push_back({done, text.size(), -1});
}

const AddedToken* AddedTokens::tokenOf(std::int64_t id) const {
    const auto found = m_tokens.find(id);
    return found == m_tokens.end() ? nullptr : &found->second;
}

std::optional<std::string_view> AddedTokens::pieceForDecoding(std::int64_t id) const {
    const auto form = m_normalizedForms.find(id);
    if (form != m_normalizedForms.end()) return form->second;
    const AddedToken* token = tokenOf(id);
    return token ? std::optional<std::string_view>(token->content) : std::nullopt;
}

std::optional<std::int64_t> AddedTokens::idOf(std::string_view content) const {
    const auto found = m_ids.find(std::string(content));
    return found == m_ids.end() ? std::nullopt : std::optional(found->second);
}

bool AddedTokens::isSpecial(std::int64_t id) const {
    const AddedToken* token = tokenOf(id);
    return token && token->special;
}

}  // namespace attnviz
