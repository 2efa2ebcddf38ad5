#include "core/session/visibility_guess.h"

#include <algorithm>
#include <cstdint>

namespace attnviz {
namespace {

template <class Weight>
bool isZero(Weight weight) {
    if constexpr (std::is_same_v<Weight, std::uint16_t>)
        return (weight & 0x7FFFU) == 0;
    else
        return weight == 0;
}

// Notes which keys are used at all, and whether one is used by a query before it.
template <class Weight>
void look(const std::vector<Weight>& weights, const WeightBlock& block, std::vector<std::uint8_t>& used,
          bool& ahead) {
    const auto keys = static_cast<std::size_t>(block.keys), queries = static_cast<std::size_t>(block.queries);
    for (std::size_t row = 0; row * keys < weights.size(); ++row) {
        const std::size_t query = row % queries;
        const Weight* const cells = weights.data() + row * keys;
        for (std::size_t key = 0; key < keys; ++key) {
            if (isZero(cells[key])) continue;
            used[key] = 1;
            ahead = ahead || key > query;
        }
    }
}

// "29", "29 to 63", "0, 29 to 63 and 70"
std::string ranges(const std::vector<int>& keys) {
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < keys.size();) {
        std::size_t end = i + 1;
        while (end < keys.size() && keys[end] == keys[end - 1] + 1) ++end;
        parts.push_back(end - i == 1 ? std::to_string(keys[i])
                                     : std::to_string(keys[i]) + " to " + std::to_string(keys[end - 1]));
        i = end;
    }
    constexpr std::size_t kShown = 4;
    std::string text;
    for (std::size_t i = 0; i < std::min(parts.size(), kShown); ++i) text += (i > 0 ? ", " : "") + parts[i];
    return parts.size() > kShown ? text + " and others" : text;
}

}  // namespace

Result<VisibilityGuess> guessVisibility(const WeightBlock& block, bool mayBeCausal, std::stop_token stop) {
    VisibilityGuess guess{Visibility(block.queries, block.keys), {}};
    std::vector<std::uint8_t> used(static_cast<std::size_t>(block.keys), 0);
    bool ahead = false;
    for (const auto& layer : block.layers) {
        if (stop.stop_requested()) return cancelled();
        if (layer->halves.empty())
            look(layer->floats, block, used, ahead);
        else
            look(layer->halves, block, used, ahead);
    }
    if (mayBeCausal && block.queries == block.keys && block.keys > 1 && !ahead) {
        guess.visibility.setCausal(true);
        guess.notices.push_back(
            "Taken as causal: every weight above the diagonal is exactly 0, so later tokens are drawn as "
            "hidden.");
    }
    std::vector<int> unused;
    for (int key = 0; key < block.keys; ++key)
        if (!used[static_cast<std::size_t>(key)]) unused.push_back(key);
    // Where nothing at all is used, nothing is known.
    if (unused.empty() || unused.size() == used.size()) return guess;
    guess.notices.push_back("Taken as padding: " + std::to_string(unused.size()) +
                            (unused.size() == 1 ? " token" : " tokens") + " (" + ranges(unused) +
                            ") to which no query gives any weight.");
    guess.visibility.setMaskedKeys(std::move(unused));
    return guess;
}

}  // namespace attnviz
