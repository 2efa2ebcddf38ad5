#include "core/text/character_map.h"

#include "core/text/utf8.h"

namespace attnviz {
namespace {

constexpr std::size_t kLargestMap = std::size_t{64} << 20U;

// The fields of a unit.
bool hasLeaf(std::uint32_t unit) {
    return ((unit >> 8U) & 1U) == 1;
}
std::uint32_t valueOf(std::uint32_t unit) {
    return unit & 0x7FFFFFFFU;
}
std::uint32_t labelOf(std::uint32_t unit) {
    return unit & 0x800000FFU;
}
std::size_t offsetOf(std::uint32_t unit) {
    return std::size_t{unit >> 10U} << ((unit & 0x200U) >> 6U);
}

std::uint32_t wordAt(std::string_view bytes, std::size_t at) {
    std::uint32_t word = 0;
    for (std::size_t i = 4; i-- > 0;) word = (word << 8U) | static_cast<unsigned char>(bytes[at + i]);
    return word;
}

}  // namespace

Result<CharacterMap> CharacterMap::read(std::string_view bytes, const std::string& where) {
    if (bytes.size() < 4 || bytes.size() > kLargestMap)
        return badInput("the table of replacements has " + std::to_string(bytes.size()) +
                            " bytes; expected 4 to " + std::to_string(kLargestMap),
                        where);
    const std::size_t trieBytes = wordAt(bytes, 0);
    if (trieBytes > bytes.size() - 4 || trieBytes < 4)
        return badInput("the table of replacements has " + std::to_string(bytes.size()) +
                            " bytes, and claims a trie of " + std::to_string(trieBytes),
                        where, "The file is damaged.");
    CharacterMap map;
    map.m_units.reserve(trieBytes / 4);
    std::size_t at = 4;
    for (std::size_t unit = 0; unit < trieBytes / 4; ++unit, at += 4)
        map.m_units.push_back(wordAt(bytes, at));
    map.m_texts = bytes.substr(at);
    if (const std::size_t bad = utf8::firstInvalid(map.m_texts); bad != std::string_view::npos)
        return badInput("the table of replacements is not valid UTF-8 at byte " + std::to_string(at + bad),
                        where, "The file is damaged.");
    return map;
}

template <class Each>
void CharacterMap::entries(std::string_view text, Each&& each) const {
    std::size_t position = offsetOf(m_units[0]);
    for (std::size_t length = 1; length <= text.size(); ++length) {
        const auto byte = static_cast<unsigned char>(text[length - 1]);
        position ^= byte;
        if (byte == 0 || position >= m_units.size() || labelOf(m_units[position]) != byte) return;
        const std::uint32_t unit = m_units[position];
        position ^= offsetOf(unit);
        if (!hasLeaf(unit)) continue;
        if (position >= m_units.size() || !each(length, std::size_t{valueOf(m_units[position])})) return;
    }
}

std::optional<std::string_view> CharacterMap::textAt(std::size_t begin) const {
    if (begin > m_texts.size() || (begin < m_texts.size() && utf8::isContinuation(m_texts[begin])))
        return std::nullopt;
    return std::string_view(m_texts).substr(begin, m_texts.find('\0', begin) - begin);
}

std::optional<std::string_view> CharacterMap::replacementOf(std::string_view text) const {
    std::optional<std::string_view> found;
    entries(text, [&](std::size_t, std::size_t begin) {
        found = textAt(begin);
        return false;
    });
    return found;
}

std::optional<CharacterMap::Found> CharacterMap::longestOf(std::string_view text) const {
    std::optional<Found> found;
    entries(text, [&](std::size_t length, std::size_t begin) {
        if (const auto replacement = textAt(begin)) found = Found{*replacement, length};
        return true;
    });
    return found;
}

bool CharacterMap::begins(char byte) const {
    const auto label = static_cast<unsigned char>(byte);
    const std::size_t position = offsetOf(m_units[0]) ^ label;
    return label != 0 && position < m_units.size() && labelOf(m_units[position]) == label;
}

Result<void> CharacterMap::checkForOthers(const std::string& where) const {
    const auto damaged = [&] {
        return badInput("the table of replacements leads out of its own bytes", where,
                        "The file is damaged; do not trust it.");
    };
    if (m_texts.empty() || m_texts.back() != '\0') return damaged();
    std::vector<bool> seen(m_units.size());
    std::vector<std::size_t> open;
    const auto enter = [&](std::size_t position) {
        if ((position | 0xFFU) >= m_units.size()) return false;
        if (!seen[position]) open.push_back(position);
        seen[position] = true;
        return true;
    };
    if (!enter(offsetOf(m_units[0]))) return damaged();
    while (!open.empty()) {
        const std::size_t from = open.back();
        open.pop_back();
        for (std::size_t byte = 0; byte < 256; ++byte) {
            const std::uint32_t unit = m_units[from ^ byte];
            if (labelOf(unit) != byte) continue;
            const std::size_t next = (from ^ byte) ^ offsetOf(unit);
            if (!enter(next)) return damaged();
            if (hasLeaf(unit) && valueOf(m_units[next]) >= m_texts.size()) return damaged();
        }
    }
    return {};
}

}  // namespace attnviz
