// What stands between the product of a query and a key and its logit:
// logit = cap(scale * q.k) + bias, cap(x) = softcap * tanh(x / softcap).
//
// A value, kept a layer, all parts optional. Biases are ALiBi slopes (Press et al. 2022) or a bucketed table
// of relative positions (Raffel et al. 2020). A learned sink adds one logit to the softmax's sum and gets no
// column, so rows then sum to less than one. Sizes are by query head, never by key-value head.
#pragma once

#include <span>
#include <vector>

#include "core/attention/visibility.h"

namespace attnviz {

enum class AlibiRounding { none, bfloat16 };

// Bias slope[head] * position(key). Softmax does not see a constant of the row, so it is taken relative to
// the query: slope * (position(key) - position(query)), which loses nothing on long texts.
struct Alibi {
    std::vector<float> slopes;  // by head; empty: none
    AlibiRounding rounding =
        AlibiRounding::none;      // slope, position and product rounded, as some families compute it
    bool beforeScaling = false;   // added to q.k, so scaled with it
    bool countsUnmasked = false;  // position: unpadded keys before it, instead of the index
    bool operator==(const Alibi&) const = default;
};

struct RelativeTable {
    int buckets = 0;      // 0: none
    int maxDistance = 0;  // from here on, the last bucket
    bool twoSided = false;
    std::vector<float> values;  // [head][bucket]
    bool operator==(const RelativeTable&) const = default;
};

struct LogitAdjust {
    float softcap = 0;  // 0: none
    Alibi alibi;
    RelativeTable relative;
    std::vector<float> sinks;  // logit by head; empty: none

    bool hasBias() const { return !alibi.slopes.empty() || relative.buckets > 0; }
    bool operator==(const LogitAdjust&) const = default;
};

// The bucket of key - query = `distance`, as T5 has it. buckets >= 4, maxDistance > buckets / 2.
int relativeBucket(int distance, bool twoSided, int buckets, int maxDistance);

// The bias of one head, ready to be read for any (query, key) of a layer.
class LogitBias {
 public:
    // `scale` is the layer's, for biases that are scaled.
    LogitBias(const LogitAdjust& adjust, int head, float scale, const Visibility& visibility);

    bool none() const { return m_byDistance.empty() && m_keyTerms.empty(); }
    float at(int query, int key) const;
    // bias[i] = at(query, range.begin + i).
    void fill(int query, KeyRange range, std::span<float> bias) const;

 private:
    std::size_t placeOf(int distance) const {
        const int place = distance + m_farthest;
        return static_cast<std::size_t>(place);
    }

    int m_farthest = 0;               // distances are clamped to it
    std::vector<float> m_byDistance;  // by key - query + m_farthest
    std::vector<float> m_keyTerms;    // by key, where the bias is no function of the distance
};

}  // namespace attnviz
