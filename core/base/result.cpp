#include "core/base/result.h"

#include "core/base/readable.h"

namespace attnviz {

std::string Error::sentence() const {
    std::string text;
    if (!where.empty()) text = where + ": ";
    text += what;
    if (!text.empty() && text.back() != '.' && text.back() != '?') text += '.';
    if (!hint.empty()) text += " " + hint;
    if (!text.empty() && text.back() != '.' && text.back() != '?') text += '.';
    return harmless(text);
}

}  // namespace attnviz
