// Reads small JSON documents (config.json, tokenizer_config.json, indices) into a JsonValue, as hostile
// input.
//
// Refused with a sentence that names the place: invalid UTF-8, a key that appears twice in one object, more
// than 512 levels, trailing text, numbers that are not JSON's, documents above `limitBytes`.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>

#include "core/base/json_value.h"
#include "core/base/result.h"

namespace attnviz {

inline constexpr std::size_t kSmallJsonLimitBytes = std::size_t{64} << 20;

// `where` is what an error calls the document (a path).
Result<JsonValue> parseJson(std::string_view text, std::string_view where,
                            std::size_t limitBytes = kSmallJsonLimitBytes);
Result<JsonValue> readJsonFile(const std::filesystem::path& path,
                               std::size_t limitBytes = kSmallJsonLimitBytes);

}  // namespace attnviz
