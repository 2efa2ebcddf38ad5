// NFC, NFD, NFKC and NFKD as the reference does them: with the data of Unicode 9, and with an account of
// which new character replaces which old one (so that every byte keeps its place in the user's text).
#pragma once

#include <array>

#include "core/text/aligned_text.h"

namespace attnviz {

enum class NormalizationForm { nfc, nfd, nfkc, nfkd };

// The canonical decomposition of a character that stands alone (or before one that is no mark): up to four
// characters, none where the character is its own. `isMark` where it may change places with its neighbours.
struct Decomposition {
    std::array<char32_t, 4> parts{};
    int count = 0;
    bool isMark = false;
};
Decomposition decomposeAlone(char32_t point);

void normalizeUnicode(AlignedText& text, NormalizationForm form);

}  // namespace attnviz
