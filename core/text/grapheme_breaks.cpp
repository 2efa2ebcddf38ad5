#include "core/text/grapheme_breaks.h"

#include <unicode/uchar.h>
#include <unicode/ucpmap.h>
#include <unicode/uset.h>

#include <cstdint>
#include <vector>

#include "core/text/character_classes.h"
#include "core/text/utf8.h"

namespace attnviz {
namespace {

constexpr std::size_t kPoints = 0x110000;
constexpr std::uint8_t kPictographic = U_GCB_COUNT;  // Extended_Pictographic, which is no class of ICU's

// The class of every code point, ICU's U_GCB_* or kPictographic.
class BreakClasses {
 public:
    static const BreakClasses& instance() {
        static const BreakClasses classes;
        return classes;
    }
    std::uint8_t of(char32_t point) const { return point < kPoints ? m_classes[point] : 0; }

 private:
    BreakClasses() : m_classes(kPoints, U_GCB_OTHER) {
        UErrorCode status = U_ZERO_ERROR;
        const UCPMap* map = u_getIntPropertyMap(UCHAR_GRAPHEME_CLUSTER_BREAK, &status);
        const USet* pictures = u_getBinaryPropertySet(UCHAR_EXTENDED_PICTOGRAPHIC, &status);
        if (U_FAILURE(status)) return;
        std::uint32_t value = 0;
        for (UChar32 start = 0; start < static_cast<UChar32>(kPoints);) {
            const UChar32 end = ucpmap_getRange(map, start, UCPMAP_RANGE_NORMAL, 0, nullptr, nullptr, &value);
            if (end < 0) break;
            fill(start, end, static_cast<std::uint8_t>(value));
            start = end + 1;
        }
        for (std::int32_t item = 0; item < uset_getItemCount(pictures); ++item) {
            UChar32 start = 0;
            UChar32 end = 0;
            UErrorCode ignored = U_ZERO_ERROR;
            if (uset_getItem(pictures, item, &start, &end, nullptr, 0, &ignored) == 0)
                fill(start, end, kPictographic);
        }
        // Marks that are newer than this ICU.
        for (const CharacterRange range : newMarks())
            for (std::uint32_t point = range.first; point <= range.last; ++point)
                if (m_classes[point] == U_GCB_OTHER) m_classes[point] = U_GCB_EXTEND;
    }
    void fill(UChar32 start, UChar32 end, std::uint8_t value) {
        for (UChar32 point = start; point <= end; ++point) m_classes[static_cast<std::size_t>(point)] = value;
    }

    std::vector<std::uint8_t> m_classes;
};

bool isControl(std::uint8_t kind) {
    return kind == U_GCB_CR || kind == U_GCB_LF || kind == U_GCB_CONTROL;
}

bool joinsHangul(std::uint8_t left, std::uint8_t right) {
    switch (left) {
        case U_GCB_L:
            return right == U_GCB_L || right == U_GCB_V || right == U_GCB_LV || right == U_GCB_LVT;
        case U_GCB_LV:
        case U_GCB_V:
            return right == U_GCB_V || right == U_GCB_T;
        case U_GCB_LVT:
        case U_GCB_T:
            return right == U_GCB_T;
        default:
            return false;
    }
}

}  // namespace

std::size_t graphemeEnd(std::string_view text, std::size_t begin) {
    const BreakClasses& classes = BreakClasses::instance();
    utf8::Character character = utf8::decode(text, begin);
    std::size_t at = begin + character.length;
    std::uint8_t left = classes.of(character.point);
    std::size_t flags = left == U_GCB_REGIONAL_INDICATOR ? 1 : 0;  // letters of flags so far
    bool picture = left == kPictographic;                          // a picture and its extensions so far
    while (at < text.size()) {
        character = utf8::decode(text, at);
        const std::uint8_t right = classes.of(character.point);
        if (left == U_GCB_CR && right == U_GCB_LF) return at + character.length;
        if (isControl(left) || isControl(right)) return at;
        const bool extends = right == U_GCB_EXTEND || right == U_GCB_ZWJ || right == U_GCB_SPACING_MARK;
        const bool joins =
            extends || left == U_GCB_PREPEND || joinsHangul(left, right) ||
            (picture && left == U_GCB_ZWJ && right == kPictographic) ||
            (flags % 2 == 1 && left == U_GCB_REGIONAL_INDICATOR && right == U_GCB_REGIONAL_INDICATOR);
        if (!joins) return at;
        flags += right == U_GCB_REGIONAL_INDICATOR ? 1 : 0;
        picture = right == kPictographic || (picture && (right == U_GCB_EXTEND || right == U_GCB_ZWJ));
        left = right;
        at += character.length;
    }
    return at;
}

}  // namespace attnviz
