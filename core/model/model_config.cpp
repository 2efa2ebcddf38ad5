#include "core/model/model_config.h"

#include "core/base/json_parse.h"

namespace attnviz {
namespace {

constexpr std::size_t kConfigLimitBytes = 4 << 20;

Error wrongType(std::string_view key, std::string_view expected, const std::filesystem::path& path) {
    return badInput("'" + std::string(key) + "' is no " + std::string(expected), path.string());
}

}  // namespace

Result<ModelConfig> ModelConfig::read(const std::filesystem::path& path) {
    auto json = readJsonFile(path, kConfigLimitBytes);
    if (!json) return json.error();
    return fromJson(std::move(*json), path.string());
}

Result<ModelConfig> ModelConfig::fromJson(JsonValue json, std::string where) {
    if (!json.isObject()) return badInput("config.json holds no object", std::move(where));
    ModelConfig config;
    config.m_path = where;
    config.m_modelType = json["model_type"].string();
    config.m_json = std::move(json);
    if (config.m_modelType.empty())
        return badInput("'model_type' is missing", std::move(where),
                        "It names the family, for example \"gpt2\".");
    return config;
}

bool ModelConfig::has(std::string_view key) const {
    return !m_json[key].isNull();
}

Result<std::int64_t> ModelConfig::size(std::initializer_list<std::string_view> aliases,
                                       std::int64_t limit) const {
    for (const auto key : aliases)
        if (has(key)) return sizeOr({key}, 0, limit);
    return badInput("'" + std::string(*aliases.begin()) + "' is missing", m_path.string());
}

Result<std::int64_t> ModelConfig::sizeOr(std::initializer_list<std::string_view> aliases,
                                         std::int64_t fallback, std::int64_t limit) const {
    for (const auto key : aliases) {
        const JsonValue& value = m_json[key];
        if (value.isNull()) continue;
        if (!value.isInteger()) return wrongType(key, "whole number", m_path);
        const auto size = value.integerOr(0);
        if (size < 1 || size > limit)
            return badInput("'" + std::string(key) + "' is " + std::to_string(size) + ", but may be 1 to " +
                                std::to_string(limit),
                            m_path.string());
        return size;
    }
    return fallback;
}

Result<double> ModelConfig::numberOr(std::string_view key, double fallback) const {
    const JsonValue& value = m_json[key];
    if (value.isNull()) return fallback;
    if (!value.isNumber()) return wrongType(key, "number", m_path);
    return value.numberOr(fallback);
}

Result<bool> ModelConfig::boolOr(std::string_view key, bool fallback) const {
    const JsonValue& value = m_json[key];
    if (value.isNull()) return fallback;
    if (!value.isBool()) return wrongType(key, "true or false", m_path);
    return value.boolOr(fallback);
}

Result<std::string> ModelConfig::textOr(std::string_view key, std::string fallback) const {
    const JsonValue& value = m_json[key];
    if (value.isNull()) return fallback;
    if (!value.isString()) return wrongType(key, "text", m_path);
    return value.string();
}

}  // namespace attnviz
