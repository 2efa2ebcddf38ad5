// Where what a person takes for one character ends: extended grapheme clusters (Unicode Standard Annex 29).
//
// Without the rule for Indic conjuncts (GB9c), which joins clusters that nobody here asks to be joined.
#pragma once

#include <cstddef>
#include <string_view>

namespace attnviz {

// The end of the cluster that begins at byte `begin` of a valid UTF-8 text; begin < text.size().
std::size_t graphemeEnd(std::string_view text, std::size_t begin);

}  // namespace attnviz
