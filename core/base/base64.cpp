#include "core/base/base64.h"

#include <array>

namespace attnviz {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint32_t kForeign = 0x80000000U;

constexpr std::array<std::uint32_t, 256> makeValues() {
    std::array<std::uint32_t, 256> values{};
    values.fill(kForeign);
    for (std::uint32_t i = 0; i < kAlphabet.size(); ++i) values[static_cast<unsigned char>(kAlphabet[i])] = i;
    return values;
}
constexpr auto kValues = makeValues();

std::uint32_t valueOf(char c) {
    return kValues[static_cast<unsigned char>(c)];
}
char letter(std::uint32_t bits) {
    return kAlphabet[bits & 63U];
}

}  // namespace

void appendBase64(std::span<const std::byte> bytes, std::string& out) {
    const std::size_t start = out.size();
    out.resize(start + base64Length(bytes.size()));
    char* at = out.data() + start;
    const auto byte = [&](std::size_t i) { return std::to_integer<std::uint32_t>(bytes[i]); };
    std::size_t i = 0;
    for (; i + 3 <= bytes.size(); i += 3) {
        const std::uint32_t word = (byte(i) << 16U) | (byte(i + 1) << 8U) | byte(i + 2);
        *at++ = letter(word >> 18U);
        *at++ = letter(word >> 12U);
        *at++ = letter(word >> 6U);
        *at++ = letter(word);
    }
    if (i == bytes.size()) return;
    const bool two = bytes.size() - i == 2;
    const std::uint32_t word = (byte(i) << 16U) | (two ? byte(i + 1) << 8U : 0U);
    *at++ = letter(word >> 18U);
    *at++ = letter(word >> 12U);
    *at++ = two ? letter(word >> 6U) : '=';
    *at = '=';
}

bool decodeBase64(std::string_view text, std::span<std::byte> out) {
    if (text.size() != base64Length(out.size())) return false;
    const std::size_t whole = out.size() / 3;
    std::uint32_t seen = 0;
    for (std::size_t group = 0; group < whole; ++group) {
        const char* in = text.data() + group * 4;
        const std::uint32_t a = valueOf(in[0]), b = valueOf(in[1]), c = valueOf(in[2]), d = valueOf(in[3]);
        seen |= a | b | c | d;
        const std::uint32_t word = (a << 18U) | (b << 12U) | (c << 6U) | d;
        out[group * 3] = static_cast<std::byte>(word >> 16U);
        out[group * 3 + 1] = static_cast<std::byte>(word >> 8U);
        out[group * 3 + 2] = static_cast<std::byte>(word);
    }
    const std::size_t rest = out.size() - whole * 3;
    if (rest > 0) {
        const char* in = text.data() + whole * 4;
        const std::uint32_t a = valueOf(in[0]), b = valueOf(in[1]), c = rest == 2 ? valueOf(in[2]) : 0;
        if (in[3] != '=' || (rest == 1 && in[2] != '=')) return false;
        // Bits that belong to no byte are zero, so that a text and its bytes are one to one.
        if (rest == 1 ? (b & 15U) != 0 : (c & 3U) != 0) return false;
        seen |= a | b | c;
        const std::uint32_t word = (a << 18U) | (b << 12U) | (c << 6U);
        out[whole * 3] = static_cast<std::byte>(word >> 16U);
        if (rest == 2) out[whole * 3 + 1] = static_cast<std::byte>(word >> 8U);
    }
    return (seen & kForeign) == 0;
}

}  // namespace attnviz
