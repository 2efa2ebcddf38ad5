// Translates a regular expression in Oniguruma's (Ruby's) syntax, which tokenizer.json is written in, to
// PCRE2's.
//
// The two agree on nearly all that tokenizers use. Different are: ^ and $ (always by line), (?m) (the dot
// matches line ends), \h (a hexadecimal digit), {n,m}+ (repeats the repetition), \p{Han} (the script alone,
// no extensions), \w, \s and, with `newCharacters`, the letters, numbers and marks that came into Unicode
// after PCRE2's version.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"

namespace attnviz {

// To be compiled with UTF, UCP and MULTILINE.
Result<std::string> pcreFromOniguruma(std::string_view pattern, bool newCharacters, std::string_view where);

}  // namespace attnviz
