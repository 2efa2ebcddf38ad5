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
    std::size_t shorter = std::min(first, second);
    std::size_t longer = shorter > budget ? shorter : std::max(shorter, budget - shorter);
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

Token namedToken(const Tokenizer* tokenizer, std::int64_t id) {
    Token token = namedIds(tokenizer, {id}, {}).tokens.front();
    token.special = true;
    return token;
}

// How many tokens a model may write after `given` ones, by its table of positions.
std::size_t roomAfter(const ModelInfo& info, std::size_t given) {
    if (!info.positionLimit) return static_cast<std::size_t>(kMostGeneratedTokens);
    const auto limit = static_cast<std::size_t>(*info.positionLimit);
    return limit > given ? limit - given : 0;
}

// Writes on after the text, or after the target text, and says where less was written than was asked for.
Result<void> writeOn(Model& model, const Tokenizer* tokenizer, const DecoderRules& rules,
                     const Generation& wish, bool placed, const RunListener& listener,
                     const std::stop_token& stop, ModelInput& exact, AttentionRun& run) {
    if (wish.tokens > kMostGeneratedTokens)
        return badInput("the model is asked for " + std::to_string(wish.tokens) + " tokens", "--generate",
                        "It writes at most " + std::to_string(kMostGeneratedTokens) + " at once.");
    const ModelInfo& info = model.info();
    const auto& ids = info.encoderDecoder ? exact.targetIds : exact.ids;
    const std::size_t wanted = static_cast<std::size_t>(wish.tokens), room = roomAfter(info, ids.size());
    const auto written =
        writeTokens(model, rules, wish.sampling, std::min(wanted, room), exact, listener, stop);
    if (!written) return written.error();
    run.generated = static_cast<int>(*written);
    addWrittenTokens(run.target ? *run.target : run.input, tokenizer, std::span(ids).last(*written), placed);
    const std::string count = std::to_string(*written) + " of " + std::to_string(wanted) + " tokens";
    if (*written == room && room < wanted)
        run.notices.push_back("The model wrote " + count + ": it has no more positions.");
    else if (*written < wanted)
        run.notices.push_back("The model ended its text after " + count + ".");
    return {};
}

// Writes the whole target text, from the start token on.
Result<void> writeTarget(Model& model, const Tokenizer* tokenizer, const DecoderRules& rules,
                         const TextInput& input, const RunListener& listener, const std::stop_token& stop,
                         ModelInput& exact, AttentionRun& run) {
    const auto limit = lengthLimit(model.info(), input.maxLength);
    auto most = static_cast<std::size_t>(std::min(limit.value_or(kGreedyTargetTokens), kGreedyTargetTokens));
    if (input.generation.tokens > 0)  // so many beside the start
        most = 1 + std::min(static_cast<std::size_t>(std::min(input.generation.tokens, kMostGeneratedTokens)),
                            roomAfter(model.info(), 1));
    // Where the last token must be the end, it is not written: an end never is.
    if (rules.endForced && most > 1) --most;
    exact.targetIds = {*rules.start};
    if (rules.forcedFirst && most > 1) exact.targetIds.push_back(*rules.forcedFirst);
    const std::size_t forced = exact.targetIds.size() - 1;
    const auto written =
        writeTokens(model, rules, input.generation.sampling, most - 1 - forced, exact, listener, stop);
    if (!written) return written.error();
    run.target = namedIds(tokenizer, {*rules.start}, {});
    run.target->tokens.front().special = true;
    run.generated = static_cast<int>(exact.targetIds.size()) - 1;
    addWrittenTokens(*run.target, tokenizer, std::span(exact.targetIds).subspan(1), true);
    run.notices.push_back("The target text was written by the model, " +
                          input.generation.sampling.sentence() + " (" + std::to_string(run.generated) +
                          " tokens).");
    return {};
}

// Fills in the decoder's side: the target text, or what the model writes itself.
Result<void> addTarget(Model& model, const Tokenizer* tokenizer, const TextInput& input,
                       const RunListener& listener, const std::stop_token& stop, ModelInput& exact,
                       AttentionRun& run) {
    const ModelInfo& info = model.info();
    const auto limit = lengthLimit(info, input.maxLength);
    const bool writes = input.generation.tokens > 0, hasIds = !exact.targetIds.empty();
    if (hasIds) {
        if (limit && exact.targetIds.size() > static_cast<std::size_t>(*limit)) {
            run.notices.push_back(cutNotice("The decoder's text", exact.targetIds.size(), *limit));
            exact.targetIds.resize(static_cast<std::size_t>(*limit));
        }
        run.target = namedIds(tokenizer, exact.targetIds, {});
        if (!writes) return {};
    }
    const auto rules = DecoderRules::fromConfig(info.configJson, info.generationJson);
    if (!rules) return rules.error();
    if (!hasIds) {
        if (!rules->start)
            return badInput("neither 'decoder_start_token_id' nor 'bos_token_id' is there", "config.json",
                            "Give the decoder's token ids yourself.");
        if (!input.target) return writeTarget(model, tokenizer, *rules, input, listener, stop, exact, run);
        auto text = tokenized(tokenizer ? &tokenizer->forTarget() : nullptr, *input.target, std::nullopt,
                              input.addSpecialTokens);
        if (!text) return text.error();
        shiftRight(text->tokens, namedToken(tokenizer, *rules->start));
        if (limit && text->tokens.size() > static_cast<std::size_t>(*limit)) {
            run.notices.push_back(cutNotice("The target text", text->tokens.size(), *limit));
            text->tokens.resize(static_cast<std::size_t>(*limit));
        }
        for (const auto& token : text->tokens) exact.targetIds.push_back(token.id);
        run.target = std::move(*text);
        if (!writes) return {};
    }
    return writeOn(model, tokenizer, *rules, input.generation, !hasIds, listener, stop, exact, run);
}

// What a decoder writes after its text.
Result<void> continueText(Model& model, const Tokenizer* tokenizer, const TextInput& input,
                          const RunListener& listener, const std::stop_token& stop, ModelInput& exact,
                          AttentionRun& run) {
    const ModelInfo& info = model.info();
    if (!info.causal)
        return badInput("this model reads a text to both sides, so it writes none", info.name,
                        "Leave --generate out, or take a decoder.");
    const auto rules = DecoderRules::fromConfig(info.configJson, info.generationJson);
    if (!rules) return rules.error();
    return writeOn(model, tokenizer, *rules, input.generation, !input.ids, listener, stop, exact, run);
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
    } else if (input.generation.tokens > 0) {
        if (auto written = continueText(model, tokenizer, input, listener, stop, exact, *run); !written)
            return written.error();
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
    if (input.predictEach) {
        asked.predictAt.resize(info.encoderDecoder ? exact.targetIds.size() : exact.ids.size());
        std::iota(asked.predictAt.begin(), asked.predictAt.end(), 0);
    }
    run->model = {info.name, info.family, info.dtype, {}, info.configJson};
    if (listener.tokensReady) listener.tokensReady(*run);
    auto output = model.run(exact, asked, listener, std::move(stop));
    if (!output) return output.error();
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
