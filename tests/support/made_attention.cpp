#include "tests/support/made_attention.h"

#include <algorithm>

namespace attnviz::test {

PatternSource::PatternSource(int layers, int heads, int queries, int keys, AttentionKind kind,
                             std::vector<int> padding) {
    m_info.kind = kind;
    m_info.layers = layers;
    m_info.heads = m_info.keyValueHeads = heads;
    m_info.queries = queries;
    m_info.keys = keys;
    m_info.visibility =
        kind == AttentionKind::decoder ? Visibility::causal(queries) : Visibility::full(queries, keys);
    if (!padding.empty()) m_info.visibility.setMaskedKeys(std::move(padding));
    m_info.storage = "made";
    std::vector<float> weights(static_cast<std::size_t>(keys));
    for (int layer = 0; layer < layers; ++layer)
        for (int head = 0; head < heads; ++head) {
            HeadSummaryBuilder summary(queries, keys, m_info.square());
            OverviewBuilder overview(queries, keys);
            for (int query = 0; query < queries; ++query) {
                row({layer, head}, query, weights);
                const KeyRange range = visible(layer, query);
                const auto seen = std::span<const float>(weights).subspan(
                    static_cast<std::size_t>(range.begin), static_cast<std::size_t>(range.size()));
                summary.addRow(layer, query, range, seen, m_info.visibility);
                overview.addRow(query, range, seen, m_info.visibility);
            }
            m_summaries.push_back(summary.finish());
            m_overviews.push_back(overview.finish());
        }
}

void PatternSource::row(HeadId head, int query, std::span<float> keys) const {
    std::ranges::fill(keys, 0.0F);
    const KeyRange range = visible(head.layer, query);
    const int seen = m_info.visibility.visibleCount(head.layer, query);
    if (seen == 0) return;
    const int pattern = head.head % 4;
    const float spread = pattern == 2 ? 1.0F : 0.04F + 0.002F * static_cast<float>(head.layer + head.head);
    for (int key = range.begin; key < range.end; ++key)
        if (!m_info.visibility.masked(key))
            keys[static_cast<std::size_t>(key)] = spread / static_cast<float>(seen);
    const int wanted = pattern == 0 ? query - 1 : pattern == 1 ? 0 : query;
    const int target = std::clamp(wanted, range.begin, range.end - 1);
    if (spread < 1) keys[static_cast<std::size_t>(target)] += 1 - spread;
}

TokenizedText tokensOf(int count, const std::vector<std::string>& texts) {
    TokenizedText text;
    std::string whole;
    for (int i = 0; i < count; ++i) {
        Token token;
        token.id = i % static_cast<int>(texts.size());
        token.text = texts[static_cast<std::size_t>(token.id)];
        token.begin = whole.size();
        whole += token.text;
        token.end = whole.size();
        text.tokens.push_back(token);
    }
    text.texts = {whole};
    return text;
}

TokenizedText tokensOf(int count) {
    return tokensOf(count, {"Alice", " was", " beginning", " to", " get", " very", " tired", " of"});
}

std::shared_ptr<const AttentionRun> patternRun(int layers, int heads, int tokens, bool causal) {
    auto run = std::make_shared<AttentionRun>();
    run->input = tokensOf(tokens);
    run->model.name = "patterns";
    run->sources = {std::make_shared<PatternSource>(layers, heads, tokens, causal)};
    return run;
}

std::shared_ptr<const AttentionRun> encoderDecoderRun(int layers, int heads, int inputTokens,
                                                      int targetTokens) {
    auto run = std::make_shared<AttentionRun>();
    run->input = tokensOf(inputTokens);
    run->target = tokensOf(targetTokens, {"Alice", " war", " es", " müde"});
    run->model.name = "patterns of two sides";
    const auto source = [&](int queries, int keys, AttentionKind kind) {
        return std::make_shared<PatternSource>(layers, heads, queries, keys, kind);
    };
    run->sources = {source(inputTokens, inputTokens, AttentionKind::encoder),
                    source(targetTokens, targetTokens, AttentionKind::decoder),
                    source(targetTokens, inputTokens, AttentionKind::cross)};
    return run;
}

std::shared_ptr<const AttentionRun> sentencePairRun(int layers, int heads) {
    auto run = std::make_shared<AttentionRun>();
    run->model.name = "patterns of a pair";
    const std::vector<std::vector<std::string>> sides{{"the", "cat", "sat", "un", "##seen"},
                                                      {"a", "dog", "ran", "off"}};
    const auto special = [&](const char* text, int segment) {
        Token token;
        token.text = token.piece = text;
        token.special = true;
        token.segment = segment;
        run->input.tokens.push_back(token);
    };
    special("[CLS]", 0);
    for (int segment = 0; segment < 2; ++segment) {
        std::string text;
        for (const auto& word : sides[static_cast<std::size_t>(segment)]) {
            const bool goesOn = word.starts_with("##");
            if (!text.empty() && !goesOn) text += ' ';
            Token token;
            token.id = static_cast<int>(run->input.tokens.size());
            token.text = token.piece = word;
            token.segment = segment;
            token.begin = text.size();
            text += goesOn ? word.substr(2) : word;
            token.end = text.size();
            run->input.tokens.push_back(token);
        }
        run->input.texts.push_back(text);
        special("[SEP]", segment);
    }
    run->sources = {
        std::make_shared<PatternSource>(layers, heads, static_cast<int>(run->input.tokens.size()), false)};
    return run;
}

std::shared_ptr<const AttentionRun> withTokens(const AttentionRun& run,
                                               const std::vector<std::string>& texts) {
    auto out = std::make_shared<AttentionRun>(run);
    out->input = tokensOf(static_cast<int>(run.input.tokens.size()), texts);
    return out;
}

}  // namespace attnviz::test
