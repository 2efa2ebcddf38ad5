#include "core/model/decoder_text.h"

#include <algorithm>

#include "core/base/json_parse.h"

namespace attnviz {

bool DecoderRules::isEnd(std::int64_t id) const {
    return std::find(ends.begin(), ends.end(), id) != ends.end();
}

bool DecoderRules::isNeverChosen(std::int64_t id) const {
    return std::find(neverChosen.begin(), neverChosen.end(), id) != neverChosen.end();
}

Result<DecoderRules> DecoderRules::fromConfig(const std::string& configJson) {
    auto json = parseJson(configJson, "config.json");
    if (!json) return json.error();
    DecoderRules rules;
    const JsonValue& start = (*json)["decoder_start_token_id"];
    const JsonValue& first = start.isInteger() ? start : (*json)["bos_token_id"];
    if (!first.isInteger())
        return badInput("neither 'decoder_start_token_id' nor 'bos_token_id' is there", "config.json",
                        "Give the decoder's token ids yourself.");
    rules.start = first.integerOr(0);
    const JsonValue& end = (*json)["eos_token_id"];
    if (end.isInteger()) rules.ends.push_back(end.integerOr(0));
    for (const auto& one : end.items())
        if (one.isInteger()) rules.ends.push_back(one.integerOr(0));
    for (const auto& words : (*json)["bad_words_ids"].items())
        if (words.items().size() == 1 && words.items().front().isInteger())
            rules.neverChosen.push_back(words.items().front().integerOr(0));
    const JsonValue& forced = (*json)["forced_bos_token_id"];
    if (forced.isInteger()) rules.forcedFirst = forced.integerOr(0);
    return rules;
}

void shiftRight(std::vector<Token>& tokens, Token start) {
    if (!tokens.empty() && tokens.back().special && tokens.back().begin == tokens.back().end)
        tokens.pop_back();
    tokens.insert(tokens.begin(), std::move(start));
}

}  // namespace attnviz
