// A small JSON document in memory: what analyses return and the command line, exporters and tables read.
//
// For documents that we make, and for small ones that we read (config.json). Big files are read on demand by
// their own readers (session, safetensors). Objects keep the order of insertion. Numbers that are not finite
// become null when set, so that NaN never reaches a file.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace attnviz {

class JsonValue {
 public:
    using Array = std::vector<JsonValue>;
    using Member = std::pair<std::string, JsonValue>;
    using Object = std::vector<Member>;

    JsonValue() = default;  // null
    JsonValue(std::nullptr_t) {}
    JsonValue(bool value) : m_data(value) {}
    JsonValue(int value) : m_data(static_cast<std::int64_t>(value)) {}
    JsonValue(long value) : m_data(static_cast<std::int64_t>(value)) {}
    JsonValue(long long value) : m_data(static_cast<std::int64_t>(value)) {}
    JsonValue(unsigned long value);  // above the greatest int64: as a double
    JsonValue(double value);
    JsonValue(float value);  // kept as float: written as the shortest text that reads back the same float
    JsonValue(const char* value) : m_data(std::string(value)) {}
    JsonValue(std::string_view value) : m_data(std::string(value)) {}
    JsonValue(std::string value) : m_data(std::move(value)) {}
    JsonValue(Array value) : m_data(std::move(value)) {}
    JsonValue(Object value) : m_data(std::move(value)) {}

    static JsonValue object(std::initializer_list<Member> members = {}) { return Object(members); }
    static JsonValue array(std::initializer_list<JsonValue> values = {}) { return Array(values); }
    template <class Range>
    static JsonValue arrayOf(const Range& values) {
        Array array;
        for (const auto& value : values) array.emplace_back(JsonValue(value));
        return array;
    }

    bool isNull() const { return m_data.index() == 0; }
    bool isBool() const { return std::holds_alternative<bool>(m_data); }
    bool isInteger() const { return std::holds_alternative<std::int64_t>(m_data); }
    bool isNumber() const;
    bool isString() const { return std::holds_alternative<std::string>(m_data); }
    bool isArray() const { return std::holds_alternative<Array>(m_data); }
    bool isObject() const { return std::holds_alternative<Object>(m_data); }
    bool isFloat() const { return std::holds_alternative<float>(m_data); }

    bool boolOr(bool fallback) const;
    std::int64_t integerOr(std::int64_t fallback) const;
    double numberOr(double fallback) const;  // integers count
    const std::string& string() const;       // empty if this is no string
    const Array& items() const;              // empty if this is no array
    const Object& members() const;           // empty if this is no object

    const JsonValue* find(std::string_view key) const;        // null pointer if absent or no object
    const JsonValue& operator[](std::string_view key) const;  // JSON null if absent
    JsonValue& set(std::string key, JsonValue value);         // replaces, or appends; *this must be an object
    JsonValue& push(JsonValue value);                         // *this must be an array

    // `indent` 0 writes one line.
    std::string toText(int indent = 2) const;

    bool operator==(const JsonValue&) const = default;

 private:
    std::variant<std::monostate, bool, std::int64_t, double, float, std::string, Array, Object> m_data;
};

}  // namespace attnviz
