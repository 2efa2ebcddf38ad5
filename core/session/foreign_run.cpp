#include "core/session/foreign_run.h"

#include <algorithm>
#include <numeric>

#include "core/session/token_labels.h"
#include "core/session/visibility_guess.h"

namespace attnviz {
namespace {

// As many tokens as the map wants. Labels that stop where the padding begins are filled up.
Result<TokenizedText> tokensOf(ForeignTokens given, int wanted, const std::vector<int>& padding,
                               const std::string& side, ForeignRun& foreign) {
    const auto count = static_cast<std::size_t>(wanted);
    if (given.empty()) {
        std::vector<std::int64_t> ids(count);
        std::iota(ids.begin(), ids.end(), 0);
        foreign.notices.push_back("The " + side + " have no text in this file; they are numbered.");
        return numberedTokens(ids, {});
    }
    if (given.labels.empty()) {
        if (given.ids.size() == count) return numberedTokens(given.ids, {});
    } else {
        const bool restIsPadding = given.labels.size() < count &&
                                   padding.size() == count - given.labels.size() &&
                                   padding.front() == static_cast<int>(given.labels.size());
        if (restIsPadding) given.labels.resize(count, "[PAD]");
        if (given.labels.size() == count) {
            TokenizedText text = tokensFromLabels(given.labels, given.text);
            for (std::size_t i = 0; i < std::min(count, given.ids.size()); ++i)
                text.tokens[i].id = given.ids[i];
            return text;
        }
    }
    return badInput("the attention is over " + std::to_string(wanted) + " " + side + ", but the file names " +
                        std::to_string(given.labels.empty() ? given.ids.size() : given.labels.size()),
                    foreign.where);
}

Result<std::shared_ptr<const AttentionSource>> sourceOf(ForeignMap map, AttentionKind kind,
                                                        ForeignRun& foreign, std::stop_token stop) {
    WeightBlock& block = map.weights;
    auto guess = guessVisibility(block, kind == AttentionKind::decoder || !map.kind, stop);
    if (!guess) return guess.error();
    if (!map.kind && kind == AttentionKind::encoder && guess->visibility.causal())
        kind = AttentionKind::decoder;
    auto findings = inspectWeights(block, guess->visibility, foreign.where, stop);
    if (!findings) return findings.error();
    for (auto& notice : guess->notices) foreign.notices.push_back(std::move(notice));
    for (auto& notice : noticesOf(*findings, kind)) foreign.notices.push_back(std::move(notice));
    return std::shared_ptr<const AttentionSource>(
        denseSource(std::move(block), kind, std::move(guess->visibility)));
}

// Encoder and cross share their keys, decoder and cross their queries.
Result<void> checkSides(const AttentionRun& run, const std::string& where) {
    const auto* encoder = run.find(AttentionKind::encoder);
    const auto* decoder = run.find(AttentionKind::decoder);
    const auto* cross = run.find(AttentionKind::cross);
    const auto differ = [&](int one, int other, const char* what) {
        return badInput(
            std::string(what) + " " + std::to_string(one) + " and " + std::to_string(other) + " tokens",
            where, "Are these maps of the same text?");
    };
    if (encoder && cross && encoder->info().keys != cross->info().keys)
        return differ(encoder->info().keys, cross->info().keys, "encoder and cross attention have");
    if (decoder && cross && decoder->info().queries != cross->info().queries)
        return differ(decoder->info().queries, cross->info().queries, "decoder and cross attention have");
    for (const auto* square : {encoder, decoder})
        if (square && square->info().queries != square->info().keys)
            return differ(square->info().queries, square->info().keys, "self-attention has");
    return {};
}

// Gives both sides their tokens. A decoder's map alone is of the target, where the file names one.
Result<void> nameTokens(AttentionRun& run, ForeignRun& foreign) {
    const auto* cross = run.find(AttentionKind::cross);
    const auto* encoder = run.find(AttentionKind::encoder);
    const auto* decoder = run.find(AttentionKind::decoder);
    const bool alone = decoder && !encoder && !cross;
    const auto* target = cross ? cross : encoder || (alone && !foreign.queries.empty()) ? decoder : nullptr;
    const auto* input = encoder ? encoder : cross ? cross : target ? nullptr : decoder;
    if (input) {
        const auto& padding = input->info().visibility.maskedKeys();
        auto tokens = tokensOf(std::move(foreign.keys), input->info().keys, padding,
                               target ? "keys" : "tokens", foreign);
        if (!tokens) return tokens.error();
        run.input = std::move(*tokens);
    } else {
        run.input = foreign.keys.labels.empty() ? numberedTokens(foreign.keys.ids, {})
                                                : tokensFromLabels(foreign.keys.labels, foreign.keys.text);
    }
    if (target) {
        auto tokens = tokensOf(std::move(foreign.queries), target->info().queries, {}, "queries", foreign);
        if (!tokens) return tokens.error();
        run.target = std::move(*tokens);
    }
    return {};
}

}  // namespace

Result<Session> foreignSession(ForeignRun foreign, std::stop_token stop) {
    auto run = std::make_shared<AttentionRun>();
    for (ForeignMap& map : foreign.maps) {
        const bool square = map.weights.queries == map.weights.keys;
        const bool twoTexts = !foreign.queries.empty();
        const AttentionKind kind =
            map.kind.value_or(square && !twoTexts ? AttentionKind::encoder : AttentionKind::cross);
        if (!map.kind && kind == AttentionKind::cross) map.kind = kind;
        auto source = sourceOf(std::move(map), kind, foreign, stop);
        if (!source) return source.error();
        run->sources.push_back(std::move(*source));
    }
    if (auto good = checkSides(*run, foreign.where); !good) return good.error();
    if (auto named = nameTokens(*run, foreign); !named) return named.error();
    run->model.name = std::move(foreign.modelName);
    run->predictions = std::move(foreign.predictions);
    run->notices = std::move(foreign.notices);
    Session session;
    session.run = std::move(run);
    session.foreign = true;
    session.unknownKeys = std::move(foreign.unknownKeys);
    return session;
}

}  // namespace attnviz
