#include "core/base/json_value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "core/base/readable.h"

namespace attnviz {
namespace {

void appendString(std::string& out, std::string_view text) {
    static constexpr std::string_view kHex = "0123456789abcdef";
    out += '"';
    while (!text.empty()) {
        const auto c = static_cast<unsigned char>(text.front());
        if (c >= 0x80) {
            const auto length = utf8SequenceLength(text);
            if (length == 0)
                out += "\\ufffd";  // strangers' bytes never make an invalid document
            else
                out += text.substr(0, length);
            text.remove_prefix(std::max<std::size_t>(length, 1));
            continue;
        }
        text.remove_prefix(1);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += static_cast<char>(c);
        } else if (c == '\n') {
            out += "\\n";
        } else if (c == '\r') {
            out += "\\r";
        } else if (c == '\t') {
            out += "\\t";
        } else if (c < 0x20 || c == 0x7F) {
            out += "\\u00";
            out += kHex[c >> 4U];
            out += kHex[c & 15U];
        } else {
            out += static_cast<char>(c);
        }
    }
    out += '"';
}

template <class Number>
void appendNumber(std::string& out, Number value) {
    std::array<char, 40> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
    const std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
    out += text;
    // A float that happens to be whole stays recognisable as a float for readers that care.
    if constexpr (std::is_floating_point_v<Number>) {
        if (text.find_first_of(".en") == std::string_view::npos) out += ".0";
    }
}

const std::string kNoString;
const JsonValue::Array kNoItems;
const JsonValue::Object kNoMembers;
const JsonValue kNull;

void append(std::string& out, const JsonValue& value, int indent, int level);

template <class Items, class Write>
void appendList(std::string& out, const Items& items, char open, char close, int indent, int level,
                Write write) {
    out += open;
    bool first = true;
    for (const auto& item : items) {
        if (!first) out += indent > 0 ? "," : ", ";
        first = false;
        if (indent > 0) {
            out += '\n';
            out.append(static_cast<std::size_t>(indent) * (level + 1), ' ');
        }
        write(item);
    }
    if (indent > 0 && !items.empty()) {
        out += '\n';
        out.append(static_cast<std::size_t>(indent) * level, ' ');
    }
    out += close;
}

bool isFlat(const JsonValue& value) {
    for (const auto& item : value.items())
        if (item.isArray() || item.isObject()) return false;
    return true;
}

void append(std::string& out, const JsonValue& value, int indent, int level) {
    if (value.isNull()) {
        out += "null";
    } else if (value.isBool()) {
        out += value.boolOr(false) ? "true" : "false";
    } else if (value.isInteger()) {
        appendNumber(out, value.integerOr(0));
    } else if (value.isFloat()) {
        appendNumber(out, static_cast<float>(value.numberOr(0)));
    } else if (value.isNumber()) {
        appendNumber(out, value.numberOr(0));
    } else if (value.isString()) {
        appendString(out, value.string());
    } else if (value.isArray()) {
        // Lists of scalars stay on one line: rows of numbers are read as rows.
        const int inner = isFlat(value) ? 0 : indent;
        appendList(out, value.items(), '[', ']', inner, level,
                   [&](const JsonValue& item) { append(out, item, inner, level + 1); });
    } else {
        appendList(out, value.members(), '{', '}', indent, level, [&](const JsonValue::Member& member) {
            appendString(out, member.first);
            out += ": ";
            append(out, member.second, indent, level + 1);
        });
    }
}

}  // namespace

JsonValue::JsonValue(unsigned long value) {
    if (value <= static_cast<unsigned long>(std::numeric_limits<std::int64_t>::max()))
        m_data = static_cast<std::int64_t>(value);
    else
        m_data = static_cast<double>(value);
}
JsonValue::JsonValue(double value) {
    if (std::isfinite(value)) m_data = value;
}
JsonValue::JsonValue(float value) {
    if (std::isfinite(value)) m_data = value;
}

bool JsonValue::isNumber() const {
    return isInteger() || std::holds_alternative<double>(m_data) || isFloat();
}
bool JsonValue::boolOr(bool fallback) const {
    const auto* value = std::get_if<bool>(&m_data);
    return value ? *value : fallback;
}
std::int64_t JsonValue::integerOr(std::int64_t fallback) const {
    const auto* value = std::get_if<std::int64_t>(&m_data);
    return value ? *value : fallback;
}
double JsonValue::numberOr(double fallback) const {
    if (const auto* value = std::get_if<double>(&m_data)) return *value;
    if (const auto* value = std::get_if<float>(&m_data)) return *value;
    if (const auto* value = std::get_if<std::int64_t>(&m_data)) return static_cast<double>(*value);
    return fallback;
}
const std::string& JsonValue::string() const {
    const auto* value = std::get_if<std::string>(&m_data);
    return value ? *value : kNoString;
}
const JsonValue::Array& JsonValue::items() const {
    const auto* value = std::get_if<Array>(&m_data);
    return value ? *value : kNoItems;
}
const JsonValue::Object& JsonValue::members() const {
    const auto* value = std::get_if<Object>(&m_data);
    return value ? *value : kNoMembers;
}
const JsonValue* JsonValue::find(std::string_view key) const {
    for (const auto& member : members())
        if (member.first == key) return &member.second;
    return nullptr;
}
const JsonValue& JsonValue::operator[](std::string_view key) const {
    const auto* value = find(key);
    return value ? *value : kNull;
}
JsonValue& JsonValue::set(std::string key, JsonValue value) {
    auto& object = std::get<Object>(m_data);
    for (auto& member : object) {
        if (member.first == key) {
            member.second = std::move(value);
            return *this;
        }
    }
    object.emplace_back(std::move(key), std::move(value));
    return *this;
}
JsonValue& JsonValue::push(JsonValue value) {
    std::get<Array>(m_data).push_back(std::move(value));
    return *this;
}
std::string JsonValue::toText(int indent) const {
    std::string out;
    append(out, *this, indent, 0);
    if (indent > 0) out += '\n';
    return out;
}

}  // namespace attnviz
