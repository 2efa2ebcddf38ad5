// The product of a block of queries and a block of keys, the one dear step of recomputed attention.
//
// Keys are packed into panels of 16, element by element, so that one load serves 16 keys. Every product is
// summed in the order of its elements, whatever the block, so a cell has one value however it is asked for.
// Compiled with and without AVX2 and FMA, chosen once.
#pragma once

#include <cstddef>
#include <span>

namespace attnviz {

inline constexpr int kPanelKeys = 16;

// Floats that `count` packed keys take; the last panel is padded with zeros.
constexpr std::size_t packedSize(int count, int width) {
    return static_cast<std::size_t>((count + kPanelKeys - 1) / kPanelKeys * kPanelKeys) *
           static_cast<std::size_t>(width);
}

// keys (count, width), row-major.
void packKeys(const float* keys, int count, int width, std::span<float> panels);

// out[row * stride + key] = scale * dot(queries[row], keys[key]) for rows in [0, rows) and the keys of the
// panels [firstPanel, lastPanel); out begins at the key firstPanel * kPanelKeys and takes whole panels.
void multiplyPanels(const float* queries, int rows, int width, const float* panels, int firstPanel,
                    int lastPanel, float scale, float* out, std::ptrdiff_t stride);

// values[i] = cap * tanh(values[i] / cap), within 4e-7 * cap.
void capValues(std::span<float> values, float cap);

}  // namespace attnviz
