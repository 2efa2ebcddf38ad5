#include "core/text/character_classes.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <map>
#include <vector>

namespace attnviz {
namespace {

// Upper-case letters that ICU 72 does not know, with the distance to their lower-case ones.
struct CaseRange {
    std::uint32_t first, last;
    std::int32_t distance;
};
constexpr std::array kNewCases{
    CaseRange{0x1C89, 0x1C89, 1},      CaseRange{0xA7CB, 0xA7CB, -42343}, CaseRange{0xA7CC, 0xA7CC, 1},
    CaseRange{0xA7CE, 0xA7CE, 1},      CaseRange{0xA7D2, 0xA7D2, 1},      CaseRange{0xA7D4, 0xA7D4, 1},
    CaseRange{0xA7DA, 0xA7DA, 1},      CaseRange{0xA7DC, 0xA7DC, -42561}, CaseRange{0x10D50, 0x10D65, 32},
    CaseRange{0x16EA0, 0x16EB8, 0x1B},
};

}  // namespace

const CharacterTable& CharacterTable::instance() {
    static const CharacterTable table;
    return table;
}

CharacterTable::CharacterTable() {
    std::vector<std::uint16_t> all(0x110000, 0);
    for (const CharacterSet& set : referenceCharacterSets())
        for (const CharacterRange& range : set.ranges)
            for (std::uint32_t point = range.first; point <= range.last; ++point)
                all[point] = static_cast<std::uint16_t>(all[point] | static_cast<std::uint16_t>(set.kind));
    std::map<Block, std::uint16_t> known;
    std::vector<Block> blocks;
    for (std::size_t index = 0; index < m_index.size(); ++index) {
        Block block{};
        std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(index * 256), 256, block.begin());
        const auto [place, isNew] = known.try_emplace(block, static_cast<std::uint16_t>(blocks.size()));
        if (isNew) blocks.push_back(block);
        m_index[index] = place->second;
    }
    m_blocks = std::make_unique<Block[]>(blocks.size());
    std::copy(blocks.begin(), blocks.end(), m_blocks.get());
}

int lowercase(char32_t point, std::array<char32_t, 2>& out) {
    if (point < 0x80) {
        out[0] = point >= 'A' && point <= 'Z' ? point + 32 : point;
        return 1;
    }
    if (point == 0x130) {
        out = {U'i', 0x307};
        return 2;
    }
    for (const CaseRange& range : kNewCases) {
        if (point >= range.first && point <= range.last) {
            out[0] = static_cast<char32_t>(static_cast<std::int32_t>(point) + range.distance);
            return 1;
        }
    }
    out[0] = static_cast<char32_t>(u_tolower(static_cast<UChar32>(point)));
    return 1;
}

}  // namespace attnviz
