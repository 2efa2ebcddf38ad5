#include "core/model/text_generation.h"

#include <algorithm>

#include "core/base/readable.h"

namespace attnviz {
namespace {

// Tokens before the written ones that are decoded with them: what a first piece looks like depends on what
// stands before it.
constexpr std::size_t kContextTokens = 4;

}  // namespace

Result<std::size_t> writeTokens(Model& model, const DecoderRules& rules, const Sampling& sampling,
                                std::size_t most, ModelInput& exact, const RunListener& listener,
                                const std::stop_token& stop) {
    if (auto checked = checkSampling(sampling); !checked) return checked.error();
    const bool decoderApart = model.info().encoderDecoder;
    std::vector<std::int64_t>& ids = decoderApart ? exact.targetIds : exact.ids;
    const std::size_t given = ids.size();
    TokenSampler sampler(sampling);
    while (ids.size() - given < most) {
        const std::size_t written = ids.size() - given;
        if (listener.progress)
            listener.progress({"Token " + std::to_string(written + 1) + " of " + std::to_string(most),
                               static_cast<double>(written) / static_cast<double>(most)});
        auto logits = model.nextLogits(exact, stop);
        if (!logits) return logits.error();
        rules.apply(ids, given, *logits);
        const std::int64_t next = sampler.choose(*logits);
        if (next < 0 || rules.isEnd(next)) break;
        ids.push_back(next);
        if (decoderApart) continue;
        if (!exact.attentionMask.empty()) exact.attentionMask.push_back(1);
        if (!exact.segmentIds.empty()) exact.segmentIds.push_back(exact.segmentIds.back());
    }
    return ids.size() - given;
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

void addWrittenTokens(TokenizedText& text, const Tokenizer* tokenizer, std::span<const std::int64_t> written,
                      bool placed) {
    if (text.texts.empty()) text.texts.emplace_back();
    const std::size_t given = text.tokens.size();
    auto named = namedIds(tokenizer, {written.begin(), written.end()}, {});
    for (auto& token : named.tokens) {
        token.segment = static_cast<int>(text.texts.size()) - 1;
        text.tokens.push_back(std::move(token));
    }
    if (!placed || !tokenizer || written.empty()) return;

    const Tokenizer& decoder = tokenizer->forTarget();
    std::vector<std::int64_t> ids;
    for (std::size_t at = given - std::min(given, kContextTokens); at < given; ++at)
        ids.push_back(text.tokens[at].id);
    const std::string before = decoder.decode(ids);
    std::vector<std::int64_t> all = ids;
    all.insert(all.end(), written.begin(), written.end());
    std::string whole = decoder.decode(all);
    std::size_t done = before.size();  // bytes of `whole` that have their tokens
    if (!whole.starts_with(before)) {  // the pieces before change with what follows: by themselves, then
        ids.clear();
        done = 0;
        whole = decoder.decode({written.begin(), written.end()});
    }
    std::string& goesOn = text.texts.back();
    if (goesOn.empty() && done < whole.size() && whole[done] == ' ') ++done;
    if (!isValidUtf8(std::string_view(whole).substr(done))) return;
    const std::size_t shift = goesOn.size(), start = done;
    goesOn += std::string_view(whole).substr(start);

    std::vector<std::size_t> waiting;  // pieces of a character that is not whole yet
    for (std::size_t index = 0; index < written.size(); ++index) {
        ids.push_back(written[index]);
        const std::string so = decoder.decode(ids);
        const auto differs = std::mismatch(so.begin(), so.end(), whole.begin(), whole.end()).first;
        auto common = static_cast<std::size_t>(differs - so.begin());
        if (index + 1 == written.size()) common = whole.size();
        while (common > done && common < whole.size() && (whole[common] & 0xC0) == 0x80) --common;
        if (common <= done) {
            if (differs != so.end()) waiting.push_back(index);
            continue;
        }
        waiting.push_back(index);
        for (const std::size_t piece : waiting) {
            Token& token = text.tokens[given + piece];
            token.begin = shift + done - start;
            token.end = shift + common - start;
            if (!token.special) token.text = whole.substr(done, common - done);
        }
        waiting.clear();
        done = common;
    }
}

}  // namespace attnviz
