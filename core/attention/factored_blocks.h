// Recomputes blocks of one head's logits and weights from its queries and keys.
//
// Only what is visible is multiplied. One object serves one thread; make one a call, it is cheap.
#pragma once

#include <cstddef>
#include <span>
#include <stop_token>
#include <vector>

#include "core/attention/factored_attention.h"

namespace attnviz {

class FactoredBlocks {
 public:
    // `layer` and `info` must outlive it.
    FactoredBlocks(const AttentionInfo& info, int layerIndex, const FactoredLayer& layer, int head);

    // Weights of the queries [query, query + count) and `keys`; out[row * stride + (key - keys.begin)]. What
    // is not visible is 0. False when `stop` fired.
    bool weights(int query, int count, KeyRange keys, float* out, std::ptrdiff_t stride,
                 const std::stop_token& stop);

    // The largest weight of each square of 2^level x 2^level, of the queries [query, query + count) and
    // `keys`: cell (q, k) is out[q * stride + k], kMaskedCell where nothing is visible. The exponential is
    // monotonous, so it is taken of the largest logits alone. False when `stop` fired.
    bool maxima(int query, int count, KeyRange keys, int level, std::span<float> out, std::ptrdiff_t stride,
                const std::stop_token& stop);

    // Log-sum-exp of the queries [query, query + out.size()), a sink included.
    bool logSumExp(int query, std::span<float> out, const std::stop_token& stop);

 private:
    void loadQueries(int query, int count);
    void packChunk(KeyRange keys);
    template <class RowDone>
    bool chunks(int query, int count, KeyRange keys, const std::stop_token& stop, RowDone rowDone);

    const AttentionInfo& m_info;
    int m_layerIndex;
    const FactoredLayer& m_layer;
    int m_head, m_keyValueHead;
    LogitBias m_bias;
    const float* m_queries = nullptr;
    std::vector<float> m_widenedQueries, m_widenedKeys, m_panels, m_logits, m_biases;
};

}  // namespace attnviz
