// Base64 (RFC 4648) for bytes in JSON: the standard alphabet, padded, without white space.
//
// Decoding is strict and writes to memory that the caller has measured; a text of another length is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace attnviz {

// The length of the text for `bytes` bytes.
constexpr std::uint64_t base64Length(std::uint64_t bytes) {
    return (bytes + 2) / 3 * 4;
}

void appendBase64(std::span<const std::byte> bytes, std::string& out);

// False unless `text` is exactly out.size() bytes in base64.
bool decodeBase64(std::string_view text, std::span<std::byte> out);

}  // namespace attnviz
