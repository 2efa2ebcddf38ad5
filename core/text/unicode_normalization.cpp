#include "core/text/unicode_normalization.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>

#include <algorithm>
#include <optional>

namespace attnviz {
namespace {

struct Data {
    const icu::Normalizer2* canonical = nullptr;
    const icu::Normalizer2* compatible = nullptr;
    const icu::Normalizer2* composing = nullptr;
};

const Data& data() {
    static const Data instance = [] {
        UErrorCode status = U_ZERO_ERROR;
        return Data{icu::Normalizer2::getNFDInstance(status), icu::Normalizer2::getNFKDInstance(status),
                    icu::Normalizer2::getNFCInstance(status)};
    }();
    return instance;
}

// What came into Unicode after version 9 is left alone by the reference.
bool isKnown(char32_t point) {
    UVersionInfo age{};
    u_charAge(static_cast<UChar32>(point), age);
    return age[0] <= 9;
}

int combiningClass(char32_t point) {
    return point < 0x300 || !isKnown(point) ? 0 : u_getCombiningClass(static_cast<UChar32>(point));
}

std::optional<char32_t> composed(char32_t first, char32_t second) {
    const UChar32 pair =
        data().composing->composePair(static_cast<UChar32>(first), static_cast<UChar32>(second));
    if (pair < 0 || !isKnown(static_cast<char32_t>(pair))) return std::nullopt;
    return static_cast<char32_t>(pair);
}

struct Mark {
    int combiningClass = 0;
    CharacterChange change;
};

void decompose(std::string_view text, const icu::Normalizer2& form, std::vector<Mark>& out) {
    out.clear();
    std::size_t sorted = 0;
    const auto sortPending = [&] {
        if (out.size() - sorted < 2) {
            sorted = out.size();
            return;
        }
        std::stable_sort(out.begin() + static_cast<std::ptrdiff_t>(sorted), out.end(),
                         [](const Mark& a, const Mark& b) { return a.combiningClass < b.combiningClass; });
        sorted = out.size();
    };
    const auto push = [&](char32_t point, bool first) {
        const int kind = combiningClass(point);
        if (kind == 0) sortPending();
        out.push_back({kind, {point, first ? 0 : 1}});
    };
    icu::UnicodeString parts;
    for (std::size_t at = 0; at < text.size();) {
        const utf8::Character character = utf8::decode(text, at);
        at += character.length;
        if (character.point < 0xA0 || !isKnown(character.point) ||
            !form.getDecomposition(static_cast<UChar32>(character.point), parts)) {
            push(character.point, true);
            continue;
        }
        for (std::int32_t i = 0; i < parts.length();) {
            const UChar32 part = parts.char32At(i);
            push(static_cast<char32_t>(part), i == 0);
            i += U16_LENGTH(part);
        }
    }
    sortPending();
}

// The reference's recomposition. A composed character's change is the sum of its parts' changes less one for
// each part that it took in; that is what the alignment rests on, so it is kept to the letter.
void recompose(const std::vector<Mark>& marks, std::vector<CharacterChange>& out) {
    std::vector<CharacterChange> waiting;
    std::optional<CharacterChange> starter;
    int lastClass = -1;  // of the last mark that waits; -1: none does
    const auto compose = [&](const Mark& mark) {
        const auto whole = composed(starter->point, mark.change.point);
        if (!whole) return false;
        starter = CharacterChange{*whole, starter->change + mark.change.change - 1};
        return true;
    };
    for (const Mark& mark : marks) {
        if (!starter) {
            if (mark.combiningClass != 0)
                out.push_back(mark.change);
            else
                starter = mark.change;
            continue;
        }
        if (lastClass < 0) {
            if (compose(mark)) continue;
            if (mark.combiningClass == 0) {
                out.push_back(*starter);
                starter = mark.change;
                continue;
            }
        } else if (lastClass >= mark.combiningClass) {
            if (mark.combiningClass == 0) {
                out.push_back(*starter);
                out.insert(out.end(), waiting.begin(), waiting.end());
                waiting.clear();
                starter = mark.change;
                lastClass = -1;
                continue;
            }
        } else if (compose(mark)) {
            continue;
        }
        waiting.push_back(mark.change);
        lastClass = mark.combiningClass;
    }
    if (starter) out.push_back(*starter);
    out.insert(out.end(), waiting.begin(), waiting.end());
}

// A normal form, and which characters it leaves alone.
struct Form {
    bool composes = false;
    const icu::Normalizer2* decomposition = nullptr;
    UProperty quickCheck = UCHAR_NFC_QUICK_CHECK;
    char32_t staysBelow = 0xA0;

    // Whether the character is its own normal form, and takes no part in what comes before it.
    bool stays(char32_t point) const {
        if (point < staysBelow) return true;
        if (!isKnown(point)) return true;
        const auto icuPoint = static_cast<UChar32>(point);
        return u_getIntPropertyValue(icuPoint, quickCheck) == UNORM_YES && u_getCombiningClass(icuPoint) == 0;
    }
};

Form formOf(NormalizationForm form) {
    switch (form) {
        case NormalizationForm::nfc:
            return {true, data().canonical, UCHAR_NFC_QUICK_CHECK, 0x300};
        case NormalizationForm::nfd:
            return {false, data().canonical, UCHAR_NFD_QUICK_CHECK, 0xC0};
        case NormalizationForm::nfkc:
            return {true, data().compatible, UCHAR_NFKC_QUICK_CHECK, 0xA0};
        case NormalizationForm::nfkd:
            break;
    }
    return {false, data().compatible, UCHAR_NFKD_QUICK_CHECK, 0xA0};
}

// Where the characters that stay end.
std::size_t endOfStaying(std::string_view text, std::size_t at, const Form& form) {
    while (at < text.size()) {
        const utf8::Character character = utf8::decode(text, at);
        if (!form.stays(character.point)) break;
        at += character.length;
    }
    return at;
}

}  // namespace

Decomposition decomposeAlone(char32_t point) {
    Decomposition out;
    if (point < 0xC0) return out;
    out.isMark = combiningClass(point) != 0;
    icu::UnicodeString parts;
    const auto icuPoint = static_cast<UChar32>(point);
    if (u_getIntPropertyValue(icuPoint, UCHAR_NFD_QUICK_CHECK) != UNORM_NO || !isKnown(point) ||
        !data().canonical->getDecomposition(icuPoint, parts))
        return out;
    for (std::int32_t i = 0; i < parts.length() && out.count < 4; i += U16_LENGTH(parts.char32At(i)))
        out.parts[static_cast<std::size_t>(out.count++)] = static_cast<char32_t>(parts.char32At(i));
    out.isMark = out.isMark || combiningClass(out.parts[0]) != 0;
    return out;
}

// Only stretches around characters that do not stay are taken apart: each begins with the character before
// them, which a mark may join.
void normalizeUnicode(AlignedText& text, NormalizationForm which) {
    const std::string_view all = text.text();
    const Form form = formOf(which);
    std::size_t staying = endOfStaying(all, 0, form);
    if (staying == all.size()) return;
    AlignedText::Transformation transformation(text);
    std::vector<Mark> marks;
    std::vector<CharacterChange> changes;
    for (std::size_t done = 0; done < all.size(); staying = endOfStaying(all, done, form)) {
        const bool more = staying < all.size();
        const std::size_t begin = more && staying > done ? utf8::previous(all, staying) : staying;
        while (done < begin) {
            const utf8::Character character = utf8::decode(all, done);
            transformation.add({character.point, 0});
            done += character.length;
        }
        if (!more) break;
        std::size_t end = staying;
        for (; end < all.size(); end += utf8::lengthOfLead(all[end]))
            if (form.stays(utf8::decode(all, end).point)) break;
        decompose(all.substr(begin, end - begin), *form.decomposition, marks);
        changes.clear();
        if (form.composes)
            recompose(marks, changes);
        else
            for (const Mark& mark : marks) changes.push_back(mark.change);
        for (const CharacterChange& change : changes) transformation.add(change);
        done = end;
    }
    transformation.finish();
}

}  // namespace attnviz
