#include "core/model/text_run.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "core/model/decoder_text.h"

namespace attnviz {
namespace {

// The number of tokens that may run, or nothing where there is no limit.
std::optional<int> lengthLimit(const ModelInfo& info, const MaxLength& wish) {
    if (wish.automatic) return info.positionLimit;
    if (wish.tokens == 0) return std::nullopt;
    return info.positionLimit ? std::min(*info.positionLimit, wish.tokens) : wish.tokens;
}

Error tooLong(std::size_t tokens, int limit) {
    return badInput("the text has " + std::to_string(tokens) + " tokens, but the model has " +
                        std::to_string(limit) + " positions",
                    {}, "Shorten it, or let it be cut with --max-length auto.");
}

std::string cutNotice(std::string_view what, std::size_t tokens, int limit) {
    return std::string(what) + " was cut from " + std::to_string(tokens) + " to " + std::to_string(limit) +
           " tokens.";
}

// What stays of two texts within `budget` tokens: the reference's "longest first".
std::pair<std::size_t, std::size_t> longestFirst(std::size_t first, std::size_t second, std::size_t budget) {
    if (first + second <= budget) return {first, second};
    std::size_t shorter = std::min(first, second), longer = std::max(first, second);
    longer = shorter > budget ? shorter : std::max(shorter, budget - shorter);
    if (shorter + longer > budget) {
        shorter = budget / 2;
        longer = shorter + budget % 2;
    }
    return first > second ? std::pair(longer, shorter) : std::pair(shorter, longer);
}

// Cuts each text from its end and keeps what the tokenizer added: tokens that are special and have no place
// in the text ([CLS], [SEP], </s>).
void cutTokens(std::vector<Token>& tokens, std::size_t limit) {
    const auto added = [](const Token& token) { return token.special && token.begin == 0 && token.end == 0; };
    std::array<std::size_t, 2> counts{0, 0};
    for (const auto& token : tokens)
        if (!added(token)) ++counts[token.segment != 0];
    const std::size_t addedCount = tokens.size() - counts[0] - counts[1];
    const auto [first, second] =
        longestFirst(counts[0], counts[1], limit > addedCount ? limit - addedCount : 0);
    const std::array<std::size_t, 2> kept{first, second};
    std::array<std::size_t, 2> seen{0, 0};
    std::erase_if(tokens, [&](const Token& token) {
        if (added(token)) return false;
        const std::size_t segment = token.segment != 0;
        return ++seen[segment] > kept[segment];
    });
    if (tokens.size() > limit) tokens.resize(limit);
}

Result<TokenizedText> tokenized(const Tokenizer* tokenizer, const std::string& text,
                                const std::optional<std::string>& pair, bool special) {
    if (!tokenizer)
        return badInput("the model folder has no tokenizer", {},
                        "Give --tokenizer, or run token ids with --token-ids.");
    std::optional<std::string_view> second;
    if (pair) second = *pair;
    return tokenizer->encode(text, second, TokenizeOptions{special});
}

TokenizedText namedIds(const Tokenizer* tokenizer, const std::vector<std::int64_t>& ids,
                       const std::vector<std::int64_t>& segments) {
    TokenizedText text = numberedTokens(ids, segments);
    if (!tokenizer) return text;
    for (auto& token : text.tokens) {
        const auto label = tokenizer->labelOf(token.id);
        if (label.empty()) continue;
        token.text = label;
        token.piece = tokenizer->pieceOf(token.id);
        token.special = tokenizer->isSpecial(token.id);
    }
    return text;
}

Token namedToken(const Tokenizer* tokenizer, std::int64_t id) {
    Token token = namedIds(tokenizer, {id}, {}).tokens.front();
    token.special = true;
    return token;
}

// The ids that the model puts out after the start token, likeliest first choice, until it ends or the limit
// is reached. The encoder runs anew for each: texts that people look at are short.
Result<void> continueGreedily(Model& model, const DecoderRules& rules, std::size_t limit, ModelInput& exact,
                              const RunListener& listener, const std::stop_token& stop) {
    RunOptions options;
    // Where the last token must be the end, it is not written: an end never is.
    const std::size_t most = rules.endForced && limit > 1 ? limit - 1 : limit;
    exact.targetIds = {rules.start};
    if (rules.forcedFirst && most > 1) exact.targetIds = {rules.start, *rules.forcedFirst};
    while (exact.targetIds.size() < most) {
        if (listener.progress)
            listener.progress({"Writing token " + std::to_string(exact.targetIds.size()), -1.0});
        options.predictions = static_cast<int>(rules.candidates(exact.targetIds.size()));
        auto output = model.run(exact, options, {}, stop);
        if (!output) return output.error();
        if (output->predictions.empty() || output->predictions.front().top.empty())
            return badInput("this model has no output layer, so it writes no text", model.info().name,
                            "Give the target text with --target.");
        const auto& top = output->predictions.front().top;
        const auto chosen = std::find_if(top.begin(), top.end(), [&](const PredictedToken& candidate) {
            return rules.mayFollow(exact.targetIds, candidate.id);
        });
        if (chosen == top.end() || rules.isEnd(chosen->id)) break;
        exact.targetIds.push_back(chosen->id);
    }
    return {};
}

// Fills in the decoder's side: the target text, or what the model writes itself.
Result<void> addTarget(Model& model, const Tokenizer* tokenizer, const TextInput& input,
                       const RunListener& listener, const std::stop_token& stop, ModelInput& exact,
                       AttentionRun& run) {
    const ModelInfo& info = model.info();
    const auto limit = lengthLimit(info, input.maxLength);
    if (!exact.targetIds.empty()) {
        if (limit && exact.targetIds.size() > static_cast<std::size_t>(*limit)) {
            run.notices.push_back(cutNotice("The decoder's text", exact.targetIds.size(), *limit));
            exact.targetIds.resize(static_cast<std::size_t>(*limit));
        }
        run.target = namedIds(tokenizer, exact.targetIds, {});
        return {};
    }
    const auto rules = DecoderRules::fromConfig(info.configJson);
    if (!rules) return rules.error();
    if (input.target) {
        auto text = tokenized(tokenizer ? &tokenizer->forTarget() : nullptr, *input.target, std::nullopt,
                              input.addSpecialTokens);
        if (!text) return text.error();
        shiftRight(text->tokens, namedToken(tokenizer, rules->start));
        if (limit && text->tokens.size() > static_cast<std::size_t>(*limit)) {
            run.notices.push_back(cutNotice("The target text", text->tokens.size(), *limit));
            text->tokens.resize(static_cast<std::size_t>(*limit));
        }
        for (const auto& token : text->tokens) exact.targetIds.push_back(token.id);
        run.target = std::move(*text);
        return {};
    }
    const auto most =
        static_cast<std::size_t>(std::min(limit.value_or(kGreedyTargetTokens), kGreedyTargetTokens));
    if (auto written = continueGreedily(model, *rules, most, exact, listener, stop); !written) return written;
    run.target = namedIds(tokenizer, exact.targetIds, {});
    run.target->tokens.front().special = true;
    run.notices.push_back("The target text was written by the model, likeliest token first (" +
                          std::to_string(exact.targetIds.size() - 1) + " tokens).");
    return {};
}

}  // namespace

Result<std::shared_ptr<const AttentionRun>> runText(Model& model, const Tokenizer* tokenizer,
                                                    const TextInput& input, const RunOptions& options,
                                                    const RunListener& listener, std::stop_token stop) {
    const ModelInfo& info = model.info();
    auto run = std::make_shared<AttentionRun>();
    if (!input.maxLength.automatic && input.maxLength.tokens < 0)
        return badInput("the greatest length is " + std::to_string(input.maxLength.tokens), "--max-length",
                        "Give 'auto', 0 for never cutting, or a number of tokens.");
    const auto limit = lengthLimit(info, input.maxLength);
    ModelInput exact;
    if (input.ids) {
        exact = *input.ids;
        if (exact.ids.empty()) return badInput("there is no token to run", "--token-ids");
        for (const auto* other : {&exact.segmentIds, &exact.attentionMask})
            if (!other->empty() && other->size() != exact.ids.size())
                return badInput("there are " + std::to_string(exact.ids.size()) + " token ids, but " +
                                    std::to_string(other->size()) +
                                    (other == &exact.segmentIds ? " segment ids" : " mask values"),
                                other == &exact.segmentIds ? "--segment-ids" : "--attention-mask");
        if (limit && exact.ids.size() > static_cast<std::size_t>(*limit)) {
            run->notices.push_back(cutNotice("The text", exact.ids.size(), *limit));
            for (auto* list : {&exact.ids, &exact.segmentIds, &exact.attentionMask})
                if (!list->empty()) list->resize(static_cast<std::size_t>(*limit));
        }
        run->input = namedIds(tokenizer, exact.ids, exact.segmentIds);
    } else {
        auto text = tokenized(tokenizer, input.text, input.pair, input.addSpecialTokens);
        if (!text) return text.error();
        if (text->tokens.empty())
            return badInput("the text gives no token", "--text", "Give at least one word.");
        if (limit && text->tokens.size() > static_cast<std::size_t>(*limit)) {
            run->notices.push_back(cutNotice("The text", text->tokens.size(), *limit));
            cutTokens(text->tokens, static_cast<std::size_t>(*limit));
        }
        if (input.pair && !info.usesSegments)
            run->notices.emplace_back("This model knows no segments: the second text follows the first.");
        for (const auto& token : text->tokens) {
            exact.ids.push_back(token.id);
            if (info.usesSegments) exact.segmentIds.push_back(token.segment);
        }
        run->input = std::move(*text);
    }
    if (info.encoderDecoder) {
        if (auto added = addTarget(model, tokenizer, input, listener, stop, exact, *run); !added)
            return added.error();
    } else if (input.target || !exact.targetIds.empty()) {
        return badInput("this model has no decoder apart, so it takes no target text", info.name,
                        "Give the text alone.");
    }
    if (info.positionLimit && exact.targetIds.size() > static_cast<std::size_t>(*info.positionLimit))
        return tooLong(exact.targetIds.size(), *info.positionLimit);
    if (info.positionLimit && exact.ids.size() > static_cast<std::size_t>(*info.positionLimit))
        return tooLong(exact.ids.size(), *info.positionLimit);
    if (!info.positionLimit && info.configuredLength &&
        exact.ids.size() > static_cast<std::size_t>(*info.configuredLength))
        run->notices.push_back("The text has " + std::to_string(exact.ids.size()) +
                               " tokens; the model is configured for " +
                               std::to_string(*info.configuredLength) +
                               " positions. Beyond them its attention is extrapolation.");

    RunOptions asked = options;
    const std::size_t predicted = info.encoderDecoder ? exact.targetIds.size() : exact.ids.size();
    if (input.predictEachUpTo > 0 && predicted <= static_cast<std::size_t>(input.predictEachUpTo) &&
        static_cast<std::int64_t>(predicted) * info.vocabulary <= kMostPredictedLogits) {
        asked.predictAt.resize(predicted);
        std::iota(asked.predictAt.begin(), asked.predictAt.end(), 0);
    }
    auto output = model.run(exact, asked, listener, std::move(stop));
    if (!output) return output.error();
    run->model = {info.name, info.family, info.dtype, {}, info.configJson};
    run->sources = std::move(output->sources);
    run->predictions = std::move(output->predictions);
    for (auto& prediction : run->predictions)
        for (auto& token : prediction.top)
            token.text = tokenizer ? tokenizer->labelOf(token.id) : "#" + std::to_string(token.id);
    run->logits = std::move(output->logits);
    run->hiddenStates = std::move(output->hiddenStates);
    run->targetHiddenStates = std::move(output->targetHiddenStates);
    run->notices.insert(run->notices.end(), output->notices.begin(), output->notices.end());
    return std::shared_ptr<const AttentionRun>(std::move(run));
}

}  // namespace attnviz
