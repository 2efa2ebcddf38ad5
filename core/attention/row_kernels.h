// The few loops that all attention passes through: products of queries and keys, the exponential, the softmax
// of a row.
//
// Plain loops that the compiler vectorises, compiled for the processors that have AVX2 and for those that
// have not, and chosen when the program starts. exp is within 2 units in the last place of float32 on [-87,
// 88].
#pragma once

#include <cstdint>
#include <span>

namespace attnviz {

// out[i] = scale * dot(query, keys[i]); `keys` is (out.size(), size), rows `stride` floats apart.
void dotRows(const float* query, const float* keys, std::int64_t stride, int size, float scale,
             std::span<float> out);

// values[i] = exp(values[i] - shift). Far below zero gives 0.
void exponentials(std::span<float> values, float shift);

float largest(std::span<const float> values);  // -infinity where empty

// joined[i] = max(joined[i], values[i] - shift, -1e30): what has been joined is told from what has not.
void joinMaxima(std::span<const float> values, float shift, std::span<float> joined);

// What one row's softmax says of itself, taken while it is hot.
struct RowMoments {
    double logSumExp = 0;  // of the logits
    double entropy = 0;    // -sum A ln A, nats
    double distance = 0;   // sum A |query - key|
    float max = 0;
    int below = 0;  // cells under the sparsity threshold of 0.01
};

// Logits to weights in place; `values` are those of the keys [firstKey, firstKey + size). -infinity is a
// masked key. A row without any visible key becomes uniform over all of `values`, as the reference's does.
RowMoments softmaxRow(std::span<float> values, int query, int firstKey);

// The same of weights that are there already, whatever they sum to; logSumExp stays 0. Entropy within 1e-6.
RowMoments weightMoments(std::span<const float> weights, int query, int firstKey);

// out[i] += values[i], in float64.
void accumulate(std::span<const float> values, std::span<double> out);

struct SumAndMax {
    double sum = 0;
    float max = -1.0F;
};
SumAndMax sumAndMax(std::span<const float> values);

}  // namespace attnviz
