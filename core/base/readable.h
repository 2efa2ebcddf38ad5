// Text for people: byte sizes, counts, and strings from strangers made harmless for a terminal or a sentence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace attnviz {

std::string readableBytes(std::int64_t bytes);                   // decimal: "47 KB", "2.7 GB"
std::string counted(std::int64_t count, std::string_view noun);  // "1 head", "12 heads"

// Control characters, bidirectional overrides and invalid UTF-8 replaced by visible escapes (\n stays if
// `lines`).
std::string harmless(std::string_view text, bool lines = false);

bool isValidUtf8(std::string_view text);
// Bytes of the valid UTF-8 sequence that the text begins with; 0 if there is none.
std::size_t utf8SequenceLength(std::string_view text);

}  // namespace attnviz
