#include "core/model/decoder_text.h"

#include <algorithm>

#include "core/base/json_parse.h"

namespace attnviz {

bool DecoderRules::isEnd(std::int64_t id) const {
    return std::find(ends.begin(), ends.end(), id) != ends.end();
}

bool DecoderRules::mayFollow(const std::vector<std::int64_t>& written, std::int64_t id) const {
    if (std::find(neverChosen.begin(), neverChosen.end(), id) != neverChosen.end()) return false;
    if (written.size() < least && isEnd(id)) return false;
    if (noRepeat == 0 || written.size() + 1 < noRepeat) return true;
    // The tokens before it and itself, anywhere in what is there.
    std::vector<std::int64_t> row(written.end() - static_cast<std::ptrdiff_t>(noRepeat - 1), written.end());
    row.push_back(id);
    return std::search(written.begin(), written.end(), row.begin(), row.end()) == written.end();
}

std::size_t DecoderRules::candidates(std::size_t written) const {
    return neverChosen.size() + (written < least ? ends.size() : 0) + (noRepeat > 0 ? written : 0) + 1;
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
    rules.endForced = !(*json)["forced_eos_token_id"].isNull();
    rules.least = static_cast<std::size_t>(std::max<std::int64_t>(0, (*json)["min_length"].integerOr(0)));
    rules.noRepeat =
        static_cast<std::size_t>(std::max<std::int64_t>(0, (*json)["no_repeat_ngram_size"].integerOr(0)));
    return rules;
}

void shiftRight(std::vector<Token>& tokens, Token start) {
    if (!tokens.empty() && tokens.back().special && tokens.back().begin == tokens.back().end)
        tokens.pop_back();
    tokens.insert(tokens.begin(), std::move(start));
}

}  // namespace attnviz
