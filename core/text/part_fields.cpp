#include "core/text/part_fields.h"

#include "core/text/utf8.h"

namespace attnviz {

Result<void> PartPlace::checkLevel() const {
    if (level > 32) return badInput("parts are nested deeper than 32 levels", where);
    return {};
}

void PartFields::refuse(std::string_view key, std::string_view expected) {
    if (!m_status) return;
    const JsonValue* found = m_spec.find(key);
    m_status = badInput("\"" + std::string(key) + "\" of \"" + m_spec["type"].string() + "\" is " +
                            (found ? "not " : "missing; expected ") + std::string(expected),
                        m_place.where);
}

bool PartFields::boolean(std::string_view key) {
    const JsonValue& value = m_spec[key];
    if (!value.isBool()) refuse(key, "true or false");
    return value.boolOr(false);
}

bool PartFields::boolean(std::string_view key, bool fallback) {
    const JsonValue& value = m_spec[key];
    if (!value.isBool() && !value.isNull()) refuse(key, "true or false");
    return value.boolOr(fallback);
}

std::string PartFields::text(std::string_view key) {
    const JsonValue& value = m_spec[key];
    if (!value.isString()) refuse(key, "a string");
    return value.string();
}

std::string PartFields::text(std::string_view key, std::string fallback) {
    const JsonValue& value = m_spec[key];
    if (value.isNull()) return fallback;
    return text(key);
}

char32_t PartFields::character(std::string_view key) {
    const std::string value = text(key);
    if (value.empty() || utf8::lengthOfLead(value[0]) != value.size()) {
        refuse(key, "a single character");
        return U' ';
    }
    return utf8::decode(value, 0).point;
}

std::int64_t PartFields::count(std::string_view key, std::int64_t greatest) {
    const JsonValue& value = m_spec[key];
    const std::int64_t number = value.integerOr(-1);
    if (!value.isInteger() || number < 0 || number > greatest)
        refuse(key, "a whole number from 0 to " + std::to_string(greatest));
    return number;
}

const JsonValue& PartFields::list(std::string_view key) {
    const JsonValue& value = m_spec[key];
    if (!value.isArray()) refuse(key, "a list");
    return value;
}

Result<std::int64_t> tokenIdOf(const JsonValue& value, std::string_view piece, const PartPlace& place) {
    const std::int64_t id = value.integerOr(-1);
    if (!value.isInteger() || id < 0 || id > kGreatestTokenId)
        return badInput("the id of \"" + std::string(piece) + "\" is not a whole number from 0 to " +
                            std::to_string(kGreatestTokenId),
                        place.where);
    return id;
}

}  // namespace attnviz
