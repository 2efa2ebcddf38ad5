#include "core/exporting/unicode_text.h"

#include <array>
#include <cstdint>
#include <cstdio>

#include "core/base/readable.h"

namespace attnviz {
namespace {

// Length of the sequence at `at` if it is valid UTF-8, else 0.
std::size_t sequenceLength(std::string_view text, std::size_t at) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    return at + length <= text.size() && isValidUtf8(text.substr(at, length)) ? length : 0;
}

char32_t pointOf(std::string_view sequence) {
    static constexpr std::array<unsigned, 5> kLeadBits{0, 0x7F, 0x1F, 0x0F, 0x07};
    char32_t point = static_cast<unsigned char>(sequence[0]) & kLeadBits[sequence.size()];
    for (const char next : sequence.substr(1))
        point = (point << 6U) | (static_cast<unsigned char>(next) & 0x3FU);
    return point;
}

std::string codeUnit(unsigned unit) {
    std::array<char, 8> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "\\u%04x", unit);
    return buffer.data();
}

}  // namespace

std::u32string toUtf32(std::string_view text) {
    std::u32string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = sequenceLength(text, at);
        out += length == 0 ? U'\uFFFD' : pointOf(text.substr(at, length));
        at += length == 0 ? 1 : length;
    }
    return out;
}

std::string csvText(std::string_view text) {
    std::string field = harmless(text);
    if (!text.empty() && std::string_view("=+-@\t\r\n").find(text.front()) != std::string_view::npos)
        field.insert(field.begin(), '\'');
    if (field.find_first_of(",\"\n\r ") == std::string::npos) return field;
    std::string quoted = "\"";
    for (const char c : field) {
        if (c == '"') quoted += '"';
        quoted += c;
    }
    return quoted + '"';
}

std::string scriptString(std::string_view text) {
    std::string out = "\"";
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = sequenceLength(text, at);
        const char32_t point = length == 0 ? U'\uFFFD' : pointOf(text.substr(at, length));
        if (point == '"' || point == '\\') {
            out += '\\';
            out += static_cast<char>(point);
        } else if (point < 0x20 || (point >= 0x7F && point < 0xA0) || point == '<' || point == '>' ||
                   point == '&' || point == 0x2028 || point == 0x2029 || point == 0xFFFD) {
            out += codeUnit(static_cast<unsigned>(point));
        } else {
            out += text.substr(at, length);
        }
        at += length == 0 ? 1 : length;
    }
    return out + '"';
}

std::string htmlText(std::string_view text) {
    std::string out;
    for (const char c : harmless(text, true)) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

}  // namespace attnviz
