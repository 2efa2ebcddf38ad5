#include "core/text/utf8.h"

#include <simdjson.h>

#include <algorithm>

namespace attnviz::utf8 {
namespace {

// Length of the valid character at `at`, or 0. `seen` is then how many bytes could have begun one.
std::size_t validLength(std::string_view text, std::size_t at, std::size_t& seen) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
    const unsigned char lead = byte(0);
    seen = 1;
    if (lead < 0x80) return 1;
    if (lead < 0xC2 || lead > 0xF4) return 0;
    const std::size_t length = lengthOfLead(text[at]);
    for (std::size_t i = 1; i < length; ++i) {
        if (at + i >= text.size() || !isContinuation(text[at + i])) return 0;
        const unsigned char next = byte(i);
        if (i == 1 && ((lead == 0xE0 && next < 0xA0) || (lead == 0xED && next > 0x9F) ||
                       (lead == 0xF0 && next < 0x90) || (lead == 0xF4 && next > 0x8F)))
            return 0;
        seen = i + 1;
    }
    return length;
}

}  // namespace

void append(std::string& out, char32_t point) {
    const auto push = [&](char32_t value) { out += static_cast<char>(static_cast<unsigned char>(value)); };
    if (point < 0x80) {
        push(point);
    } else if (point < 0x800) {
        push(0xC0U | (point >> 6U));
        push(0x80U | (point & 0x3FU));
    } else if (point < 0x10000) {
        push(0xE0U | (point >> 12U));
        push(0x80U | ((point >> 6U) & 0x3FU));
        push(0x80U | (point & 0x3FU));
    } else {
        push(0xF0U | (point >> 18U));
        push(0x80U | ((point >> 12U) & 0x3FU));
        push(0x80U | ((point >> 6U) & 0x3FU));
        push(0x80U | (point & 0x3FU));
    }
}

std::string encoded(char32_t point) {
    std::string out;
    append(out, point);
    return out;
}

std::size_t count(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char byte) { return !isContinuation(byte); }));
}

bool isAscii(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char byte) { return static_cast<unsigned char>(byte) < 0x80; });
}

std::size_t firstInvalid(std::string_view text) {
    if (simdjson::validate_utf8(text.data(), text.size())) return std::string_view::npos;
    std::size_t seen = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = validLength(text, at, seen);
        if (length == 0) return at;
        at += length;
    }
    return std::string_view::npos;
}

std::string lossy(std::string_view bytes) {
    if (firstInvalid(bytes) == std::string_view::npos) return std::string(bytes);
    std::string out;
    out.reserve(bytes.size());
    for (std::size_t at = 0; at < bytes.size();) {
        std::size_t seen = 0;
        const std::size_t length = validLength(bytes, at, seen);
        if (length == 0) {
            out += "\xEF\xBF\xBD";
            at += seen;
        } else {
            out += bytes.substr(at, length);
            at += length;
        }
    }
    return out;
}

}  // namespace attnviz::utf8
