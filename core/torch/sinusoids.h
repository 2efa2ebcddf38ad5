// Fixed positions of sines and cosines (Vaswani et al. 2017), computed where a checkpoint does not hold them.
#pragma once

#include <ATen/ATen.h>

namespace attnviz {

// Feature 2i is the sine and 2i + 1 the cosine of position / 10000^(2i / width): beside each other, or all
// sines first and then all cosines.
enum class SinusoidOrder { interleaved, halves };

// The rows of positions 0 to `count`, exclusive: (count, width), float32, on the CPU.
at::Tensor sinusoids(std::int64_t count, std::int64_t width, SinusoidOrder order);

}  // namespace attnviz
