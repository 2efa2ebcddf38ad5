#include "core/model/decoder_text.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "core/base/json_parse.h"

namespace attnviz {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

std::vector<std::int64_t> idsOf(const JsonValue& value) {
    std::vector<std::int64_t> ids;
    if (value.isInteger()) ids.push_back(value.integerOr(0));
    for (const auto& one : value.items())
        if (one.isInteger()) ids.push_back(one.integerOr(0));
    return ids;
}

std::size_t countOf(const JsonValue& value) {
    return static_cast<std::size_t>(std::max<std::int64_t>(0, value.integerOr(0)));
}

}  // namespace

bool DecoderRules::isEnd(std::int64_t id) const {
    return std::find(ends.begin(), ends.end(), id) != ends.end();
}

bool DecoderRules::mayFollow(const std::vector<std::int64_t>& written, std::size_t given,
                             std::int64_t id) const {
    if (std::find(neverChosen.begin(), neverChosen.end(), id) != neverChosen.end()) return false;
    if ((written.size() < least || written.size() - given < leastNew) && isEnd(id)) return false;
    if (noRepeat == 0 || written.size() + 1 < noRepeat) return true;
    // The tokens before it and itself, anywhere in what is there.
    std::vector<std::int64_t> row(written.end() - static_cast<std::ptrdiff_t>(noRepeat - 1), written.end());
    row.push_back(id);
    return std::search(written.begin(), written.end(), row.begin(), row.end()) == written.end();
}

void DecoderRules::apply(const std::vector<std::int64_t>& written, std::size_t given,
                         std::vector<float>& logits) const {
    const auto vocabulary = static_cast<std::int64_t>(logits.size());
    const auto inside = [&](std::int64_t id) { return id >= 0 && id < vocabulary; };
    if (repetitionPenalty != 1) {
        for (const auto id : std::set(written.begin(), written.end())) {
            if (!inside(id)) continue;
            float& logit = logits[static_cast<std::size_t>(id)];
            logit = static_cast<float>(logit < 0 ? logit * repetitionPenalty : logit / repetitionPenalty);
        }
    }
    // Only what is named, or has stood there already, can be forbidden.
    std::set<std::int64_t> doubtful(neverChosen.begin(), neverChosen.end());
    doubtful.insert(ends.begin(), ends.end());
    if (noRepeat > 0) doubtful.insert(written.begin(), written.end());
    for (const auto id : doubtful)
        if (inside(id) && !mayFollow(written, given, id)) logits[static_cast<std::size_t>(id)] = kNever;
}

Result<DecoderRules> DecoderRules::fromConfig(const std::string& configJson,
                                              const std::string& generationJson) {
    auto config = parseJson(configJson.empty() ? "{}" : configJson, "config.json");
    if (!config) return config.error();
    const bool apart = !generationJson.empty();
    auto generation = parseJson(apart ? generationJson : "{}", "generation_config.json");
    if (!generation) return generation.error();
    const JsonValue& says = apart ? *generation : *config;
    const auto id = [&](const char* key) -> const JsonValue& {
        return says[key].isNull() ? (*config)[key] : says[key];
    };
    DecoderRules rules;
    const JsonValue& start = id("decoder_start_token_id");
    const JsonValue& first = start.isInteger() ? start : id("bos_token_id");
    if (first.isInteger()) rules.start = first.integerOr(0);
    rules.ends = idsOf(id("eos_token_id"));
    for (const auto& words : says["bad_words_ids"].items())
        if (words.items().size() == 1 && words.items().front().isInteger())
            rules.neverChosen.push_back(words.items().front().integerOr(0));
    for (const auto never : idsOf(says["suppress_tokens"])) rules.neverChosen.push_back(never);
    const JsonValue& forced = says["forced_bos_token_id"];
    if (forced.isInteger()) rules.forcedFirst = forced.integerOr(0);
    rules.endForced = !says["forced_eos_token_id"].isNull();
    rules.least = countOf(says["min_length"]);
    rules.leastNew = countOf(says["min_new_tokens"]);
    rules.noRepeat = countOf(says["no_repeat_ngram_size"]);
    const double penalty = says["repetition_penalty"].numberOr(1);
    if (penalty > 0 && std::isfinite(penalty)) rules.repetitionPenalty = penalty;
    return rules;
}

void shiftRight(std::vector<Token>& tokens, Token start) {
    if (!tokens.empty() && tokens.back().special && tokens.back().begin == tokens.back().end)
        tokens.pop_back();
    tokens.insert(tokens.begin(), std::move(start));
}

}  // namespace attnviz
