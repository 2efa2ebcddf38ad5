#include "tests/core/session/session_cases.h"

#include <cmath>
#include <random>

#include "core/attention/dense_attention.h"
#include "core/attention/factored_attention.h"

namespace attnviz::test {
namespace {

TokenizedText words(std::vector<std::string> pieces) {
    TokenizedText text;
    text.texts.emplace_back();
    for (auto& piece : pieces) {
        Token token;
        token.id = static_cast<std::int64_t>(100 + text.tokens.size());
        token.piece = token.text = piece;
        token.special = piece.front() == '<';
        if (!token.special) {
            token.begin = text.texts[0].size();
            text.texts[0] += piece;
            token.end = text.texts[0].size();
        }
        text.tokens.push_back(std::move(token));
    }
    return text;
}

std::shared_ptr<const AttentionSource> randomSource(AttentionKind kind, int heads, int keyValueHeads,
                                                    Visibility visibility, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal(0.0F, 2.0F);
    AttentionInfo info;
    info.kind = kind;
    info.layers = 2;
    info.heads = heads;
    info.keyValueHeads = keyValueHeads;
    info.queries = visibility.queries();
    info.keys = visibility.keys();
    info.visibility = std::move(visibility);
    std::vector<std::shared_ptr<const DenseLayer>> layers;
    for (int l = 0; l < info.layers; ++l) {
        auto layer = std::make_shared<DenseLayer>();
        for (int row = 0; row < heads * info.queries; ++row) {
            std::vector<float> weights(static_cast<std::size_t>(info.keys), 0.0F);
            double sum = 0;
            for (int key = 0; key < info.keys; ++key) {
                if (!info.visibility.sees(l, row % info.queries, key)) continue;
                sum += weights[static_cast<std::size_t>(key)] = std::exp(normal(random));
            }
            for (const float weight : weights) layer->floats.push_back(static_cast<float>(weight / sum));
        }
        layers.push_back(std::move(layer));
    }
    return DenseAttention::create(std::move(info), std::move(layers));
}

}  // namespace

Session encoderDecoderSession() {
    auto run = std::make_shared<AttentionRun>();
    run->input = words({"<s>", "Der", " Fuchs", " \u201espringt\u201c", "</s>", "<pad>", "<pad>"});
    run->target = words({"<s>", "the", " fox", " jumps"});
    run->model = {"toy-translator", "bart", "float32", std::string(64, 'a'),
                  "{\"d_model\": 8,\n \"x\": [1.50, null]}"};
    run->sources = {
        randomSource(AttentionKind::encoder, 4, 4,
                     Visibility(7, 7).setWindows({{2, 2}, {-1, -1}}).setMaskedKeys({5, 6}), 1),
        randomSource(AttentionKind::decoder, 4, 2, Visibility::causal(4), 2),
        randomSource(AttentionKind::cross, 4, 4, Visibility(4, 7).setMaskedKeys({5, 6}), 3),
    };
    run->predictions = {{3, {{7, " over", 0.625}, {8, "\"\n\u00e9", 0.1}}}};
    Session session;
    session.run = std::move(run);
    session.view = "{\"selection\": {\"layer\": 1}, \"colormap\": \"viridis\"}";
    session.notes = "Look at head 3.\nAnd at <b>this</b>.";
    session.created = "2026-11-23T10:00:00Z";
    session.unknownKeys = {{"x-other", "[1, 2.50, {\"a\":1e2}]"}, {"x-more", "\"\\u00e9\""}};
    return session;
}

Session factoredSession(bool beyondHalf) {
    constexpr int kTokens = 9, kWidth = 6;
    std::mt19937 random(7);
    std::normal_distribution<float> normal(0.0F, 1.0F);
    const auto numbers = [&](int count) {
        std::vector<float> values;
        for (int i = 0; i < count; ++i) values.push_back(normal(random));
        return values;
    };
    AttentionInfo info;
    info.kind = AttentionKind::decoder;
    info.layers = 3;
    info.heads = 4;
    info.keyValueHeads = 2;
    info.queries = info.keys = kTokens;
    info.visibility = Visibility::causal(kTokens);
    std::vector<std::shared_ptr<const FactoredLayer>> layers;
    for (int number = 0; number < info.layers; ++number) {
        auto layer = std::make_shared<FactoredLayer>();
        layer->width = kWidth;
        layer->scale = 0.5F;
        layer->queryFloats = numbers(info.heads * kTokens * kWidth);
        layer->keyFloats = numbers(info.keyValueHeads * kTokens * kWidth);
        if (number == 0)
            layer->adjust.alibi = {{0.5F, 0.25F, 0.125F, 0.0625F}, AlibiRounding::bfloat16, true, true};
        if (number == 1) layer->adjust.relative = {8, 6, true, numbers(info.heads * 8)};
        if (number == 2) {
            layer->adjust.softcap = 30;
            layer->adjust.sinks = numbers(info.heads);
            if (beyondHalf) layer->queryFloats[0] = 70000;
        }
        layers.push_back(std::move(layer));
    }
    auto run = std::make_shared<AttentionRun>();
    run->model.name = "toy-long";
    run->input = words({"a", " b", " c", " d", " e", " f", " g", " h", " i"});
    run->sources = {FactoredAttention::create(std::move(info), std::move(layers))};
    Session session;
    session.run = std::move(run);
    session.created = "2026-11-23T10:00:00Z";
    return session;
}

std::vector<float> weightsOf(const AttentionSource& source) {
    const AttentionInfo& info = source.info();
    std::vector<float> all, row(static_cast<std::size_t>(info.keys));
    for (int layer = 0; layer < info.layers; ++layer)
        for (int head = 0; head < info.heads; ++head)
            for (int query = 0; query < info.queries; ++query) {
                source.row({layer, head}, query, row);
                all.insert(all.end(), row.begin(), row.end());
            }
    return all;
}

}  // namespace attnviz::test
