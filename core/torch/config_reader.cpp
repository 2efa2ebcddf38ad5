#include "core/torch/config_reader.h"

#include <algorithm>

namespace attnviz {

std::int64_t ConfigReader::size(std::initializer_list<std::string_view> aliases, std::int64_t limit) {
    const auto value = m_config.size(aliases, limit);
    if (value) return *value;
    fail(value.error());
    return 1;  // never a divisor of zero
}

std::int64_t ConfigReader::sizeOr(std::initializer_list<std::string_view> aliases, std::int64_t fallback,
                                  std::int64_t limit) {
    const auto value = m_config.sizeOr(aliases, fallback, limit);
    if (value) return *value;
    fail(value.error());
    return fallback;
}

double ConfigReader::number(std::string_view key, double fallback) {
    return take(m_config.numberOr(key, fallback));
}

bool ConfigReader::flag(std::string_view key, bool fallback) {
    return take(m_config.boolOr(key, fallback));
}

std::string ConfigReader::text(std::string_view key, std::string fallback) {
    return take(m_config.textOr(key, std::move(fallback)));
}

bool ConfigReader::isNull(std::string_view key) const {
    const JsonValue* value = m_config.json().find(key);
    return value && value->isNull();
}

std::int64_t ConfigReader::headSize(std::int64_t width, std::int64_t heads) {
    if (width % heads != 0)
        fail(std::to_string(heads) + " heads do not divide the width " + std::to_string(width));
    return std::max<std::int64_t>(1, width / heads);
}

std::vector<std::int64_t> ConfigReader::layerWindows(std::int64_t layers, std::int64_t window) {
    const JsonValue& types = m_config.json()["layer_types"];
    if (types.isNull()) return {};
    std::vector<std::int64_t> windows;
    for (const auto& type : types.items()) {
        const bool sliding = type.string() == "sliding_attention";
        refuse(!sliding && type.string() != "full_attention" && type.string() != "attention",
               "a layer of type '" + type.string() + "'",
               "Known in 'layer_types' are full_attention and sliding_attention.");
        windows.push_back(sliding ? window : 0);
    }
    if (static_cast<std::int64_t>(windows.size()) != layers)
        fail("'layer_types' names " + std::to_string(windows.size()) + " layers, but there are " +
             std::to_string(layers));
    return windows;
}

void ConfigReader::failAt(std::string_view key, std::string_view what) {
    std::string sentence = "'";
    sentence.append(key).append("' ").append(what);
    fail(sentence);
}

void ConfigReader::refuse(bool asked, const std::string& what, std::string hint) {
    if (asked) fail(unsupported(what + " cannot be run", m_config.path().string(), std::move(hint)));
}

bool promisesHead(const ModelConfig& config) {
    const auto& classes = config.json()["architectures"].items();
    return std::any_of(classes.begin(), classes.end(), [](const JsonValue& name) {
        return name.string().ends_with("ForCausalLM") || name.string().ends_with("LMHeadModel");
    });
}

}  // namespace attnviz
