// Numbers of JSON text, correctly rounded and quick: a session is almost nothing else.
//
// The grammar is RFC 8259's: no leading zeros, no '+', no bare '.', no NaN. Most numbers have at most 15 to
// 17 digits and a small exponent; these take Clinger's exact path (an integer below 2^53 and a power of ten
// up to 10^22 are both exact in float64, so one division rounds once). The rest go to std::from_chars.
#pragma once

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace attnviz {

enum class NumberOutcome { ok, malformed, tooLarge };

namespace detail {

inline constexpr std::array<double, 23> kPowersOfTen{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                     1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                     1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

// A float64 that lies exactly between two float32 values would be rounded twice.
inline bool isMidpointOfFloats(double value) {
    return (std::bit_cast<std::uint64_t>(value) & 0x1FFFFFFFU) == 0x10000000U;
}

// What std::from_chars calls out of range is zero if the first digit that counts stands far behind the point.
inline bool vanishes(const char* at, const char* end) {
    if (at < end && *at == '-') ++at;
    std::int64_t magnitude = 0;
    bool counting = false, fraction = false;
    for (; at < end && *at != 'e' && *at != 'E'; ++at) {
        if (*at == '.')
            fraction = true;
        else if (counting)
            magnitude += fraction ? 0 : 1;
        else if (*at != '0')
            counting = true;
        else
            magnitude -= fraction ? 1 : 0;
    }
    std::int64_t exponent = 0;
    bool negative = false;
    if (at < end && ++at < end && (*at == '-' || *at == '+')) negative = *at++ == '-';
    for (; at < end && exponent < 1'000'000'000'000; ++at) exponent = exponent * 10 + (*at - '0');
    return magnitude + (negative ? -exponent : exponent) < 0;
}

template <class Float>
NumberOutcome slowNumber(const char* begin, const char* end, Float& out) {
    if (std::from_chars(begin, end, out).ec == std::errc()) return NumberOutcome::ok;
    double wide = 0;
    if (std::is_same_v<Float, float> && std::from_chars(begin, end, wide).ec == std::errc()) {
        if (std::abs(wide) > static_cast<double>(std::numeric_limits<float>::max()))
            return NumberOutcome::tooLarge;
        out = static_cast<Float>(wide);
        return NumberOutcome::ok;
    }
    if (!vanishes(begin, end)) return NumberOutcome::tooLarge;
    out = *begin == '-' ? Float(-0.0) : Float(0);
    return NumberOutcome::ok;
}

}  // namespace detail

// Reads one number at `at` and steps over it. Beyond Float's range: tooLarge; below it: zero.
template <class Float>
NumberOutcome parseJsonNumber(const char*& at, const char* end, Float& out) {
    const auto isDigit = [&](const char* p) { return p < end && static_cast<unsigned char>(*p - '0') <= 9; };
    const char* const begin = at;
    const char* p = at;
    const bool negative = p < end && *p == '-';
    if (negative) ++p;
    const char* const digitsBegin = p;
    std::uint64_t mantissa = 0;
    if (!isDigit(p)) return NumberOutcome::malformed;
    if (*p == '0') {
        ++p;
        if (isDigit(p)) return NumberOutcome::malformed;
    } else {
        for (; isDigit(p); ++p) mantissa = mantissa * 10 + static_cast<std::uint64_t>(*p - '0');
    }
    std::int64_t digits = p - digitsBegin, exponent = 0;
    if (p < end && *p == '.') {
        const char* const fraction = ++p;
        for (; isDigit(p); ++p) mantissa = mantissa * 10 + static_cast<std::uint64_t>(*p - '0');
        if (p == fraction) return NumberOutcome::malformed;
        exponent = fraction - p;
        digits -= exponent;
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        ++p;
        bool down = false;
        if (p < end && (*p == '-' || *p == '+')) down = *p++ == '-';
        if (!isDigit(p)) return NumberOutcome::malformed;
        std::int64_t written = 0;
        for (; isDigit(p); ++p)
            if (written < 100'000) written = written * 10 + (*p - '0');
        exponent += down ? -written : written;
    }
    at = p;
    // Up to 19 digits fit into 64 bits; the count is of all digits written, so it never counts too few.
    if (digits <= 19 && mantissa <= (std::uint64_t{1} << 53U) && exponent >= -22 && exponent <= 22) {
        double value = static_cast<double>(mantissa);
        if (exponent < 0)
            value /= detail::kPowersOfTen[static_cast<std::size_t>(-exponent)];
        else
            value *= detail::kPowersOfTen[static_cast<std::size_t>(exponent)];
        if (std::is_same_v<Float, double> || !detail::isMidpointOfFloats(value)) {
            out = static_cast<Float>(negative ? -value : value);
            return NumberOutcome::ok;
        }
    }
    return detail::slowNumber(begin, p, out);
}

}  // namespace attnviz
