#include "core/model/text_run.h"

#include <QtTest>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "core/model/decoder_text.h"
#include "tests/support/run_outcome.h"
#include "tests/support/toy_engine.h"

using namespace attnviz;
using test::notices;
using test::Outcome;
using test::refusal;
using test::ToyModel;
using test::ToySettings;

namespace {

// Words between spaces; a word is a letter's number. [CLS] 1 and [SEP] 2 as BERT adds them; "." is no token.
class LetterTokenizer final : public Tokenizer {
 public:
    Result<TokenizedText> encode(std::string_view text, std::optional<std::string_view> pair,
                                 const TokenizeOptions& options) const override {
        if (text == "bad") return badInput("the text is bad", "byte 0");
        TokenizedText result;
        const auto add = [&](std::int64_t id, int segment) {
            Token token;
            token.id = id;
            token.piece = token.text = id == 1 ? "[CLS]" : "[SEP]";
            token.special = true;
            token.segment = segment;
            result.tokens.push_back(token);
        };
        const auto words = [&](std::string_view words, int segment) {
            result.texts.emplace_back(words);
            for (std::size_t at = 0; at < words.size(); ++at) {
                if (words[at] == ' ' || words[at] == '.') continue;
                Token token;
                token.id = words[at];
                token.piece = token.text = words.substr(at, 1);
                token.begin = at;
                token.end = at + 1;
                token.special = words[at] == '!';
                token.segment = segment;
                result.tokens.push_back(token);
            }
        };
        if (options.addSpecialTokens) add(1, 0);
        words(text, 0);
        if (options.addSpecialTokens) add(2, 0);
        if (pair) {
            words(*pair, 1);
            if (options.addSpecialTokens) add(2, 1);
        }
        return result;
    }
    std::string decode(const std::vector<std::int64_t>&) const override { return {}; }
    std::string pieceOf(std::int64_t id) const override { return "piece" + std::to_string(id); }
    std::string labelOf(std::int64_t id) const override {
        return id < 200 ? "<" + std::to_string(id) + ">" : "";
    }
    bool isSpecial(std::int64_t id) const override { return id < 3; }
    std::int64_t vocabularySize() const override { return 256; }
    std::string_view kind() const override { return "letters"; }
};

const LetterTokenizer kLetters;

ToySettings small() {
    ToySettings settings;
    settings.vocabulary = 256;
    settings.configJson = R"({"decoder_start_token_id":7,"eos_token_id":[255],"bad_words_ids":[[9]]})";
    return settings;
}

Outcome run(ToyModel& model, const TextInput& input, const Tokenizer* tokenizer = &kLetters,
            const RunOptions& options = {}, const RunListener& listener = {}, std::stop_token stop = {}) {
    return runText(model, tokenizer, input, options, listener, std::move(stop));
}

TextInput text(std::string words, MaxLength length = {}) {
    TextInput input;
    input.text = std::move(words);
    input.maxLength = length;
    return input;
}

TextInput pairOf(std::string first, std::string second, MaxLength length = {}) {
    auto input = text(std::move(first), length);
    input.pair = std::move(second);
    return input;
}

TextInput ids(std::vector<std::int64_t> list, MaxLength length = {}) {
    TextInput input;
    input.ids.emplace();
    input.ids->ids = std::move(list);
    input.maxLength = length;
    return input;
}

// "[CLS] a b [SEP]"
QString shown(const TokenizedText& text) {
    QStringList words;
    for (const auto& token : text.tokens) words << QString::fromStdString(token.text);
    return words.join(' ');
}

}  // namespace

class TextRunTest : public QObject {
    Q_OBJECT
 private slots:
    void aTextBecomesARun() {
        auto settings = small();
        settings.name = "toy one";
        settings.usesSegments = true;
        ToyModel model(settings);
        const auto outcome = run(model, pairOf("a b", "c"));
        QVERIFY2(outcome.ok(), qPrintable(refusal(outcome)));
        const AttentionRun& result = **outcome;
        QCOMPARE(shown(result.input), QString("[CLS] a b [SEP] c [SEP]"));
        QCOMPARE(result.input.texts.size(), std::size_t{2});
        QCOMPARE(model.lastInput().ids, (std::vector<std::int64_t>{1, 'a', 'b', 2, 'c', 2}));
        QCOMPARE(model.lastInput().segmentIds, (std::vector<std::int64_t>{0, 0, 0, 0, 1, 1}));
        QCOMPARE(result.model.name, std::string("toy one"));
        QCOMPARE(result.model.family, std::string("toy"));
        QCOMPARE(result.model.dtype, std::string("float32"));
        QCOMPARE(result.model.configJson, settings.configJson);
        QCOMPARE(result.main().info().queries, 6);
        QVERIFY(!result.target);
        QVERIFY2(result.notices.empty(), qPrintable(notices(result)));
        QCOMPARE(result.predictions.size(), std::size_t{1});
        QCOMPARE(result.predictions.front().position, 5);
        for (const auto& token : result.predictions.front().top)
            QCOMPARE(token.text, token.id < 200 ? "<" + std::to_string(token.id) + ">" : std::string());
    }

    void aModelWithoutSegmentsIsGivenNone() {
        ToyModel model(small());
        const auto outcome = run(model, pairOf("a", "b"));
        QVERIFY(outcome.ok());
        QVERIFY(model.lastInput().segmentIds.empty());
        QVERIFY(notices(**outcome).contains("knows no segments"));
    }

    void theHardLimitCutsWithANotice() {
        auto settings = small();
        settings.positionLimit = 5;
        ToyModel model(settings);
        const auto outcome = run(model, text("a b c d e"));
        QVERIFY(outcome.ok());
        QCOMPARE(shown((*outcome)->input), QString("[CLS] a b c [SEP]"));
        QCOMPARE(notices(**outcome), QString("The text was cut from 7 to 5 tokens."));
        QVERIFY(run(model, text("a b c")).ok());
        QVERIFY((*run(model, text("a b c")))->notices.empty());
    }

    void theLesserOfWishAndLimitCuts() {
        auto settings = small();
        settings.positionLimit = 5;
        ToyModel model(settings);
        QCOMPARE(shown((*run(model, text("a b c d", {false, 4})))->input), QString("[CLS] a b [SEP]"));
        QCOMPARE(shown((*run(model, text("a b c d", {false, 400})))->input), QString("[CLS] a b c [SEP]"));
        ToyModel free(small());
        QCOMPARE(shown((*run(free, text("a b c d", {false, 3})))->input), QString("[CLS] a [SEP]"));
        QVERIFY(run(free, text("a b c d", {false, -1})).error().sentence().starts_with("--max-length"));
    }

    void zeroNeverCutsAndRefuses() {
        auto settings = small();
        settings.positionLimit = 5;
        ToyModel model(settings);
        const auto outcome = run(model, text("a b c d", {false, 0}));
        QVERIFY2(refusal(outcome).contains("has 6 tokens, but the model has 5 positions"),
                 qPrintable(refusal(outcome)));
        QCOMPARE(model.runs(), 0);
        QVERIFY(run(model, text("a b c", {false, 0})).ok());
        QVERIFY(!run(model, ids({3, 4, 5, 6, 7, 8}, {false, 0})).ok());
    }

    // What `tokenizers` keeps with truncation "longest_first".
    void pairsAreCutAsTheReferenceDoes_data() {
        QTest::addColumn<int>("first");
        QTest::addColumn<int>("second");
        QTest::addColumn<int>("limit");
        QTest::addColumn<int>("firstKept");
        QTest::addColumn<int>("secondKept");
        // From tests/core/model/longest_first.py.
        QTest::newRow("longer first") << 7 << 2 << 10 << 5 << 2;
        QTest::newRow("longer second") << 2 << 7 << 10 << 2 << 5;
        QTest::newRow("equal, odd budget") << 5 << 5 << 12 << 4 << 5;
        QTest::newRow("equal, even budget") << 5 << 5 << 11 << 4 << 4;
        QTest::newRow("both, second longer") << 3 << 7 << 8 << 2 << 3;
        QTest::newRow("both, first longer") << 7 << 3 << 8 << 3 << 2;
        QTest::newRow("shorter above the budget") << 6 << 9 << 7 << 2 << 2;
        QTest::newRow("one left") << 4 << 4 << 4 << 0 << 1;
    }
    void pairsAreCutAsTheReferenceDoes() {
        QFETCH(int, first);
        QFETCH(int, second);
        QFETCH(int, limit);
        QFETCH(int, firstKept);
        QFETCH(int, secondKept);
        ToyModel model(small());
        const auto outcome =
            run(model, pairOf(std::string(static_cast<std::size_t>(first), 'a'),
                              std::string(static_cast<std::size_t>(second), 'b'), {false, limit}));
        QVERIFY2(outcome.ok(), qPrintable(refusal(outcome)));
        const auto& kept = model.lastInput().ids;
        QCOMPARE(static_cast<int>(std::count(kept.begin(), kept.end(), 'a')), firstKept);
        QCOMPARE(static_cast<int>(std::count(kept.begin(), kept.end(), 'b')), secondKept);
        QCOMPARE(kept.size(), static_cast<std::size_t>(firstKept + secondKept + 3));
        QCOMPARE(kept.front(), std::int64_t{1});
        QCOMPARE(kept.back(), std::int64_t{2});
    }

    void specialTokensTypedInTheTextAreCutLikeOthers() {
        ToyModel model(small());
        QCOMPARE(shown((*run(model, text("a!!!", {false, 4})))->input), QString("[CLS] a ! [SEP]"));
        auto bare = text("abc", {false, 2});
        bare.addSpecialTokens = false;
        QCOMPARE(shown((*run(model, bare))->input), QString("a b"));
    }

    void extrapolationIsSaidWhereNothingIsAHardLimit() {
        auto settings = small();
        settings.configuredLength = 4;
        ToyModel model(settings);
        const auto outcome = run(model, text("a b c"));
        QVERIFY(outcome.ok());
        QCOMPARE((*outcome)->input.tokens.size(), std::size_t{5});
        QVERIFY(notices(**outcome).contains("extrapolation"));
        QVERIFY((*run(model, text("a b")))->notices.empty());
    }

    void idsRunAsTheyAre() {
        auto settings = small();
        settings.positionLimit = 4;
        ToyModel model(settings);
        auto input = ids({1, 'a', 201, 2});
        input.ids->attentionMask = {1, 1, 0, 1};
        const auto named = run(model, input);
        QVERIFY(named.ok());
        QCOMPARE(shown((*named)->input), QString("<1> <97> #201 <2>"));
        QVERIFY((*named)->input.tokens.front().special);
        QCOMPARE((*named)->main().info().visibility.maskedKeys(), (std::vector<int>{2}));
        QCOMPARE(shown((*run(model, input, nullptr))->input), QString("#1 #97 #201 #2"));
        const auto predicted = (*run(model, input, nullptr))->predictions.front().top.front();
        QCOMPARE(predicted.text, "#" + std::to_string(predicted.id));
        auto longer = ids({1, 2, 3, 4, 5});
        longer.ids->attentionMask = {1, 1, 1, 0, 1};
        const auto cut = run(model, longer);
        QVERIFY(cut.ok());
        QCOMPARE(model.lastInput().ids.size(), std::size_t{4});
        QCOMPARE(model.lastInput().attentionMask.size(), std::size_t{4});
        QVERIFY(notices(**cut).contains("cut from 5 to 4"));
    }

    void whatCannotRunIsRefused() {
        ToyModel model(small());
        auto empty = text("");
        empty.addSpecialTokens = false;
        QVERIFY(refusal(run(model, empty)).contains("gives no token"));
        QVERIFY(run(model, text("")).ok());
        QVERIFY(refusal(run(model, text("bad"))).contains("the text is bad"));
        QVERIFY(refusal(run(model, ids({}))).contains("no token"));
        QVERIFY(refusal(run(model, text("a"), nullptr)).contains("no tokenizer"));
        auto mask = ids({1, 2});
        mask.ids->attentionMask = {1};
        QVERIFY(refusal(run(model, mask)).contains("mask values"));
        auto segments = ids({1, 2});
        segments.ids->segmentIds = {1, 1, 1};
        QVERIFY(refusal(run(model, segments)).contains("segment ids"));
        QVERIFY(refusal(run(model, ids({1, 256}))).contains("outside the vocabulary"));
        auto target = text("a");
        target.target = "b";
        QVERIFY(refusal(run(model, target)).contains("no decoder"));
    }

    void failuresOfTheModelComeThrough() {
        auto settings = small();
        settings.failure = test::ToyFailure::outOfMemory;
        settings.failureLayer = 1;
        ToyModel model(settings);
        int layers = 0;
        RunListener listener;
        listener.layerReady = [&](const LayerReady& ready) { layers = ready.layer + 1; };
        QCOMPARE(run(model, text("a"), &kLetters, {}, listener).error().kind, ErrorKind::outOfMemory);
        QCOMPARE(layers, 1);
    }

    void layersArriveOneByOneAndStayTheSame() {
        auto settings = small();
        settings.layers = 4;
        ToyModel model(settings);
        std::vector<std::shared_ptr<const AttentionSource>> seen;
        RunListener listener;
        listener.layerReady = [&](const LayerReady& ready) {
            QCOMPARE(ready.sources.front()->layersReady(), ready.layer + 1);
            seen.push_back(ready.sources.front());
        };
        const auto outcome = run(model, text("a b c"), &kLetters, {}, listener);
        QVERIFY(outcome.ok());
        QCOMPARE(seen.size(), std::size_t{4});
        std::vector<float> early(5), late(5);
        seen.front()->row({0, 1}, 3, early);
        (*outcome)->main().row({0, 1}, 3, late);
        QCOMPARE(early, late);
        QCOMPARE(late[4], 0.0F);
    }

    void aRunStopsWithinItsLayer() {
        auto settings = small();
        settings.layers = 100;
        settings.delayMs = 60'000;
        ToyModel model(settings);
        std::stop_source stop;
        std::mutex mutex;
        std::condition_variable started;
        bool running = false;
        RunListener listener;
        listener.progress = [&](const Progress&) {
            const std::lock_guard lock(mutex);
            running = true;
            started.notify_one();
        };
        Outcome outcome = badInput("not run");
        std::jthread thread(
            [&] { outcome = run(model, text("a"), &kLetters, {}, listener, stop.get_token()); });
        {
            std::unique_lock lock(mutex);
            started.wait(lock, [&] { return running; });
        }
        stop.request_stop();
        thread.join();
        QVERIFY(!outcome.ok());
        QCOMPARE(outcome.error().kind, ErrorKind::cancelled);
    }

    void everyPositionIsPredictedOnRequest() {
        ToyModel model(small());
        auto input = text("a b c");  // five tokens with [CLS] and [SEP]
        const auto positions = [&](bool each) {
            input.predictEach = each;
            const auto result = run(model, input);
            std::vector<int> found;
            if (result)
                for (const auto& prediction : (*result)->predictions) found.push_back(prediction.position);
            return found;
        };
        QCOMPARE(positions(true), (std::vector<int>{0, 1, 2, 3, 4}));
        QCOMPARE(positions(false), std::vector<int>{4});  // the last, as the options say
    }

    void aCausalModelGivesTheSameRowsToALongerText() {
        ToyModel model(small());
        const auto shorter = run(model, ids({5, 6, 7})), longer = run(model, ids({5, 6, 7, 8, 9}));
        std::vector<float> a(3), b(5);
        (*shorter)->main().row({1, 0}, 2, a);
        (*longer)->main().row({1, 0}, 2, b);
        b.resize(3);
        QCOMPARE(a, b);
        float sum = 0;
        for (const float weight : a) sum += weight;
        QVERIFY(std::abs(sum - 1.0F) < 1e-5F);
    }

    void anEncoderDecoderIsGivenTheTargetShiftedRight() {
        auto settings = small();
        settings.encoderDecoder = true;
        ToyModel model(settings);
        auto input = text("a b");
        input.target = "c d";
        const auto outcome = run(model, input);
        QVERIFY2(outcome.ok(), qPrintable(refusal(outcome)));
        QCOMPARE(model.lastInput().targetIds, (std::vector<std::int64_t>{7, 1, 'c', 'd'}));
        QCOMPARE(shown(*(*outcome)->target), QString("<7> [CLS] c d"));
        QCOMPARE((*outcome)->sources.size(), std::size_t{3});
        const auto* cross = (*outcome)->find(AttentionKind::cross);
        QVERIFY(cross);
        QCOMPARE(cross->info().queries, 4);
        QCOMPARE(cross->info().keys, 4);
        QCOMPARE(&(*outcome)->queriesOf(*cross), &*(*outcome)->target);
    }

    void anEncoderDecoderWithoutATargetWritesOne() {
        auto settings = small();
        settings.encoderDecoder = true;
        ToyModel model(settings);
        const auto outcome = run(model, text("a b"));
        QVERIFY2(outcome.ok(), qPrintable(refusal(outcome)));
        const auto written = model.lastInput().targetIds;
        QCOMPARE(written.front(), std::int64_t{7});
        QVERIFY(written.size() > 1 && written.size() <= static_cast<std::size_t>(kGreedyTargetTokens));
        QVERIFY(std::find(written.begin(), written.end(), 9) == written.end());
        QVERIFY(notices(**outcome).contains("written by the model"));
        QCOMPARE((*outcome)->target->tokens.size(), written.size());
        auto limited = run(model, text("a", {false, 3}));
        QVERIFY(limited.ok());
        QVERIFY((*limited)->target->tokens.size() <= 3);
        settings.configJson = "{}";
        ToyModel without(settings);
        QVERIFY(refusal(run(without, text("a"))).contains("decoder_start_token_id"));
    }

    void rulesOfTheDecoderAreRead() {
        const auto rules = DecoderRules::fromConfig(
            R"({"bos_token_id":4,"eos_token_id":2,"forced_bos_token_id":11,"bad_words_ids":[[3],[5,6]],
                "forced_eos_token_id":2,"min_length":3,"no_repeat_ngram_size":2})");
        QVERIFY(rules.ok());
        QCOMPARE(rules->start.value_or(0), std::int64_t{4});
        QVERIFY(rules->isEnd(2) && !rules->isEnd(3));
        QCOMPARE(rules->forcedFirst.value_or(0), std::int64_t{11});
        QVERIFY(rules->endForced);
        QVERIFY(!rules->mayFollow({4, 7}, 1, 3) && rules->mayFollow({4, 7}, 1, 5));
        // No end among the first three, and no two tokens twice in a row.
        QVERIFY(!rules->mayFollow({4, 7}, 1, 2) && rules->mayFollow({4, 7, 8}, 1, 2));
        QVERIFY(!rules->mayFollow({4, 7, 8, 7}, 1, 8) && rules->mayFollow({4, 7, 8, 7}, 1, 9));
        QVERIFY(!rules->mayFollow({7, 7}, 1, 7) && rules->mayFollow({7}, 1, 7));
        const auto plain = DecoderRules::fromConfig(R"({"decoder_start_token_id":4})");
        QVERIFY(plain.ok() && !plain->endForced && plain->mayFollow({4, 4}, 1, 4));
    }
};

QTEST_GUILESS_MAIN(TextRunTest)
#include "text_run_test.moc"
