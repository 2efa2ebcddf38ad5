#include "core/session/json_writer.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <type_traits>

#include "core/base/base64.h"

namespace attnviz {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 18U;

// The length of the valid UTF-8 sequence at `at`; 0 if there is none.
std::size_t sequenceLength(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    const unsigned lead = byte(at);
    const auto continues = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead < 0xE0) return continues(at + 1) ? 2 : 0;
    if (lead >= 0xE0 && lead < 0xF0) {
        const unsigned second = byte(at + 1);
        const bool fits = lead == 0xE0 ? second >= 0xA0 : lead == 0xED ? second < 0xA0 : true;
        return fits && continues(at + 1) && continues(at + 2) ? 3 : 0;
    }
    if (lead >= 0xF0 && lead < 0xF5) {
        const unsigned second = byte(at + 1);
        const bool fits = lead == 0xF0 ? second >= 0x90 : lead == 0xF4 ? second < 0x90 : true;
        return fits && continues(at + 1) && continues(at + 2) && continues(at + 3) ? 4 : 0;
    }
    return 0;
}

// The shortest text that reads back the same; a whole number keeps its ".0". At most 17 characters for a
// float, 26 for a double.
template <class Float>
char* putFloat(char* at, Float value) {
    if (std::bit_cast<std::conditional_t<sizeof(Float) == 4, std::uint32_t, std::uint64_t>>(value) == 0) {
        *at++ = '0';
        *at++ = '.';
        *at++ = '0';
        return at;
    }
    char* const begin = at;
    at = std::to_chars(at, at + (sizeof(Float) == 4 ? 16 : 25), value).ptr;
    for (const char* c = begin; c < at; ++c)
        if (*c == '.' || *c == 'e') return at;
    *at++ = '.';
    *at++ = '0';
    return at;
}

}  // namespace

JsonWriter::JsonWriter(ByteSink& sink, int indent) : m_sink(sink), m_indent(indent) {
    m_buffer.reserve(kBufferBytes + 4096);
}

void JsonWriter::drain() {
    if (m_status.ok()) m_status = m_sink.write(m_buffer);
    m_buffer.clear();
}

void JsonWriter::drainIfFull() {
    if (m_buffer.size() >= kBufferBytes) drain();
}

void JsonWriter::newLine() {
    m_buffer += '\n';
    m_buffer.append(m_levels.size() * static_cast<std::size_t>(m_indent), ' ');
}

void JsonWriter::beforeValue() {
    drainIfFull();
    if (m_afterKey || m_levels.empty()) {
        m_afterKey = false;
        return;
    }
    Level& level = m_levels.back();
    if (!level.first) m_buffer += level.broken || m_indent == 0 ? "," : ", ";
    level.first = false;
    if (level.broken) newLine();
}

void JsonWriter::key(std::string_view name) {
    beforeValue();
    quoted(name);
    m_buffer += m_indent > 0 ? ": " : ":";
    m_afterKey = true;
}

void JsonWriter::open(char bracket, Layout layout) {
    beforeValue();
    m_buffer += bracket;
    const bool broken =
        m_indent > 0 && layout == Layout::broken && (m_levels.empty() || m_levels.back().broken);
    m_levels.push_back({true, broken});
}

void JsonWriter::close(char bracket) {
    const Level level = m_levels.back();
    m_levels.pop_back();
    if (level.broken && !level.first) newLine();
    m_buffer += bracket;
}

void JsonWriter::quoted(std::string_view text) {
    static constexpr std::string_view kHex = "0123456789abcdef";
    m_buffer += '"';
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = sequenceLength(text, i);
        if (length != 1) {
            if (length == 0)
                m_buffer += "\xEF\xBF\xBD";
            else
                m_buffer += text.substr(i, length);
            i += length == 0 ? 1 : length;
            continue;
        }
        const char c = text[i++];
        switch (c) {
            case '"':
                m_buffer += "\\\"";
                break;
            case '\\':
                m_buffer += "\\\\";
                break;
            case '\n':
                m_buffer += "\\n";
                break;
            case '\r':
                m_buffer += "\\r";
                break;
            case '\t':
                m_buffer += "\\t";
                break;
            default:
                if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
                    m_buffer += "\\u00";
                    m_buffer += kHex[static_cast<unsigned char>(c) >> 4U];
                    m_buffer += kHex[static_cast<unsigned char>(c) & 15U];
                } else {
                    m_buffer += c;
                }
        }
    }
    m_buffer += '"';
}

void JsonWriter::string(std::string_view text) {
    beforeValue();
    quoted(text);
}

void JsonWriter::integer(std::int64_t value) {
    beforeValue();
    std::array<char, 24> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    m_buffer.append(text.data(), end);
}

void JsonWriter::number(double value) {
    if (!std::isfinite(value)) return null();
    beforeValue();
    std::array<char, 40> text{};
    m_buffer.append(text.data(), putFloat(text.data(), value));
}

void JsonWriter::number(float value) {
    if (!std::isfinite(value)) return null();
    beforeValue();
    std::array<char, 40> text{};
    m_buffer.append(text.data(), putFloat(text.data(), value));
}

void JsonWriter::boolean(bool value) {
    raw(value ? "true" : "false");
}
void JsonWriter::null() {
    raw("null");
}

void JsonWriter::raw(std::string_view json) {
    beforeValue();
    m_buffer += json;
}

void JsonWriter::floats(std::span<const float> values) {
    beforeValue();
    m_buffer += '[';
    // Digits go to a block of their own: appending them one by one to a string takes half as long again.
    constexpr std::size_t kBlock = 128, kLongest = 20;
    std::array<char, kBlock * kLongest> text{};
    for (std::size_t begin = 0; begin < values.size(); begin += kBlock) {
        char* at = text.data();
        const std::size_t end = std::min(values.size(), begin + kBlock);
        for (std::size_t i = begin; i < end; ++i) {
            if (i > 0) *at++ = ',';
            at = putFloat(at, values[i]);
        }
        m_buffer.append(text.data(), at);
        drainIfFull();
    }
    m_buffer += ']';
}

void JsonWriter::base64(std::span<const std::byte> bytes) {
    beforeValue();
    m_buffer += '"';
    constexpr std::size_t kBlock = std::size_t{3} << 16U;
    for (std::size_t begin = 0; begin < bytes.size(); begin += kBlock) {
        appendBase64(bytes.subspan(begin, std::min(kBlock, bytes.size() - begin)), m_buffer);
        drainIfFull();
    }
    m_buffer += '"';
}

Result<void> JsonWriter::finish() {
    m_buffer += '\n';
    drain();
    return m_status;
}

}  // namespace attnviz
