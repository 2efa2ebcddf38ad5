#include "core/base/half.h"

#include <bit>
#include <cstddef>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace attnviz {

float floatFromHalf(std::uint16_t bits) {
    const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000U) << 16U;
    const std::uint32_t exponent = (bits >> 10U) & 0x1FU;
    std::uint32_t mantissa = bits & 0x3FFU;
    // A NaN becomes a quiet one and keeps its payload, as the processor's own conversion has it.
    if (exponent == 0x1F)
        return std::bit_cast<float>(sign | 0x7F800000U | (mantissa << 13U) | (mantissa ? 0x400000U : 0U));
    if (exponent != 0) return std::bit_cast<float>(sign | ((exponent + 112U) << 23U) | (mantissa << 13U));
    if (mantissa == 0) return std::bit_cast<float>(sign);
    // A subnormal: mantissa / 2^24, exact in float.
    const float value = static_cast<float>(mantissa) * 0x1p-24F;
    return sign ? -value : value;
}

std::uint16_t halfFromFloat(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const auto sign = static_cast<std::uint16_t>((bits >> 16U) & 0x8000U);
    const std::uint32_t magnitude = bits & 0x7FFFFFFFU;
    if (magnitude > 0x7F800000U)  // NaN
        return static_cast<std::uint16_t>(sign | 0x7E00U | ((magnitude >> 13U) & 0x3FFU));
    if (magnitude >= 0x477FF000U) return static_cast<std::uint16_t>(sign | 0x7C00U);  // 65520 and above
    if (magnitude < 0x38800000U) {  // below 2^-14: adding a power of two rounds into the mantissa, to even
        const float rounded = std::bit_cast<float>(magnitude) + 0.5F;
        return static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(rounded) - 0x3F000000U));
    }
    const std::uint32_t odd = (magnitude >> 13U) & 1U;
    return static_cast<std::uint16_t>(sign | ((magnitude - 0x38000000U + 0xFFFU + odd) >> 13U));
}

float floatFromBfloat16(std::uint16_t bits) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16U);
}

std::uint16_t bfloat16FromFloat(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    if ((bits & 0x7FFFFFFFU) > 0x7F800000U) return static_cast<std::uint16_t>((bits >> 16U) | 0x40U);
    const std::uint32_t odd = (bits >> 16U) & 1U;
    return static_cast<std::uint16_t>((bits + 0x7FFFU + odd) >> 16U);
}

#if defined(__x86_64__)
namespace {

__attribute__((target("avx,f16c"))) std::size_t widenF16c(const std::uint16_t* in, float* out,
                                                          std::size_t n) {
    std::size_t i = 0;
    for (; i + 8 <= n; i += 8)
        _mm256_storeu_ps(out + i, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in + i))));
    return i;
}

__attribute__((target("avx,f16c"))) std::size_t narrowF16c(const float* in, std::uint16_t* out,
                                                           std::size_t n) {
    std::size_t i = 0;
    for (; i + 8 <= n; i += 8)
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i),
                         _mm256_cvtps_ph(_mm256_loadu_ps(in + i), _MM_FROUND_TO_NEAREST_INT));
    return i;
}

bool hasF16c() {
    // Asked of the processor itself: clang 14 knows no "f16c" here.
    static const bool has = [] {
        unsigned a = 0, b = 0, c = 0, d = 0;
        return __builtin_cpu_supports("avx") && __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
    }();
    return has;
}

}  // namespace
#endif

void floatsFromHalves(std::span<const std::uint16_t> bits, std::span<float> values) {
    std::size_t i = 0;
#if defined(__x86_64__)
    if (hasF16c()) i = widenF16c(bits.data(), values.data(), bits.size());
#endif
    for (; i < bits.size(); ++i) values[i] = floatFromHalf(bits[i]);
}

void halvesFromFloats(std::span<const float> values, std::span<std::uint16_t> bits) {
    std::size_t i = 0;
#if defined(__x86_64__)
    if (hasF16c()) i = narrowF16c(values.data(), bits.data(), values.size());
#endif
    for (; i < values.size(); ++i) bits[i] = halfFromFloat(values[i]);
}

}  // namespace attnviz
