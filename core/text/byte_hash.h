// Hashes for the tables of this room: quick on short strings, seeded once a process so that no file can aim
// at them.
#pragma once

#include <cstdint>
#include <cstring>
#include <random>
#include <string_view>

namespace attnviz {

inline std::uint64_t hashSeed() {
    static const std::uint64_t seed =
        (std::uint64_t{std::random_device{}()} << 32U) | std::random_device{}() | 1U;
    return seed;
}

inline std::uint64_t mixHash(std::uint64_t value) {
    value ^= value >> 32U;
    value *= 0x9E3779B97F4A7C15ULL;
    value ^= value >> 29U;
    value *= 0xBF58476D1CE4E5B9ULL;
    return value ^ (value >> 32U);
}

inline std::uint64_t hashBytes(std::string_view bytes, std::uint64_t seed) {
    std::uint64_t hash = seed ^ (bytes.size() * 0x9E3779B97F4A7C15ULL);
    std::size_t at = 0;
    for (; at + 8 <= bytes.size(); at += 8) {
        std::uint64_t block = 0;
        std::memcpy(&block, bytes.data() + at, 8);
        hash = (hash ^ block) * 0xBF58476D1CE4E5B9ULL;
        hash ^= hash >> 32U;
    }
    std::uint64_t rest = 0;
    std::memcpy(&rest, bytes.data() + at, bytes.size() - at);
    return mixHash(hash ^ rest);
}

}  // namespace attnviz
