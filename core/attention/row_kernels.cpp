#include "core/attention/row_kernels.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

// One source, two machine codes: with AVX2 and FMA, and without; the loader picks. Sanitizers cannot run
// before the program is set up, as that choice does.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define ATTNVIZ_VECTORISED __attribute__((target_clones("arch=haswell", "default")))
#else
#define ATTNVIZ_VECTORISED
#endif

namespace attnviz {
namespace {

constexpr float kSparseBelow = 0.01F;
constexpr int kLanes = 8;

// exp by range reduction to [-ln2/2, ln2/2] and a polynomial of degree 6 (the classical Cephes coefficients).
inline float exponential(float x) {
    const float clamped = std::min(std::max(x, -87.0F), 88.0F);
    const float scaled = clamped * 1.44269504088896341F;
    const auto n = static_cast<std::int32_t>(scaled + (scaled < 0 ? -0.5F : 0.5F));
    const auto whole = static_cast<float>(n);
    const float r = (clamped - whole * 0.693359375F) + whole * 2.12194440e-4F;
    float p = 1.9875691500e-4F;
    p = p * r + 1.3981999507e-3F;
    p = p * r + 8.3334519073e-3F;
    p = p * r + 4.1665795894e-2F;
    p = p * r + 1.6666665459e-1F;
    p = p * r + 5.0000001201e-1F;
    p = p * r * r + r + 1.0F;
    const float power = std::bit_cast<float>((n + 127) << 23);
    const float value = p * power;
    return x < -87.0F ? 0.0F : value;
}

// ln x for normal x > 0: exponent, and a polynomial on [sqrt(1/2), sqrt(2)) (Cephes as well).
inline float naturalLogarithm(float x) {
    const auto bits = std::bit_cast<std::int32_t>(x);
    std::int32_t exponent = (bits >> 23) - 126;
    float m = std::bit_cast<float>((bits & 0x007FFFFF) | 0x3F000000);  // [0.5, 1)
    const bool low = m < 0.70710678118654752F;
    exponent -= low ? 1 : 0;
    m = low ? m + m - 1.0F : m - 1.0F;
    const float z = m * m;
    float p = 7.0376836292e-2F;
    p = p * m - 1.1514610310e-1F;
    p = p * m + 1.1676998740e-1F;
    p = p * m - 1.2420140846e-1F;
    p = p * m + 1.4249322787e-1F;
    p = p * m - 1.6668057665e-1F;
    p = p * m + 2.0000714765e-1F;
    p = p * m - 2.4999993993e-1F;
    p = p * m + 3.3333331174e-1F;
    const auto e = static_cast<float>(exponent);
    const float tail = p * m * z - 2.12194440e-4F * e - 0.5F * z;
    return m + tail + 0.693359375F * e;
}

}  // namespace

ATTNVIZ_VECTORISED
void dotRows(const float* query, const float* keys, std::int64_t stride, int size, float scale,
             std::span<float> out) {
    const std::int64_t count = static_cast<std::int64_t>(out.size());
    std::int64_t key = 0;
    // Four keys at once share each load of the query; lanes are summed at the end.
    for (; key + 4 <= count; key += 4) {
        const float* a = keys + key * stride;
        const float* b = a + stride;
        const float* c = b + stride;
        const float* d = c + stride;
        float sums[4][kLanes] = {};
        int i = 0;
        for (; i + kLanes <= size; i += kLanes)
            for (int lane = 0; lane < kLanes; ++lane) {
                const float q = query[i + lane];
                sums[0][lane] += q * a[i + lane];
                sums[1][lane] += q * b[i + lane];
                sums[2][lane] += q * c[i + lane];
                sums[3][lane] += q * d[i + lane];
            }
        for (; i < size; ++i) {
            sums[0][0] += query[i] * a[i];
            sums[1][0] += query[i] * b[i];
            sums[2][0] += query[i] * c[i];
            sums[3][0] += query[i] * d[i];
        }
        for (int row = 0; row < 4; ++row) {
            float sum = 0;
            for (int lane = 0; lane < kLanes; ++lane) sum += sums[row][lane];
            out[static_cast<std::size_t>(key + row)] = scale * sum;
        }
    }
    for (; key < count; ++key) {
        const float* a = keys + key * stride;
        float sums[kLanes] = {};
        int i = 0;
        for (; i + kLanes <= size; i += kLanes)
            for (int lane = 0; lane < kLanes; ++lane) sums[lane] += query[i + lane] * a[i + lane];
        for (; i < size; ++i) sums[0] += query[i] * a[i];
        float sum = 0;
        for (const float lane : sums) sum += lane;
        out[static_cast<std::size_t>(key)] = scale * sum;
    }
}

ATTNVIZ_VECTORISED
void exponentials(std::span<float> values, float shift) {
    float* data = values.data();
    const std::size_t count = values.size();
    for (std::size_t i = 0; i < count; ++i) data[i] = exponential(data[i] - shift);
}

ATTNVIZ_VECTORISED
float largest(std::span<const float> values) {
    float lanes[kLanes];
    std::fill(std::begin(lanes), std::end(lanes), -std::numeric_limits<float>::infinity());
    std::size_t i = 0;
    for (; i + kLanes <= values.size(); i += kLanes)
        for (int lane = 0; lane < kLanes; ++lane)
            lanes[lane] = lanes[lane] > values[i + static_cast<std::size_t>(lane)]
                              ? lanes[lane]
                              : values[i + static_cast<std::size_t>(lane)];
    for (; i < values.size(); ++i) lanes[0] = std::max(lanes[0], values[i]);
    return *std::max_element(std::begin(lanes), std::end(lanes));
}

ATTNVIZ_VECTORISED
RowMoments softmaxRow(std::span<float> values, int query, int firstKey) {
    RowMoments moments;
    float* data = values.data();
    const int count = static_cast<int>(values.size());
    if (count == 0) return moments;
    const float max = largest(values);
    if (max == -std::numeric_limits<float>::infinity()) {
        std::fill(values.begin(), values.end(), 0.0F);
        for (float& value : values) value = 1.0F / static_cast<float>(count);
        moments.logSumExp = max;
        moments.entropy = std::log(static_cast<double>(count));
        for (int i = 0; i < count; ++i)
            moments.distance += std::abs(query - firstKey - i) / static_cast<double>(count);
        moments.max = values[0];
        moments.below = moments.max < kSparseBelow ? count : 0;
        return moments;
    }
    // Lanes in float over short runs, runs in float64: quick, and exact to 1e-7 at any length.
    double sum = 0, weighted = 0;
    constexpr int kRun = 256;
    for (int begin = 0; begin < count; begin += kRun) {
        const int end = std::min(begin + kRun, count);
        float sums[kLanes] = {}, products[kLanes] = {};
        int i = begin;
        for (; i + kLanes <= end; i += kLanes)
            for (int lane = 0; lane < kLanes; ++lane) {
                const float below = std::max(data[i + lane] - max, -1e4F);  // -inf times 0 would be NaN
                const float e = exponential(below);
                data[i + lane] = e;
                sums[lane] += e;
                products[lane] += e * below;
            }
        for (; i < end; ++i) {
            const float below = std::max(data[i] - max, -1e4F);
            const float e = exponential(below);
            data[i] = e;
            sums[0] += e;
            products[0] += e * below;
        }
        for (int lane = 0; lane < kLanes; ++lane) {
            sum += sums[lane];
            weighted += products[lane];
        }
    }
    const float inverse = static_cast<float>(1.0 / sum);
    double distance = 0;
    int below = 0;
    const float offset = static_cast<float>(query - firstKey);
    for (int begin = 0; begin < count; begin += kRun) {
        const int end = std::min(begin + kRun, count);
        float distances[kLanes] = {};
        std::int32_t sparse[kLanes] = {};
        int i = begin;
        for (; i + kLanes <= end; i += kLanes)
            for (int lane = 0; lane < kLanes; ++lane) {
                const float weight = data[i + lane] * inverse;
                data[i + lane] = weight;
                distances[lane] += weight * std::fabs(offset - static_cast<float>(i + lane));
                sparse[lane] += weight < kSparseBelow ? 1 : 0;
            }
        for (; i < end; ++i) {
            const float weight = data[i] * inverse;
            data[i] = weight;
            distances[0] += weight * std::fabs(offset - static_cast<float>(i));
            sparse[0] += weight < kSparseBelow ? 1 : 0;
        }
        for (int lane = 0; lane < kLanes; ++lane) {
            distance += distances[lane];
            below += sparse[lane];
        }
    }
    moments.logSumExp = static_cast<double>(max) + std::log(sum);
    moments.entropy = std::max(0.0, std::log(sum) - weighted / sum);
    moments.distance = distance;
    moments.max = inverse;
    moments.below = below;
    return moments;
}

ATTNVIZ_VECTORISED
RowMoments weightMoments(std::span<const float> weights, int query, int firstKey) {
    RowMoments moments;
    const float* data = weights.data();
    const int count = static_cast<int>(weights.size());
    const float offset = static_cast<float>(query - firstKey);
    constexpr int kRun = 256;  // lanes in float over short runs, runs in float64
    for (int begin = 0; begin < count; begin += kRun) {
        const int end = std::min(begin + kRun, count);
        float entropies[kLanes] = {}, distances[kLanes] = {}, maxima[kLanes] = {};
        std::int32_t sparse[kLanes] = {};
        int i = begin;
        for (; i + kLanes <= end; i += kLanes)
            for (int lane = 0; lane < kLanes; ++lane) {
                const float weight = data[i + lane];
                const float positive = weight > 1e-37F ? weight : 1.0F;  // 0 ln 0 = 0
                const float counted = weight > 0.0F ? weight : 0.0F;
                entropies[lane] -= positive * naturalLogarithm(positive);
                distances[lane] += counted * std::fabs(offset - static_cast<float>(i + lane));
                maxima[lane] = maxima[lane] > weight ? maxima[lane] : weight;
                sparse[lane] += weight < kSparseBelow ? 1 : 0;
            }
        for (; i < end; ++i) {
            const float weight = data[i];
            if (weight > 1e-37F) entropies[0] -= weight * naturalLogarithm(weight);
            if (weight > 0.0F) distances[0] += weight * std::fabs(offset - static_cast<float>(i));
            maxima[0] = std::max(maxima[0], weight);
            sparse[0] += weight < kSparseBelow ? 1 : 0;
        }
        for (int lane = 0; lane < kLanes; ++lane) {
            moments.entropy += entropies[lane];
            moments.distance += distances[lane];
            moments.max = std::max(moments.max, maxima[lane]);
            moments.below += sparse[lane];
        }
    }
    return moments;
}

ATTNVIZ_VECTORISED
void accumulate(std::span<const float> values, std::span<double> out) {
    const float* in = values.data();
    double* to = out.data();
    const std::size_t count = values.size();
    for (std::size_t i = 0; i < count; ++i) to[i] += static_cast<double>(in[i]);
}

ATTNVIZ_VECTORISED
SumAndMax sumAndMax(std::span<const float> values) {
    float sums[kLanes] = {}, maxima[kLanes];
    std::fill(std::begin(maxima), std::end(maxima), -1.0F);
    std::size_t i = 0;
    for (; i + kLanes <= values.size(); i += kLanes)
        for (int lane = 0; lane < kLanes; ++lane) {
            const float value = values[i + static_cast<std::size_t>(lane)];
            sums[lane] += value;
            maxima[lane] = maxima[lane] > value ? maxima[lane] : value;
        }
    SumAndMax result;
    for (int lane = 0; lane < kLanes; ++lane) {
        result.sum += sums[lane];
        result.max = std::max(result.max, maxima[lane]);
    }
    for (; i < values.size(); ++i) {
        result.sum += values[i];
        result.max = std::max(result.max, values[i]);
    }
    return result;
}

}  // namespace attnviz
