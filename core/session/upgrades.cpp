#include "core/session/upgrades.h"

#include <array>

#include "core/session/session_keys.h"
#include "core/session/token_labels.h"
#include "core/session/visibility_guess.h"

namespace attnviz {
namespace {

// 0 to 1: the tokens become a sequence, and the map an entry of "attentions". What queries could see was not
// written down.
Result<void> nameTheAttention(SessionDocument& document) {
    if (!document.weights)
        return badInput("there are no \"attention_weights\"", document.where,
                        "They are nested lists of numbers.");
    document.sequences["input"].text = tokensFromLabels(document.labels, document.text);
    auto guess = guessVisibility(*document.weights, true, {});
    if (!guess) return guess.error();
    AttentionEntry entry;
    entry.kind = guess->visibility.causal() ? AttentionKind::decoder : AttentionKind::encoder;
    entry.causal = guess->visibility.causal();
    entry.maskedKeys = guess->visibility.maskedKeys();
    entry.layers = static_cast<std::int64_t>(document.weights->layers.size());
    entry.heads = entry.keyValueHeads = document.weights->heads;
    document.attentions = {std::move(entry)};
    for (auto& notice : guess->notices) document.notices.push_back(std::move(notice));
    return {};
}

constexpr std::array<Result<void> (*)(SessionDocument&), kSessionVersion> kSteps{&nameTheAttention};

}  // namespace

Result<void> upgradeSession(SessionDocument& document) {
    for (; document.version < kSessionVersion; ++document.version)
        if (auto done = kSteps[static_cast<std::size_t>(document.version)](document); !done) return done;
    return {};
}

}  // namespace attnviz
