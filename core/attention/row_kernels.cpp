#include "core/attention/row_kernels.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

// One source, two machine codes: with AVX2 and FMA, and without; the loader picks. Sanitizers cannot run
// before the program is set up, as that choice does.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define ATTNVIZ_VECTORISED __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define ATTNVIZ_VECTORISED
#endif

namespace attnviz {
namespace {

constexpr float kSparseBelow = 0.01F;
constexpr int kLanes = 8;

// Eight numbers at once: one AVX register, or two of SSE. Spelled out, because the compiler gives up on loops
// that store and sum at the same time.
using Floats = float __attribute__((vector_size(32)));
using Integers = std::int32_t __attribute__((vector_size(32)));
#define ATTNVIZ_INLINE inline __attribute__((always_inline))

ATTNVIZ_INLINE void load(Floats& lanes, const float* from) {
    std::memcpy(&lanes, from, sizeof lanes);
}
ATTNVIZ_INLINE void store(const Floats& lanes, float* to) {
    std::memcpy(to, &lanes, sizeof lanes);
}
// The last few of a row, with `rest` behind them.
ATTNVIZ_INLINE void loadTail(Floats& lanes, const float* from, int count, float rest) {
    lanes = Floats{} + rest;
    for (int lane = 0; lane < count; ++lane) lanes[lane] = from[lane];
}
ATTNVIZ_INLINE void storeTail(const Floats& lanes, float* to, int count) {
    for (int lane = 0; lane < count; ++lane) to[lane] = lanes[lane];
}
ATTNVIZ_INLINE float sumOf(const Floats& lanes) {
    return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}
ATTNVIZ_INLINE int sumOf(const Integers& lanes) {
    int sum = 0;
    for (int lane = 0; lane < kLanes; ++lane) sum += lanes[lane];
    return sum;
}
ATTNVIZ_INLINE float largestOf(const Floats& lanes) {
    float most = lanes[0];
    for (int lane = 1; lane < kLanes; ++lane) most = lanes[lane] > most ? lanes[lane] : most;
    return most;
}

// x = exp(x), by range reduction to [-ln2/2, ln2/2] and a polynomial of degree 6 (the classical Cephes
// coefficients). Below -87 it is 0.
ATTNVIZ_INLINE void exponential(Floats& x) {
    constexpr float kRounder =
        12582912.0F;  // 1.5 * 2^23: adding it leaves the nearest integer in the low bits
    Floats clamped = x > -87.0F ? x : Floats{} - 87.0F;
    clamped = clamped < 88.0F ? clamped : Floats{} + 88.0F;
    const Floats shifted = clamped * 1.44269504088896341F + kRounder;
    const Floats whole = shifted - kRounder;
    const Floats r = (clamped - whole * 0.693359375F) + whole * 2.12194440e-4F;
    Floats p = r * 1.9875691500e-4F + 1.3981999507e-3F;
    p = p * r + 8.3334519073e-3F;
    p = p * r + 4.1665795894e-2F;
    p = p * r + 1.6666665459e-1F;
    p = p * r + 5.0000001201e-1F;
    p = p * r * r + r + 1.0F;
    const Integers exponent = (reinterpret_cast<Integers>(shifted) + (127 - 0x4B400000)) << 23;
    const Floats value = p * reinterpret_cast<Floats>(exponent);
    x = x < -87.0F ? Floats{} : value;
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
    const int count = static_cast<int>(values.size());
    Floats lanes;
    int i = 0;
    for (; i + kLanes <= count; i += kLanes) {
        load(lanes, data + i);
        lanes -= shift;
        exponential(lanes);
        store(lanes, data + i);
    }
    if (i == count) return;
    loadTail(lanes, data + i, count - i, shift);
    lanes -= shift;
    exponential(lanes);
    storeTail(lanes, data + i, count - i);
}

ATTNVIZ_VECTORISED
float largest(std::span<const float> values) {
    constexpr float kNone = -std::numeric_limits<float>::infinity();
    const float* data = values.data();
    const int count = static_cast<int>(values.size());
    Floats most = Floats{} + kNone, next = most, lanes;
    int i = 0;
    for (; i + 2 * kLanes <= count; i += 2 * kLanes) {
        load(lanes, data + i);
        most = most > lanes ? most : lanes;
        load(lanes, data + i + kLanes);
        next = next > lanes ? next : lanes;
    }
    for (; i < count; i += kLanes) {
        loadTail(lanes, data + i, std::min(kLanes, count - i), kNone);
        most = most > lanes ? most : lanes;
    }
    most = most > next ? most : next;
    return largestOf(most);
}

ATTNVIZ_VECTORISED
void joinMaxima(std::span<const float> values, float shift, std::span<float> joined) {
    constexpr float kLeast = -1e30F;
    const float* from = values.data();
    float* to = joined.data();
    const int count = static_cast<int>(values.size());
    Floats lanes, most;
    int i = 0;
    for (; i + kLanes <= count; i += kLanes) {
        load(lanes, from + i);
        load(most, to + i);
        lanes -= shift;
        lanes = lanes > kLeast ? lanes : Floats{} + kLeast;
        most = most > lanes ? most : lanes;
        store(most, to + i);
    }
    for (; i < count; ++i) to[i] = std::max(to[i], std::max(kLeast, from[i] - shift));
}

ATTNVIZ_VECTORISED
RowMoments softmaxRow(std::span<float> values, int query, int firstKey) {
    RowMoments moments;
    float* data = values.data();
    const int count = static_cast<int>(values.size());
    if (count == 0) return moments;
    const float max = largest(values);
    if (max == -std::numeric_limits<float>::infinity()) {
        for (float& value : values) value = 1.0F / static_cast<float>(count);
        moments.logSumExp = static_cast<double>(max);
        moments.entropy = std::log(static_cast<double>(count));
        for (int i = 0; i < count; ++i)
            moments.distance += std::abs(query - firstKey - i) / static_cast<double>(count);
        moments.max = values[0];
        moments.below = moments.max < kSparseBelow ? count : 0;
        return moments;
    }
    // Lanes in float over short runs, runs in float64: quick, and exact to 1e-7 at any length.
    constexpr int kRun = 512;
    constexpr float kFar = -1e4F;  // for masked keys: -inf times 0 would be NaN
    double sum = 0, weighted = 0;
    for (int begin = 0; begin < count; begin += kRun) {
        const int end = std::min(begin + kRun, count);
        Floats sums{}, products{}, below;
        int i = begin;
        for (; i + kLanes <= end; i += kLanes) {
            load(below, data + i);
            below -= max;
            below = below > kFar ? below : Floats{} + kFar;
            Floats e = below;
            exponential(e);
            store(e, data + i);
            sums += e;
            products += e * below;
        }
        if (i < end) {
            loadTail(below, data + i, end - i, kFar + max);
            below -= max;
            below = below > kFar ? below : Floats{} + kFar;
            Floats e = below;
            exponential(e);
            storeTail(e, data + i, end - i);
            sums += e;
            products += e * below;
        }
        sum += static_cast<double>(sumOf(sums));
        weighted += static_cast<double>(sumOf(products));
    }
    const float inverse = static_cast<float>(1.0 / sum);
    double distance = 0;
    int below = 0;
    const Floats kSteps{0, 1, 2, 3, 4, 5, 6, 7};
    for (int begin = 0; begin < count; begin += kRun) {
        const int end = std::min(begin + kRun, count);
        Floats distances{}, weights;
        Floats away = kSteps + static_cast<float>(begin - (query - firstKey));  // exact below 2^24
        Integers sparse{};
        int i = begin;
        for (; i + kLanes <= end; i += kLanes) {
            load(weights, data + i);
            weights *= inverse;
            store(weights, data + i);
            distances += weights * (away < 0.0F ? -away : away);
            away += static_cast<float>(kLanes);
            sparse -= weights < kSparseBelow;
        }
        for (; i < end; ++i) {
            const float weight = data[i] * inverse;
            data[i] = weight;
            distance += static_cast<double>(weight) * std::abs(query - firstKey - i);
            below += weight < kSparseBelow ? 1 : 0;
        }
        distance += static_cast<double>(sumOf(distances));
        below += sumOf(sparse);
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
    const float* data = values.data();
    const int count = static_cast<int>(values.size());
    Floats sums{}, maxima = Floats{} - 1.0F, lanes;
    int i = 0;
    for (; i + kLanes <= count; i += kLanes) {
        load(lanes, data + i);
        sums += lanes;
        maxima = maxima > lanes ? maxima : lanes;
    }
    SumAndMax result{static_cast<double>(sumOf(sums)), largestOf(maxima)};
    for (; i < count; ++i) {
        result.sum += static_cast<double>(data[i]);
        result.max = std::max(result.max, data[i]);
    }
    return result;
}

}  // namespace attnviz
