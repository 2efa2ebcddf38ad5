// A model that writes on: how far, by which rules, and where its tokens stand in the text.
#include "core/model/text_generation.h"

#include <QtTest>
#include <cmath>

#include "core/model/text_run.h"
#include "tests/support/run_outcome.h"
#include "tests/support/shared_data.h"
#include "tests/support/toy_engine.h"

using namespace attnviz;
using test::notices;
using test::Outcome;
using test::refusal;
using test::ToyModel;
using test::ToySettings;

namespace {

ToySettings small() {
    ToySettings settings;
    settings.vocabulary = 256;
    settings.configJson = R"({"eos_token_id":[255]})";
    return settings;
}

Outcome written(ToyModel& model, const TextInput& input) {
    return runText(model, nullptr, input, {}, {}, {});
}

TextInput ids(std::vector<std::int64_t> list) {
    TextInput input;
    input.ids.emplace().ids = std::move(list);
    return input;
}

}  // namespace

class TextGenerationTest : public QObject {
    Q_OBJECT
 private slots:
    void aDecoderWritesOn() {
        ToyModel model(small());
        auto input = ids({97, 98});
        input.generation.tokens = 5;
        QStringList steps;
        std::size_t begun = 0;
        RunListener listener;
        listener.progress = [&](const Progress& step) { steps << QString::fromStdString(step.what); };
        listener.tokensReady = [&](const AttentionRun& run) { begun = run.input.tokens.size(); };
        const auto outcome = runText(model, nullptr, input, {}, listener, {});
        QVERIFY2(outcome.ok(), qPrintable(refusal(outcome)));
        const AttentionRun& result = **outcome;
        QCOMPARE(result.generated, 5);
        QCOMPARE(result.input.tokens.size(), std::size_t{7});
        QCOMPARE(begun, std::size_t{7});
        QCOMPARE(result.main().info().queries, 7);
        QCOMPARE(steps.value(4), QString("Token 5 of 5"));
        QVERIFY(result.isGenerated(result.input, 2) && !result.isGenerated(result.input, 1));
        QVERIFY(result.notices.empty());
        QCOMPARE(result.input.tokens.back().text[0], '#');
        auto drawn = input;
        drawn.generation.sampling = {false, 1, 0, 1, 5};
        const auto other = written(model, drawn);
        QVERIFY(other.ok() && (*other)->input.tokens != result.input.tokens);
        drawn.generation.sampling.topP = 2;
        QVERIFY(refusal(written(model, drawn)).contains("--top-p"));
    }

    void writingEndsWithThePositionsAndWithTheEnd() {
        auto settings = small();
        settings.positionLimit = 4;
        ToyModel model(settings);
        auto input = ids({97, 98});
        input.generation.tokens = 5;
        const auto outcome = written(model, input);
        QVERIFY2(outcome.ok(), qPrintable(refusal(outcome)));
        QCOMPARE((*outcome)->generated, 2);
        QVERIFY(notices(**outcome).contains("2 of 5 tokens: it has no more positions"));
        // Everything but one token is an end.
        settings.positionLimit.reset();
        settings.configJson = R"({"eos_token_id":[)";
        for (int id = 0; id < 256; ++id) settings.configJson += (id ? "," : "") + std::to_string(id);
        settings.configJson += "]}";
        ToyModel ending(settings);
        const auto ended = written(ending, input);
        QVERIFY(ended.ok());
        QCOMPARE((*ended)->generated, 0);
        QVERIFY(notices(**ended).contains("ended its text after 0 of 5"));
        settings.causal = false;
        ToyModel reader(settings);
        QVERIFY(refusal(written(reader, input)).contains("writes none"));
    }

    void rulesChangeTheLogitsAsTheReferenceDoes() {
        const auto rules = DecoderRules::fromConfig(
            R"({"eos_token_id":2})",
            R"({"repetition_penalty":2.0,"suppress_tokens":[0],"min_new_tokens":2,"bos_token_id":5})");
        QVERIFY(rules.ok());
        QCOMPARE(rules->start.value_or(0), std::int64_t{5});
        QVERIFY(rules->isEnd(2));
        std::vector<float> logits{1, 2, 3, -4};
        rules->apply({1, 3}, 1, logits);
        QVERIFY(std::isinf(logits[0]) && std::isinf(logits[2]));
        QCOMPARE(logits[1], 1.0F);
        QCOMPARE(logits[3], -8.0F);
    }

    // Cut anywhere, and what follows added as written: the same text, and the same bytes for every token.
    void writtenTokensStandWhereTheTokenizerPutsThem() {
        const auto loaded = loadTokenizer(test::sourceDir() / "resources/sample-model");
        QVERIFY(loaded.ok());
        const Tokenizer& tokenizer = *loaded->tokenizer;
        for (const std::string text :
             {"The captain called his ship, again.", "na\u00efve \u65e5\u672c\u8a9e \U0001F600 end"}) {
            const auto whole = tokenizer.encode(text, std::nullopt, {});
            QVERIFY(whole.ok());
            for (std::size_t cut = 1; cut < whole->tokens.size(); ++cut) {
                const Token &last = whole->tokens[cut - 1], &next = whole->tokens[cut];
                if (next.begin < last.end || next.special) continue;  // inside a character
                TokenizedText given = *whole;
                given.tokens.resize(cut);
                given.texts = {text.substr(0, last.end)};
                std::vector<std::int64_t> rest;
                for (std::size_t i = cut; i < whole->tokens.size(); ++i) rest.push_back(whole->tokens[i].id);
                addWrittenTokens(given, &tokenizer, rest, true);
                QCOMPARE(given.texts.front(), text);
                for (std::size_t i = 0; i < given.tokens.size(); ++i) {
                    QCOMPARE(given.tokens[i].id, whole->tokens[i].id);
                    QCOMPARE(given.tokens[i].begin, whole->tokens[i].begin);
                    QCOMPARE(given.tokens[i].end, whole->tokens[i].end);
                    QCOMPARE(given.tokens[i].text, whole->tokens[i].text);
                }
            }
        }
    }
};

QTEST_GUILESS_MAIN(TextGenerationTest)
#include "text_generation_test.moc"
