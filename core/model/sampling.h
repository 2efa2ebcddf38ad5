// How the next token is chosen from its logits: the likeliest, or one drawn at random.
//
// Drawing works as the reference implementation does (transformers' TemperatureLogitsWarper,
// TopKLogitsWarper, TopPLogitsWarper, in this order): logits are divided by the temperature; all but the K
// largest are dropped, those equal to the last of them stay; of the others' probabilities the least set of
// likeliest is kept that sums to P or more; one of them is drawn by what is left. At least one stays.
//
// The same seed and logits give the same tokens on every machine: the generator is splitmix64 (Steele, Lea
// and Flood 2014), of whose 64 bits the upper 53 make a number in [0, 1), one for each token.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace attnviz {

struct Sampling {
    bool greedy = true;      // the likeliest, of equals the first; what follows counts only where it is false
    double temperature = 1;  // above 0
    int topK = 0;            // 0: all
    double topP = 1;         // above 0, at most 1
    std::uint64_t seed = 0;

    bool operator==(const Sampling&) const = default;
    // "likeliest token first", "drawn with temperature 0.8, top-p 0.9, seed 7".
    std::string sentence() const;
};

// Refuses what is out of range, by the names of the command line.
Result<void> checkSampling(const Sampling& sampling);

// A token that may be drawn, with its probability among those that may.
struct SampledToken {
    std::int64_t id = 0;
    double probability = 0;
};

// Those that may be drawn, likeliest first, of equals the first id. `logits` (vocabulary); minus infinity:
// never. Empty if all are never.
std::vector<SampledToken> samplingCandidates(std::span<const float> logits, const Sampling& sampling);

// Chooses one token after another.
class TokenSampler {
 public:
    explicit TokenSampler(const Sampling& sampling) : m_sampling(sampling), m_state(sampling.seed) {}
    // The id; -1 if none may be chosen.
    std::int64_t choose(std::span<const float> logits);

 private:
    double uniform();  // [0, 1)

    Sampling m_sampling;
    std::uint64_t m_state;
};

}  // namespace attnviz
