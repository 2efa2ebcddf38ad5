#include "tests/core/analysis/analysis_cases.h"

#include "core/attention/dense_attention.h"
#include "core/base/json_parse.h"
#include "core/session/session.h"
#include "tests/support/attention_text.h"
#include "tests/support/shared_data.h"

namespace attnviz::test {
namespace {

// The same weights under another visibility: cells that cannot be seen become 0, rows are not renormalized.
std::shared_ptr<const AttentionRun> withVisibility(const AttentionRun& run, const Visibility& visibility) {
    AttentionInfo info = run.main().info();
    info.visibility = visibility;
    std::vector<std::shared_ptr<const DenseLayer>> layers;
    std::vector<float> row(static_cast<std::size_t>(info.keys));
    for (int layer = 0; layer < info.layers; ++layer) {
        auto kept = std::make_shared<DenseLayer>();
        for (int head = 0; head < info.heads; ++head)
            for (int query = 0; query < info.queries; ++query) {
                run.main().row({layer, head}, query, row);
                for (int key = 0; key < info.keys; ++key)
                    kept->floats.push_back(
                        visibility.sees(layer, query, key) ? row[static_cast<std::size_t>(key)] : 0.0F);
            }
        layers.push_back(std::move(kept));
    }
    auto copy = std::make_shared<AttentionRun>(run);
    copy->sources = {DenseAttention::create(std::move(info), std::move(layers))};
    return copy;
}

std::shared_ptr<const AttentionRun> crossRun() {
    auto run = std::make_shared<AttentionRun>(*runFromText(R"(
        .5 .25 .25
        .1 .2  .7
        -
        0  1   0
        .3 .3  .4 )"));
    run->target = TokenizedText{{"ab"}, {Token{1, "a", "a", 0, 1}, Token{2, "b", "b", 1, 2}}};
    return run;
}

std::shared_ptr<const AttentionRun> hostileRun() {
    auto run = std::make_shared<AttentionRun>(*randomRun(2, 2, 6, true, 5));
    run->model.name = "=cmd|' /C calc'!A0\n# owned\x1b[31m";
    const char* texts[] = {"<s>", "a|b`c", "\xE2\x80\xAE right", "=1+1", "\n\n# head", "</td><script>"};
    for (std::size_t i = 0; i < 6; ++i) {
        run->input.tokens[i].text = texts[i];
        run->input.tokens[i].special = i == 0;
    }
    run->input.texts = {"<s>a|b`c\xE2\x80\xAE right=1+1\n\n# head</td><script>\x1b[2J"};
    return run;
}

}  // namespace

std::vector<NamedRun> sampleRuns() {
    auto repeated = std::make_shared<AttentionRun>(*randomRun(2, 3, 8, true, 3));
    for (std::size_t i = 0; i < 8; ++i) repeated->input.tokens[i].id = static_cast<std::int64_t>(i % 4);
    repeated->input.tokens[0].special = true;
    const auto plain = randomRun(2, 2, 9, true, 4);
    auto predicted = std::make_shared<AttentionRun>(*randomRun(3, 4, 20));
    predicted->predictions = {{19, {{7, " =x\xFF", .5}, {3, "b", .25}}}};
    return {{"causal", predicted},
            {"windowed", withVisibility(*plain, Visibility::causal(9).setWindows({{2, 0}, {-1, 0}}))},
            {"bidirectional with padding", randomRun(2, 3, 10, false, 2, {0, 8, 9})},
            {"causal, the first token is padding", randomRun(2, 2, 7, true, 6, {0})},
            {"cross", crossRun()},
            {"one token", runFromText("1")},
            {"two tokens", runFromText("1 .\n.5 .5")},
            {"repeated tokens", repeated},
            {"hostile", hostileRun()}};
}

std::shared_ptr<const AttentionRun> recordedGpt2() {
    auto session = openSession(sharedDir() / kRecordedGpt2 / "attention_data.json");
    if (!session) qFatal("%s", session.error().sentence().c_str());
    return session->run;
}

JsonValue expectedNumbers() {
    auto document = readJsonFile(sourceDir() / "tests/core/analysis/expected.json");
    if (!document) qFatal("%s", document.error().sentence().c_str());
    return std::move(*document);
}

std::shared_ptr<const AttentionRun> runOf(const JsonValue& expected) {
    AttentionInfo info;
    const auto tokens = static_cast<int>(expected["tokens"].integerOr(0));
    const bool causal = expected["causal"].boolOr(false);
    info.kind = causal ? AttentionKind::decoder : AttentionKind::encoder;
    info.layers = static_cast<int>(expected["layers"].integerOr(0));
    info.heads = info.keyValueHeads = static_cast<int>(expected["heads"].integerOr(0));
    info.queries = info.keys = tokens;
    std::vector<int> masked;
    for (const auto& key : expected["masked"].items()) masked.push_back(static_cast<int>(key.integerOr(0)));
    info.visibility = Visibility(tokens, tokens).setCausal(causal).setMaskedKeys(std::move(masked));
    const auto& weights = expected["weights"].items();
    const std::size_t size = weights.size() / static_cast<std::size_t>(info.layers);
    std::vector<std::shared_ptr<const DenseLayer>> layers;
    for (std::size_t first = 0; first < weights.size(); first += size) {
        auto layer = std::make_shared<DenseLayer>();
        for (std::size_t i = 0; i < size; ++i)
            layer->floats.push_back(static_cast<float>(weights[first + i].numberOr(0)));
        layers.push_back(std::move(layer));
    }
    auto run = std::make_shared<AttentionRun>(*randomRun(1, 1, tokens));
    run->sources = {DenseAttention::create(std::move(info), std::move(layers))};
    return run;
}

bool close(double got, double wanted, double relative) {
    if (std::isnan(wanted) || std::isnan(got)) return std::isnan(wanted) == std::isnan(got);
    return std::abs(got - wanted) <= relative * std::max(std::abs(wanted), 1e-9);
}

}  // namespace attnviz::test
