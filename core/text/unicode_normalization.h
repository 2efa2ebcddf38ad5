// NFC, NFD, NFKC and NFKD as the reference does them: with the data of Unicode 9, and with an account of
// which new character replaces which old one (so that every byte keeps its place in the user's text).
#pragma once

#include "core/text/aligned_text.h"

namespace attnviz {

enum class NormalizationForm { nfc, nfd, nfkc, nfkd };

void normalizeUnicode(AlignedText& text, NormalizationForm form);

}  // namespace attnviz
