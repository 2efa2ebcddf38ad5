#include "core/base/readable.h"

#include <array>
#include <cstdio>

namespace attnviz {
namespace {

// Length of the valid UTF-8 sequence at `at`, and its code point; 0 if there is none.
int decodeOne(std::string_view text, std::size_t at, std::uint32_t& point) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const std::uint8_t lead = byte(at);
    if (lead < 0x80) {
        point = lead;
        return 1;
    }
    int length = 0;
    if (lead >= 0xC2 && lead <= 0xDF) {
        length = 2;
        point = lead & 0x1FU;
    } else if ((lead & 0xF0U) == 0xE0) {
        length = 3;
        point = lead & 0x0FU;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        length = 4;
        point = lead & 0x07U;
    } else {
        return 0;
    }
    if (at + static_cast<std::size_t>(length) > text.size()) return 0;
    for (int i = 1; i < length; ++i) {
        const std::uint8_t next = byte(at + static_cast<std::size_t>(i));
        if ((next & 0xC0U) != 0x80) return 0;
        point = (point << 6U) | (next & 0x3FU);
    }
    const bool overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
    const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
    return overlong || surrogate || point > 0x10FFFF ? 0 : length;
}

// Characters that move the cursor, change direction or hide: shown as escapes instead.
bool isUnsafe(std::uint32_t point) {
    return point < 0x20 || (point >= 0x7F && point < 0xA0) || (point >= 0x200E && point <= 0x200F) ||
           (point >= 0x202A && point <= 0x202E) || (point >= 0x2060 && point <= 0x2069) || point == 0xFEFF ||
           point == 0x2028 || point == 0x2029 || point == 0x061C;
}

}  // namespace

std::string readableBytes(std::int64_t bytes) {
    if (bytes < 1000) return std::to_string(bytes) + " B";
    static constexpr std::array<const char*, 5> kUnits{"KB", "MB", "GB", "TB", "PB"};
    double value = static_cast<double>(bytes) / 1000.0;
    std::size_t unit = 0;
    while (value >= 999.5 && unit + 1 < kUnits.size()) {
        value /= 1000.0;
        ++unit;
    }
    std::array<char, 32> buffer{};
    std::snprintf(buffer.data(), buffer.size(), value < 9.95 && unit > 0 ? "%.1f %s" : "%.0f %s", value,
                  kUnits[unit]);
    return buffer.data();
}

std::string counted(std::int64_t count, std::string_view noun) {
    return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::string harmless(std::string_view text, bool lines) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        std::uint32_t point = 0;
        const int length = decodeOne(text, at, point);
        std::array<char, 16> escape{};
        if (length == 0) {
            std::snprintf(escape.data(), escape.size(), "\\x%02X",
                          static_cast<unsigned>(static_cast<std::uint8_t>(text[at])));
            out += escape.data();
            ++at;
            continue;
        }
        if (point == '\n' && lines) {
            out += '\n';
        } else if (point == '\n') {
            out += "\\n";
        } else if (point == '\t') {
            out += lines ? "\t" : "\\t";
        } else if (point == '\r') {
            out += "\\r";
        } else if (isUnsafe(point)) {
            std::snprintf(escape.data(), escape.size(), "\\u%04X", point);
            out += escape.data();
        } else {
            out += text.substr(at, static_cast<std::size_t>(length));
        }
        at += static_cast<std::size_t>(length);
    }
    return out;
}

std::size_t utf8SequenceLength(std::string_view text) {
    std::uint32_t point = 0;
    return text.empty() ? 0 : static_cast<std::size_t>(decodeOne(text, 0, point));
}

bool isValidUtf8(std::string_view text) {
    std::uint32_t point = 0;
    for (std::size_t at = 0; at < text.size();) {
        const int length = decodeOne(text, at, point);
        if (length == 0) return false;
        at += static_cast<std::size_t>(length);
    }
    return true;
}

}  // namespace attnviz
