#include "core/attention/query_key_product.h"

#include <algorithm>
#include <cmath>

#include "core/attention/row_kernels.h"

namespace attnviz {
namespace {

// Eight floats: one AVX register, or two of SSE.
using Floats = float __attribute__((vector_size(32)));
using LooseFloats = float __attribute__((vector_size(32), aligned(4), may_alias));
constexpr int kLanes = 8;

#define ATTNVIZ_INLINE __attribute__((always_inline)) inline

template <int kRows>
ATTNVIZ_INLINE void multiplyRows(const float* queries, int width, const float* panel, float scale, float* out,
                                 std::ptrdiff_t stride) {
    Floats low[kRows] = {}, high[kRows] = {};
    for (int i = 0; i < width; ++i) {
        const Floats a = *reinterpret_cast<const LooseFloats*>(panel + i * kPanelKeys);
        const Floats b = *reinterpret_cast<const LooseFloats*>(panel + i * kPanelKeys + kLanes);
#pragma GCC unroll 8
        for (int row = 0; row < kRows; ++row) {
            const float q = queries[row * static_cast<std::ptrdiff_t>(width) + i];
            low[row] += q * a;
            high[row] += q * b;
        }
    }
#pragma GCC unroll 8
    for (int row = 0; row < kRows; ++row) {
        *reinterpret_cast<LooseFloats*>(out + row * stride) = low[row] * scale;
        *reinterpret_cast<LooseFloats*>(out + row * stride + kLanes) = high[row] * scale;
    }
}

ATTNVIZ_INLINE void multiplyAll(const float* queries, int rows, int width, const float* panels,
                                int firstPanel, int lastPanel, float scale, float* out,
                                std::ptrdiff_t stride) {
    constexpr int kBlock = 4;  // 8 sums in flight hide the latency of a multiply-add
    for (int panel = firstPanel; panel < lastPanel; ++panel) {
        const float* keys = panels + static_cast<std::ptrdiff_t>(panel) * kPanelKeys * width;
        float* to = out + static_cast<std::ptrdiff_t>(panel - firstPanel) * kPanelKeys;
        int row = 0;
        for (; row + kBlock <= rows; row += kBlock)
            multiplyRows<kBlock>(queries + static_cast<std::ptrdiff_t>(row) * width, width, keys, scale,
                                 to + row * stride, stride);
        for (; row < rows; ++row)
            multiplyRows<1>(queries + static_cast<std::ptrdiff_t>(row) * width, width, keys, scale,
                            to + row * stride, stride);
    }
}

using Multiply = void (*)(const float*, int, int, const float*, int, int, float, float*, std::ptrdiff_t);

void multiplyPlain(const float* queries, int rows, int width, const float* panels, int firstPanel,
                   int lastPanel, float scale, float* out, std::ptrdiff_t stride) {
    multiplyAll(queries, rows, width, panels, firstPanel, lastPanel, scale, out, stride);
}

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) void multiplyAvx2(const float* queries, int rows, int width,
                                                      const float* panels, int firstPanel, int lastPanel,
                                                      float scale, float* out, std::ptrdiff_t stride) {
    multiplyAll(queries, rows, width, panels, firstPanel, lastPanel, scale, out, stride);
}
#endif

Multiply chosenMultiply() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &multiplyAvx2;
#endif
    return &multiplyPlain;
}

}  // namespace

void packKeys(const float* keys, int count, int width, std::span<float> panels) {
    float* to = panels.data();
    for (int first = 0; first < count;
         first += kPanelKeys, to += static_cast<std::ptrdiff_t>(width) * kPanelKeys) {
        const int here = std::min(kPanelKeys, count - first);
        if (here < kPanelKeys) std::fill_n(to, static_cast<std::ptrdiff_t>(width) * kPanelKeys, 0.0F);
        const float* from = keys + static_cast<std::ptrdiff_t>(first) * width;
        for (int i = 0; i < width; ++i)
            for (int key = 0; key < here; ++key)
                to[i * kPanelKeys + key] = from[key * static_cast<std::ptrdiff_t>(width) + i];
    }
}

void multiplyPanels(const float* queries, int rows, int width, const float* panels, int firstPanel,
                    int lastPanel, float scale, float* out, std::ptrdiff_t stride) {
    static const Multiply multiply = chosenMultiply();
    multiply(queries, rows, width, panels, firstPanel, lastPanel, scale, out, stride);
}

void capValues(std::span<float> values, float cap) {
    constexpr std::size_t kRun = 256;
    float powers[kRun];
    for (std::size_t begin = 0; begin < values.size(); begin += kRun) {
        const auto run = values.subspan(begin, std::min(kRun, values.size() - begin));
        const auto count = run.size();
        for (std::size_t i = 0; i < count; ++i) powers[i] = 2.0F * std::fabs(run[i] / cap);
        exponentials(std::span(powers).first(count), 0.0F);
        for (std::size_t i = 0; i < count; ++i) {
            const float x = run[i] / cap;
            const float z = x * x;
            // Near zero the quotient loses digits; the odd polynomial does not (Cephes).
            float small = -5.70498872745e-3F;
            small = small * z + 2.06390887954e-2F;
            small = small * z - 5.37397155531e-2F;
            small = small * z + 1.33314422036e-1F;
            small = small * z - 3.33332819422e-1F;
            small = small * z * x + x;
            const float large = std::copysign(1.0F - 2.0F / (powers[i] + 1.0F), x);
            run[i] = cap * (std::fabs(x) < 0.625F ? small : large);
        }
    }
}

}  // namespace attnviz
