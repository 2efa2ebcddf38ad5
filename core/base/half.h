// 16-bit storage of numbers: IEEE float16 and bfloat16, converted to and from float32.
//
// No _Float16 (gcc 12 emulates it in calls that LibTorch also defines). Conversions round to nearest, ties to
// even; float16 overflows to infinity, which callers that keep data check for.
#pragma once

#include <cstdint>
#include <span>

namespace attnviz {

float floatFromHalf(std::uint16_t bits);
std::uint16_t halfFromFloat(float value);
float floatFromBfloat16(std::uint16_t bits);
std::uint16_t bfloat16FromFloat(float value);

// Whole arrays; F16C where the processor has it. Both spans have the same length.
void floatsFromHalves(std::span<const std::uint16_t> bits, std::span<float> values);
void halvesFromFloats(std::span<const float> values, std::span<std::uint16_t> bits);

}  // namespace attnviz
