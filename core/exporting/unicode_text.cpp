#include "core/exporting/unicode_text.h"

#include <array>
#include <cstdint>

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

std::string scriptJson(std::string_view json) {
    std::string out;
    out.reserve(json.size());
    for (std::size_t at = 0; at < json.size(); ++at) {
        const char c = json[at];
        if (c == '<' || c == '>' || c == '&') {
            out += c == '<' ? "\\u003c" : c == '>' ? "\\u003e" : "\\u0026";
        } else if (json.substr(at, 3) == "\u2028" || json.substr(at, 3) == "\u2029") {
            out += json[at + 2] == '\xA8' ? "\\u2028" : "\\u2029";
            at += 2;
        } else {
            out += c;
        }
    }
    return out;
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
