#include "core/session/json_scanner.h"

#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "core/session/json_number.h"

namespace attnviz {
namespace {

constexpr std::size_t kFewKeys = 12;

std::string shortened(std::string_view text) {
    constexpr std::size_t kShown = 60;
    if (text.size() <= kShown) return std::string(text);
    std::size_t cut = kShown;
    while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0U) == 0x80U) --cut;
    return std::string(text.substr(0, cut)) + "…";
}

// The length of the valid UTF-8 sequence at the front of `text`; 0 if there is none.
std::size_t sequenceLength(std::string_view text) {
    const std::size_t most = std::min<std::size_t>(text.size(), 4);
    for (std::size_t length = 1; length <= most; ++length)
        if (simdjson::validate_utf8(text.data(), length)) return length;
    return 0;
}

// Whether one of the eight bytes is a quote, a backslash or a control character (Mycroft's zero-byte test).
bool endsPlainText(std::uint64_t word) {
    constexpr std::uint64_t kOnes = 0x0101010101010101U, kHigh = 0x8080808080808080U;
    const auto zero = [](std::uint64_t bytes) { return (bytes - kOnes) & ~bytes & kHigh; };
    const std::uint64_t control = (word - kOnes * 0x20U) & ~word & kHigh;
    return (zero(word ^ (kOnes * '"')) | zero(word ^ (kOnes * '\\')) | control) != 0;
}

int hexValue(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// The code unit of four hexadecimal digits at the front of `text`; -1 if they are not there.
int codeUnit(std::string_view text) {
    if (text.size() < 4) return -1;
    int value = 0;
    for (const char c : text.substr(0, 4)) {
        const int digit = hexValue(c);
        if (digit < 0) return -1;
        value = value * 16 + digit;
    }
    return value;
}

void appendUtf8(std::string& out, std::uint32_t code) {
    const auto byte = [&](std::uint32_t bits) { out += static_cast<char>(bits); };
    if (code < 0x80) {
        byte(code);
    } else if (code < 0x800) {
        byte(0xC0U | (code >> 6U));
        byte(0x80U | (code & 0x3FU));
    } else if (code < 0x10000) {
        byte(0xE0U | (code >> 12U));
        byte(0x80U | ((code >> 6U) & 0x3FU));
        byte(0x80U | (code & 0x3FU));
    } else {
        byte(0xF0U | (code >> 18U));
        byte(0x80U | ((code >> 12U) & 0x3FU));
        byte(0x80U | ((code >> 6U) & 0x3FU));
        byte(0x80U | (code & 0x3FU));
    }
}

}  // namespace

JsonScanner::JsonScanner(std::string_view text, std::string where, std::size_t begin)
    : m_text(text), m_where(std::move(where)), m_at(text.data() + begin), m_end(text.data() + text.size()) {
    if (begin == 0 && text.starts_with("\xEF\xBB\xBF")) m_at += 3;  // a byte order mark, as Windows writes it
}

bool JsonScanner::fail(std::string what, std::string hint) {
    if (m_failed) return false;
    m_failed = true;
    const std::string_view before = m_text.substr(0, offset());
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    const auto lineBegin = before.rfind('\n');
    const auto column = before.size() - (lineBegin == std::string_view::npos ? 0 : lineBegin + 1) + 1;
    m_error = badInput(std::move(what),
                       m_where + ", line " + std::to_string(line) + ", column " + std::to_string(column),
                       std::move(hint));
    return false;
}

bool JsonScanner::checkUtf8() {
    if (m_failed || simdjson::validate_utf8(m_text)) return !m_failed;
    // Halves the text down to the first bad sequence; a prefix may end within a good one, so steps back to
    // its start.
    std::size_t good = 0, bad = m_text.size();
    while (bad - good > 16) {
        std::size_t middle = good + (bad - good) / 2;
        while (middle > good && (static_cast<unsigned char>(m_text[middle]) & 0xC0U) == 0x80U) --middle;
        if (middle == good) break;
        if (simdjson::validate_utf8(m_text.data() + good, middle - good))
            good = middle;
        else
            bad = middle;
    }
    while (good < m_text.size()) {
        const std::size_t length = sequenceLength(m_text.substr(good));
        if (length == 0) break;
        good += length;
    }
    m_at = m_text.data() + good;
    return fail("the text is not valid UTF-8", "Save the file as UTF-8.");
}

JsonKind JsonScanner::peek() {
    space();
    if (m_failed || m_at == m_end) return JsonKind::none;
    switch (*m_at) {
        case '{':
            return JsonKind::object;
        case '[':
            return JsonKind::array;
        case '"':
            return JsonKind::string;
        case 't':
        case 'f':
            return JsonKind::boolean;
        case 'n':
            return JsonKind::null;
        default:
            return *m_at == '-' || (*m_at >= '0' && *m_at <= '9') ? JsonKind::number : JsonKind::none;
    }
}

bool JsonScanner::noValue() {
    space();
    if (m_at == m_end) return fail("the document ends too early", "Is the file complete?");
    const std::string_view rest(m_at, static_cast<std::size_t>(m_end - m_at));
    if (rest.starts_with("NaN") || rest.starts_with("Infinity") || rest.starts_with("-Infinity") ||
        rest.starts_with("-NaN"))
        return fail("NaN and Infinity are no JSON numbers", "Replace them before saving.");
    const auto byte = static_cast<unsigned char>(*m_at);
    if (byte < 0x20) return fail("a value is expected, not control character " + std::to_string(byte));
    const std::size_t length = std::max<std::size_t>(sequenceLength(rest), 1);
    return fail("a value is expected, not '" + std::string(rest.substr(0, length)) + "'");
}

bool JsonScanner::enter(char open, bool object) {
    if (m_failed) return false;
    space();
    if (m_at == m_end || *m_at != open) {
        if (peek() == JsonKind::none) return noValue();
        return fail(object ? "an object is expected" : "a list is expected");
    }
    if (m_levels.size() >= kMostLevels)
        return fail("nested deeper than " + std::to_string(kMostLevels) + " levels");
    ++m_at;
    m_levels.push_back({object, true, m_keys.size(), m_decodedKeys.size()});
    return true;
}

bool JsonScanner::enterObject() {
    return enter('{', true);
}
bool JsonScanner::enterArray() {
    return enter('[', false);
}

bool JsonScanner::leave() {
    const Level& level = m_levels.back();
    if (level.object) {
        if (!uniqueKeys(level.keysBegin)) return false;
        m_keys.resize(level.keysBegin);
        m_decodedKeys.resize(level.decodedBegin);
    }
    m_levels.pop_back();
    return false;
}

bool JsonScanner::uniqueKeys(std::size_t begin) {
    const auto first = m_keys.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto twice = [&](std::string_view key) {
        return fail("the key \"" + shortened(key) + "\" appears twice in the object that ends here");
    };
    if (m_keys.size() - begin <= kFewKeys) {
        for (auto key = first; key != m_keys.end(); ++key)
            if (std::find(first, key, *key) != key) return twice(*key);
        return true;
    }
    std::sort(first, m_keys.end());
    const auto found = std::adjacent_find(first, m_keys.end());
    return found == m_keys.end() || twice(*found);
}

bool JsonScanner::separator(char close) {
    if (m_failed) return false;
    Level& level = m_levels.back();
    space();
    if (m_at == m_end) return noValue();
    if (*m_at == close) {
        ++m_at;
        return leave();
    }
    if (!level.first) {
        if (*m_at != ',') return fail(std::string("',' or '") + close + "' is expected");
        ++m_at;
        space();
        if (m_at < m_end && *m_at == close)
            return fail(std::string("a value is expected between ',' and '") + close + "'");
    }
    level.first = false;
    return true;
}

bool JsonScanner::nextItem() {
    return separator(']');
}

bool JsonScanner::nextMember(std::string& key) {
    if (!separator('}')) return false;
    if (peek() != JsonKind::string) return fail("a key in double quotes is expected");
    std::string_view raw;
    bool escaped = false;
    if (!stringBody(raw, escaped)) return false;
    if (escaped) {
        if (!unescape(raw, key)) return false;
        m_decodedKeys.push_back(key);
        m_keys.push_back(m_decodedKeys.back());
    } else {
        key.assign(raw);
        m_keys.push_back(raw);
    }
    space();
    if (m_at == m_end) return noValue();
    if (*m_at != ':') return fail("':' is expected after a key");
    ++m_at;
    return true;
}

bool JsonScanner::stringBody(std::string_view& raw, bool& escaped) {
    const char* const begin = ++m_at;
    escaped = false;
    while (true) {
        std::uint64_t word = 0;
        while (m_end - m_at >= 8) {
            std::memcpy(&word, m_at, 8);
            if (endsPlainText(word)) break;
            m_at += 8;
        }
        while (m_at < m_end && *m_at != '"' && *m_at != '\\' && static_cast<unsigned char>(*m_at) >= 0x20)
            ++m_at;
        if (m_at == m_end) return fail("the document ends within a string", "Is the file complete?");
        if (*m_at == '"') break;
        if (*m_at != '\\') return fail("a control character within a string; JSON wants it escaped");
        escaped = true;
        if (m_end - m_at < 2) return fail("the document ends within a string", "Is the file complete?");
        m_at += 2;
    }
    raw = {begin, static_cast<std::size_t>(m_at - begin)};
    ++m_at;
    return true;
}

bool JsonScanner::unescape(std::string_view raw, std::string& out) {
    out.clear();
    const char* const after = m_at;
    const auto bad = [&](std::size_t at, const char* what) {
        m_at = raw.data() + at;
        return fail(what);
    };
    for (std::size_t i = 0; i < raw.size(); ++i) {
        if (raw[i] != '\\') {
            out += raw[i];
            continue;
        }
        static constexpr std::string_view kLetters = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
        const char letter = raw[++i];
        if (const auto known = kLetters.find(letter); known != std::string_view::npos) {
            out += kMeanings[known];
            continue;
        }
        if (letter != 'u') return bad(i - 1, "an escape that JSON does not know");
        const int unit = codeUnit(raw.substr(i + 1));
        if (unit < 0) return bad(i - 1, "\\u wants four hexadecimal digits");
        auto code = static_cast<std::uint32_t>(unit);
        i += 4;
        if (code >= 0xD800 && code < 0xE000) {
            const int low = raw.substr(i + 1).starts_with("\\u") ? codeUnit(raw.substr(i + 3)) : -1;
            if (code >= 0xDC00 || low < 0xDC00 || low >= 0xE000)
                return bad(i - 5, "half of a surrogate pair is no character");
            code = 0x10000 + ((code - 0xD800) << 10U) + (static_cast<std::uint32_t>(low) - 0xDC00);
            i += 6;
        }
        appendUtf8(out, code);
    }
    m_at = after;
    return true;
}

bool JsonScanner::readString(std::string& out) {
    const JsonKind kind = peek();
    if (kind != JsonKind::string) return kind == JsonKind::none ? noValue() : fail("a string is expected");
    std::string_view raw;
    bool escaped = false;
    if (!stringBody(raw, escaped)) return false;
    if (escaped) return unescape(raw, out);
    out.assign(raw);
    return true;
}

template <class Float>
bool JsonScanner::number(Float& out) {
    const char* const begin = m_at;
    const auto outcome = parseJsonNumber(m_at, m_end, out);
    if (outcome == NumberOutcome::ok) return true;
    m_at = begin;
    if (outcome == NumberOutcome::tooLarge) return fail("a number is too large to be kept");
    const JsonKind kind = peek();
    if (kind == JsonKind::none) return noValue();
    if (kind != JsonKind::number) return fail("a number is expected");
    if (std::string_view(m_at, static_cast<std::size_t>(m_end - m_at)).starts_with("-I")) return noValue();
    return fail("this is no number that JSON knows");
}

bool JsonScanner::readNumber(double& out) {
    const JsonKind kind = peek();
    if (kind != JsonKind::number) return kind == JsonKind::none ? noValue() : fail("a number is expected");
    return number(out);
}

bool JsonScanner::readInteger(std::int64_t& out) {
    const JsonKind kind = peek();
    if (kind != JsonKind::number)
        return kind == JsonKind::none ? noValue() : fail("a whole number is expected");
    const char* const begin = m_at;
    double value = 0;
    if (!number(value)) return false;
    const auto parsed = std::from_chars(begin, m_at, out);
    if (parsed.ec == std::errc() && parsed.ptr == m_at) return true;
    // 3.0 and 1e3 are whole, too.
    if (value == std::trunc(value) && std::abs(value) < 0x1p53) {
        out = static_cast<std::int64_t>(value);
        return true;
    }
    m_at = begin;
    return fail("a whole number is expected");
}

bool JsonScanner::literal(std::string_view word) {
    const std::string_view rest(m_at, static_cast<std::size_t>(m_end - m_at));
    if (!rest.starts_with(word)) return fail("this is no value that JSON knows");
    m_at += word.size();
    return true;
}

bool JsonScanner::readBool(bool& out) {
    const JsonKind kind = peek();
    if (kind != JsonKind::boolean)
        return kind == JsonKind::none ? noValue() : fail("true or false is expected");
    out = *m_at == 't';
    return literal(out ? "true" : "false");
}

bool JsonScanner::readNull() {
    const JsonKind kind = peek();
    if (kind != JsonKind::null) return kind == JsonKind::none ? noValue() : fail("null is expected");
    return literal("null");
}

bool JsonScanner::readFloats(std::vector<float>& out) {
    if (!enterArray()) return false;
    if (peek() == JsonKind::none && m_at < m_end && *m_at == ']') return nextItem(), !m_failed;
    while (true) {
        space();
        float value = 0;
        if (!number(value)) return false;
        out.push_back(value);
        space();
        if (m_at < m_end && *m_at == ',') {
            ++m_at;
        } else if (m_at < m_end && *m_at == ']') {
            ++m_at;
            leave();
            return true;
        } else {
            return m_at == m_end ? noValue() : fail("',' or ']' is expected");
        }
    }
}

JsonKind JsonScanner::peekBelowLists(int& lists) {
    const char* const here = m_at;
    JsonKind kind = peek();
    for (lists = 0; kind == JsonKind::array && lists <= kMostLevels; ++lists) {
        ++m_at;
        kind = peek();
    }
    m_at = here;
    return kind;
}

bool JsonScanner::skip(std::string_view* raw) {
    const JsonKind first = peek();
    const char* const begin = m_at;
    const std::size_t outer = m_levels.size();
    std::string text;
    std::string_view body;
    for (JsonKind kind = first;; kind = peek()) {
        bool escaped = false, value = false;
        double number_ = 0;
        bool ok = true;
        switch (kind) {
            case JsonKind::object:
                ok = enterObject();
                break;
            case JsonKind::array:
                ok = enterArray();
                break;
            case JsonKind::string:
                ok = stringBody(body, escaped) && (!escaped || unescape(body, text));
                break;
            case JsonKind::number:
                ok = number(number_);
                break;
            case JsonKind::boolean:
                ok = readBool(value);
                break;
            case JsonKind::null:
                ok = readNull();
                break;
            case JsonKind::none:
                ok = noValue();
                break;
        }
        if (!ok) return false;
        // Closes what ends here, and goes on to the next value of what does not.
        while (m_levels.size() > outer) {
            if (m_levels.back().object ? nextMember(text) : nextItem()) break;
            if (m_failed) return false;
        }
        if (m_levels.size() == outer) break;
    }
    if (raw) *raw = {begin, static_cast<std::size_t>(m_at - begin)};
    return true;
}

bool JsonScanner::finish() {
    if (m_failed) return false;
    space();
    return m_at == m_end || fail("text follows the end of the document");
}

bool isJson(std::string_view text) {
    JsonScanner scanner(text, {});
    return scanner.checkUtf8() && scanner.skip() && scanner.finish();
}

}  // namespace attnviz
