#include "core/model/sampling.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace attnviz {
namespace {

std::string shortNumber(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.4g", value);
    return text;
}

}  // namespace

std::string Sampling::sentence() const {
    if (greedy) return "likeliest token first";
    std::string text = "drawn with temperature " + shortNumber(temperature);
    if (topK > 0) text += ", top-k " + std::to_string(topK);
    if (topP < 1) text += ", top-p " + shortNumber(topP);
    return text + ", seed " + std::to_string(seed);
}

Result<void> checkSampling(const Sampling& sampling) {
    if (!(sampling.temperature > 0) || !std::isfinite(sampling.temperature))
        return badInput("the temperature is " + shortNumber(sampling.temperature), "--temperature",
                        "Give a number above 0, or 0 on the command line for the likeliest token.");
    if (sampling.topK < 0)
        return badInput("top-k is " + std::to_string(sampling.topK), "--sample-top-k",
                        "Give 0 for all tokens, or how many.");
    if (!(sampling.topP > 0) || sampling.topP > 1)
        return badInput("top-p is " + shortNumber(sampling.topP), "--top-p",
                        "Give a share above 0, at most 1.");
    return {};
}

std::vector<SampledToken> samplingCandidates(std::span<const float> logits, const Sampling& sampling) {
    std::vector<SampledToken> tokens;  // probabilities hold logits first
    for (std::size_t id = 0; id < logits.size(); ++id)
        if (std::isfinite(logits[id]))
            tokens.push_back(
                {static_cast<std::int64_t>(id), static_cast<double>(logits[id]) / sampling.temperature});
    if (tokens.empty()) return tokens;
    std::sort(tokens.begin(), tokens.end(), [](const SampledToken& a, const SampledToken& b) {
        return a.probability != b.probability ? a.probability > b.probability : a.id < b.id;
    });
    if (sampling.topK > 0 && tokens.size() > static_cast<std::size_t>(sampling.topK)) {
        const double last = tokens[static_cast<std::size_t>(sampling.topK) - 1].probability;
        std::erase_if(tokens, [last](const SampledToken& token) { return token.probability < last; });
    }
    const double largest = tokens.front().probability;
    double sum = 0;
    for (auto& token : tokens) sum += token.probability = std::exp(token.probability - largest);
    // A token stays while those before it, all likelier, have less than P: the first always does.
    double before = 0;
    std::size_t kept = 0;
    while (kept < tokens.size() && (kept == 0 || before < sampling.topP * sum))
        before += tokens[kept++].probability;
    tokens.resize(kept);
    for (auto& token : tokens) token.probability /= before;
    return tokens;
}

double TokenSampler::uniform() {
    m_state += 0x9E3779B97F4A7C15U;
    std::uint64_t mixed = m_state;
    mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9U;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBU;
    return static_cast<double>((mixed ^ (mixed >> 31U)) >> 11U) * 0x1p-53;
}

std::int64_t TokenSampler::choose(std::span<const float> logits) {
    if (m_sampling.greedy) {
        std::int64_t best = -1;
        for (std::size_t id = 0; id < logits.size(); ++id)
            if (std::isfinite(logits[id]) &&
                (best < 0 || logits[id] > logits[static_cast<std::size_t>(best)]))
                best = static_cast<std::int64_t>(id);
        return best;
    }
    const auto tokens = samplingCandidates(logits, m_sampling);
    const double drawn = uniform();
    double sum = 0;
    for (const auto& token : tokens)
        if ((sum += token.probability) > drawn) return token.id;
    return tokens.empty() ? -1 : tokens.back().id;  // rounding left a last trace
}

}  // namespace attnviz
