#include "core/model/text_run.h"

#include <algorithm>

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

std::string cutNotice(std::size_t tokens, int limit) {
    return "The text was cut from " + std::to_string(tokens) + " to " + std::to_string(limit) + " tokens.";
}

// Cuts content tokens from the end, the longer segment first, and keeps what the tokenizer added (the
// reference's "longest first"). Added tokens are those that are special and have no place in the text.
void cutTokens(std::vector<Token>& tokens, std::size_t limit) {
    const auto added = [](const Token& token) { return token.special && token.begin == 0 && token.end == 0; };
    while (tokens.size() > limit) {
        std::size_t counts[2] = {0, 0};
        for (const auto& token : tokens)
            if (!added(token)) ++counts[token.segment != 0];
        const bool cutFirst = counts[0] > counts[1];
        std::size_t excess = std::max<std::size_t>(
            1, std::min(tokens.size() - limit,
                        counts[0] > counts[1] ? counts[0] - counts[1] : counts[1] - counts[0]));
        if (counts[0] == 0 && counts[1] == 0) {
            tokens.resize(limit);
            return;
        }
        for (auto it = tokens.end(); it != tokens.begin() && excess > 0;) {
            --it;
            if (added(*it) || (it->segment == 0) != cutFirst) continue;
            it = tokens.erase(it);
            --excess;
        }
    }
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

}  // namespace

Result<std::shared_ptr<const AttentionRun>> runText(Model& model, const Tokenizer* tokenizer,
                                                    const TextInput& input, const RunOptions& options,
                                                    const RunListener& listener, std::stop_token stop) {
    const ModelInfo& info = model.info();
    auto run = std::make_shared<AttentionRun>();
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
            run->notices.push_back(cutNotice(exact.ids.size(), *limit));
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
            run->notices.push_back(cutNotice(text->tokens.size(), *limit));
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
    if (info.positionLimit && exact.ids.size() > static_cast<std::size_t>(*info.positionLimit))
        return tooLong(exact.ids.size(), *info.positionLimit);
    if (!info.positionLimit && info.configuredLength &&
        exact.ids.size() > static_cast<std::size_t>(*info.configuredLength))
        run->notices.push_back("The text has " + std::to_string(exact.ids.size()) +
                               " tokens; the model is configured for " +
                               std::to_string(*info.configuredLength) +
                               " positions. Beyond them its attention is extrapolation.");

    auto output = model.run(exact, options, listener, std::move(stop));
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
