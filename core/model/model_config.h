// config.json: what a model says of itself. A thin, checked view of the JSON; families read their own keys
// from it.
//
// An absent key and null are the same. Integers are range-checked where they are read, because sizes of
// tensors and loops come from them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>

#include "core/base/json_value.h"
#include "core/base/result.h"

namespace attnviz {

class ModelConfig {
 public:
    static Result<ModelConfig> read(const std::filesystem::path& path);
    static Result<ModelConfig> fromJson(JsonValue json, std::string where);

    const std::string& modelType() const { return m_modelType; }
    const std::filesystem::path& path() const { return m_path; }
    const JsonValue& json() const { return m_json; }
    bool has(std::string_view key) const;  // present and not null

    // A required size: the first of `aliases` that is present. 1 to `limit`, or an Error that names the key.
    Result<std::int64_t> size(std::initializer_list<std::string_view> aliases,
                              std::int64_t limit = 1 << 24) const;
    // Optional ones; an Error if present with a wrong type or out of range.
    Result<std::int64_t> sizeOr(std::initializer_list<std::string_view> aliases, std::int64_t fallback,
                                std::int64_t limit = 1 << 24) const;
    Result<double> numberOr(std::string_view key, double fallback) const;
    Result<bool> boolOr(std::string_view key, bool fallback) const;
    Result<std::string> textOr(std::string_view key, std::string fallback) const;

 private:
    std::filesystem::path m_path;
    std::string m_modelType;
    JsonValue m_json;
};

}  // namespace attnviz
