#include "core/text/tokenizer_settings.h"

#include "core/base/json_parse.h"

namespace attnviz {
namespace {

Result<JsonValue> readIfThere(const std::filesystem::path& path) {
    std::error_code failure;
    if (!std::filesystem::exists(path, failure)) return JsonValue();
    return readJsonFile(path);
}

}  // namespace

Result<TokenizerSettings> TokenizerSettings::read(const std::filesystem::path& folder) {
    auto settings = readIfThere(folder / "tokenizer_config.json");
    if (!settings) return settings.error();
    auto specials = readIfThere(folder / "special_tokens_map.json");
    if (!specials) return specials.error();
    auto config = readIfThere(folder / "config.json");
    if (!config) return config.error();
    TokenizerSettings out;
    out.found = settings->isObject();
    out.values = settings->isObject() ? std::move(*settings) : JsonValue::object();
    for (const auto& [key, value] : specials->members())
        if (!out.values.find(key)) out.values.set(key, value);
    out.tokenizerClass = out.values["tokenizer_class"].string();
    if (out.tokenizerClass.empty()) out.tokenizerClass = (*config)["tokenizer_class"].string();
    if (out.tokenizerClass.ends_with("Fast")) out.tokenizerClass.resize(out.tokenizerClass.size() - 4);
    out.modelType = (*config)["model_type"].string();
    return out;
}

std::optional<bool> TokenizerSettings::boolean(std::string_view key) const {
    const JsonValue& value = values[key];
    return value.isBool() ? std::optional(value.boolOr(false)) : std::nullopt;
}

std::optional<std::string> TokenizerSettings::token(std::string_view key) const {
    const JsonValue& value = values[key];
    if (value.isString()) return value.string();
    if (value["content"].isString()) return value["content"].string();
    return std::nullopt;
}

}  // namespace attnviz
