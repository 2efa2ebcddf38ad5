// What stands beside family files: tokenizer_config.json, special_tokens_map.json, config.json. All of them
// may be absent.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/base/json_value.h"
#include "core/base/result.h"
#include "core/text/added_tokens.h"

namespace attnviz {

struct TokenizerSettings {
    bool found = false;          // tokenizer_config.json is there
    JsonValue values;            // what it holds
    std::string tokenizerClass;  // "GPT2Tokenizer"; without "Fast"
    std::string modelType;       // config.json's, "gpt2"

    static Result<TokenizerSettings> read(const std::filesystem::path& folder);

    std::optional<bool> boolean(std::string_view key) const;
    // "cls_token" and its like: a string, or an object with "content".
    std::optional<std::string> token(std::string_view key) const;
};

}  // namespace attnviz
