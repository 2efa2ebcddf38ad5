// Tokenizer files and folders: what is found, what is inferred, and hostile files that end in one sentence.
#include <QTemporaryDir>
#include <QtTest>
#include <algorithm>
#include <fstream>

#include "core/text/tokenizer.h"
#include "tests/support/shared_data.h"

using namespace attnviz;

namespace {

constexpr const char* kVocabulary = R"({"a": 0, "b": 1, "ab": 2, "<unk>": 3})";

std::string bpe(const std::string& vocabulary = kVocabulary, const std::string& merges = R"(["a b"])",
                const std::string& options = R"("type": "BPE")") {
    return "{" + options + (options.empty() ? "" : ", ") + R"("vocab": )" + vocabulary + R"(, "merges": )" +
           merges + "}";
}

std::string file(const std::string& model, const std::string& more = {}) {
    return R"({"version": "1.0", "model": )" + model + more + "}";
}

// JSON with ' for ".
std::string q(std::string text) {
    std::replace(text.begin(), text.end(), '\'', '"');
    return text;
}

}  // namespace

class TokenizerFilesTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;

    std::filesystem::path write(const std::string& name, const std::string& content) {
        const auto path = std::filesystem::path(m_folder.path().toStdString()) / name;
        std::ofstream(path, std::ios::binary) << content;
        return path;
    }
    Result<LoadedTokenizer> load(const std::string& content) {
        return loadTokenizer(write("tokenizer.json", content));
    }
    std::string sentenceOf(const std::string& content) {
        const auto loaded = load(content);
        return loaded ? "" : loaded.error().sentence();
    }
    static QString idsOf(const Tokenizer& tokenizer, std::string_view text) {
        const auto tokens = tokenizer.encode(text, std::nullopt, {});
        if (!tokens) return QString::fromStdString(tokens.error().sentence());
        QStringList ids;
        for (const Token& token : tokens->tokens) ids << QString::number(token.id);
        return ids.join(' ');
    }
    QString ids(const std::string& content, std::string_view text) {
        const auto loaded = load(content);
        return loaded ? idsOf(*loaded->tokenizer, text) : QString::fromStdString(loaded.error().sentence());
    }

 private slots:
    void cleanup() {
        for (const auto& entry : std::filesystem::directory_iterator(m_folder.path().toStdString()))
            std::filesystem::remove_all(entry.path());
    }

    void mergesMayBeStringsOrPairs() {
        QCOMPARE(ids(file(bpe()), "abab"), "2 2");
        QCOMPARE(ids(file(bpe(kVocabulary, q("[['a', 'b']]"))), "abab"), "2 2");
        QCOMPARE(ids(file(bpe(kVocabulary, q("['#version: 0.2', 'a b']"))), "aba"), "2 0");
    }

    void aMissingModelTypeIsInferredFromItsKeys() {
        QCOMPARE(ids(file(bpe(kVocabulary, q("['a b']"), "")), "ab"), "2");
        QCOMPARE(ids(file(q("{'vocab': {'a': 0, '##b': 1, '[UNK]': 2}, 'unk_token': '[UNK]', "
                            "'continuing_subword_prefix': '##', 'max_input_chars_per_word': 100}")),
                     "ab"),
                 "0 1");
        QCOMPARE(ids(file(q("{'vocab': {'ab': 7, '[UNK]': 2}, 'unk_token': '[UNK]'}")), "ab"), "7");
        QVERIFY(sentenceOf(file(q("{'vocab': {'ab': 7}}"))).find("no \"type\"") != std::string::npos);
    }

    void ofAPieceThatAppearsTwiceTheLastIdCounts() {
        QCOMPARE(ids(file(bpe(q("{'a': 0, 'b': 1, 'a': 5, 'ab': 2}"), "[]")), "a"), "5");
    }

    void keysThatAppearTwiceAreRefused() {
        QVERIFY(sentenceOf(file(bpe(), q(", 'model': {}"))).find("appears twice") != std::string::npos);
        QVERIFY(sentenceOf(file(bpe(kVocabulary, "[]", q("'type': 'BPE', 'type': 'BPE'"))).c_str())
                    .find("appears twice") != std::string::npos);
        QVERIFY(sentenceOf(file(bpe(), q(", 'normalizer': {'type': 'NFC', 'type': 'NFD'}")))
                    .find("appears twice") != std::string::npos);
    }

    void truncationAndPaddingAreIgnored() {
        QCOMPARE(
            ids(file(bpe(), q(", 'truncation': {'max_length': 1}, 'padding': {'strategy': {'Fixed': 8}}")),
                "ababab"),
            "2 2 2");
    }

    void addedTokensAreNumberedAfterTheVocabulary() {
        const auto loaded = load(file(bpe(), q(", 'added_tokens': [{'id': 99, 'content': '<x>', 'special': "
                                               "true}, {'id': 1, 'content': 'b', 'special': false}]")));
        QVERIFY(loaded.ok());
        QCOMPARE(idsOf(*loaded->tokenizer, "a<x>b"), "0 4 1");
        QCOMPARE(loaded->tokenizer->vocabularySize(), std::int64_t{5});
        QVERIFY(loaded->tokenizer->isSpecial(4) && !loaded->tokenizer->isSpecial(1));
    }

    void anUnusablePartIsRefusedWithASentence_data() {
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QString>("words");
        const auto row = [](const char* name, const std::string& content, const char* words) {
            QTest::newRow(name) << QByteArray::fromStdString(content) << words;
        };
        row("not JSON", "{", "no valid JSON");
        row("empty file", "", "no valid JSON");
        row("a list", "[]", "no JSON object");
        row("no model", "{}", "no \"model\"");
        row("LFS pointer", "version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer");
        row("deep nesting", std::string(5000, '[') + std::string(5000, ']'), "no valid JSON");
        std::string sequences;
        for (int i = 0; i < 100; ++i) sequences += q("{'type': 'Sequence', 'normalizers': [");
        for (int i = 0; i < 100; ++i) sequences += "]}";
        row("nested sequences", file(bpe(), ", \"normalizer\": " + sequences), "nested deeper than 32");
        row("invalid UTF-8", file(bpe("{\"\xff\": 1}")), "no valid JSON");
        row("negative id", file(bpe(q("{'a': -1}"))), "not between 0");
        row("id above 2^31", file(bpe(q("{'a': 2147483648}"))), "not between 0");
        row("id is no integer", file(bpe(q("{'a': 1.5}"))), "not a whole number");
        row("id is a string", file(bpe(q("{'a': '1'}"))), "not a whole number");
        row("unknown piece in a merge", file(bpe(kVocabulary, q("['a c']"))), "names the piece \"c\"");
        row("merge into nothing", file(bpe(kVocabulary, q("['b a']"))), "names the piece \"ba\"");
        row("merge of three", file(bpe(kVocabulary, q("['a b a']"))), "not two pieces");
        row("merge of numbers", file(bpe(kVocabulary, q("[[1, 2]]"))), "not two pieces");
        row("prefix longer than a piece",
            file(bpe(kVocabulary, q("['a b']"), q("'type': 'BPE', 'continuing_subword_prefix': '######'"))),
            "merge 1");
        row("unknown model", file(q("{'type': 'Magic'}")), "\"Magic\" is not known");
        row("unknown normalizer", file(bpe(), q(", 'normalizer': {'type': 'Magic'}")),
            "Known are Sequence, NFC");
        row("part without type", file(bpe(), q(", 'pre_tokenizer': {}")), "has no \"type\"");
        row("part is a number", file(bpe(), q(", 'pre_tokenizer': 7")), "not a JSON object");
        row("field of wrong type",
            file(bpe(), q(", 'normalizer': {'type': 'Strip', 'strip_left': 1, 'strip_right': true}")),
            "\"strip_left\" of \"Strip\"");
        row("broken pattern",
            file(bpe(), q(", 'normalizer': {'type': 'Replace', 'pattern': {'Regex': '(a'}, 'content': ''}")),
            "cannot be used");
        row("template without token",
            file(bpe(), q(", 'post_processor': {'type': 'TemplateProcessing', 'single': [{'SpecialToken': "
                          "{'id': 'x'}}], 'pair': [], 'special_tokens': {}}")),
            "is not defined");
        row("added token without content", file(bpe(), q(", 'added_tokens': [{'id': 1}]")), "\"content\"");
        row("added token with a wide id",
            file(bpe(), q(", 'added_tokens': [{'id': 4294967296, 'content': 'x'}]")), "whole number");
        row("scores that are none", file(q("{'type': 'Unigram', 'vocab': [['a', 'b']]}")),
            "not a piece and its score");
        row("Unigram without pieces", file(q("{'type': 'Unigram', 'vocab': {'a': 1}}")), "pieces and scores");
        row("unknown id behind the pieces", file(q("{'type': 'Unigram', 'unk_id': 1, 'vocab': [['a', 0]]}")),
            "\"unk_id\"");
        row("unknown id of nothing", file(q("{'type': 'Unigram', 'unk_id': 0, 'vocab': []}")), "is empty");
        row("a table that is no base64",
            file(bpe(), q(", 'normalizer': {'type': 'Precompiled', 'precompiled_charsmap': '!'}")),
            "no valid base64");
        row("a table that is too short",
            file(bpe(), q(", 'normalizer': {'type': 'Precompiled', 'precompiled_charsmap': 'AAA='}")),
            "expected 4 to");
        row("a table longer than itself",
            file(bpe(), q(", 'normalizer': {'type': 'Precompiled', 'precompiled_charsmap': '////AAAA'}")),
            "claims a trie of");
        row("version 2", q("{'version': '2.0', 'model': {}}"), "version");
    }

    void anUnusablePartIsRefusedWithASentence() {
        QFETCH(QByteArray, content);
        QFETCH(QString, words);
        const std::string sentence = sentenceOf(content.toStdString());
        QVERIFY2(QString::fromStdString(sentence).contains(words), sentence.c_str());
        QVERIFY(QString::fromStdString(sentence).contains("tokenizer.json"));
    }

    void aUnigramModelWithoutAnUnknownTokenRefusesWhatItLacks() {
        const auto loaded = load(file(q("{'vocab': [['a', -1.0], ['ab', -1], ['b', -3e300]]}")));
        QVERIFY(loaded.ok());
        QCOMPARE(loaded->tokenizer->kind(), std::string_view("Unigram"));
        QCOMPARE(idsOf(*loaded->tokenizer, "aba"), "1 0");
        QVERIFY(idsOf(*loaded->tokenizer, "abc").contains("no unknown token"));
    }

    void aTableThatLeadsOutOfItselfChangesNothing() {
        // One unit, whose offset leads to the end of all arrays; then "x".
        const auto loaded = load(file(
            bpe(), q(", 'normalizer': {'type': 'Precompiled', 'precompiled_charsmap': 'BAAAAP///394AA=='}")));
        QVERIFY2(loaded.ok(), loaded.ok() ? "" : loaded.error().sentence().c_str());
        QCOMPARE(idsOf(*loaded->tokenizer, "ab"), "2");
    }

    void aRunawayPatternEndsInASentence() {
        const auto loaded =
            load(file(bpe(), q(", 'pre_tokenizer': {'type': 'Split', 'pattern': {'Regex': '(a+)+$|(a*)*c'}, "
                               "'behavior': 'Isolated', 'invert': false}")));
        QVERIFY(loaded.ok());
        const auto tokens = loaded->tokenizer->encode(std::string(200, 'a') + "!", std::nullopt, {});
        QVERIFY(!tokens.ok());
        QVERIFY2(tokens.error().what.find("over its limits") != std::string::npos,
                 tokens.error().what.c_str());
    }

    void idsWithWideHolesTakeNoMemory() {
        const auto loaded = load(file(bpe(q("{'a': 2147483646, 'b': 1}"), "[]")));
        QVERIFY(loaded.ok());
        QCOMPARE(idsOf(*loaded->tokenizer, "ab"), "2147483646 1");
        QCOMPARE(loaded->tokenizer->pieceOf(2147483646), std::string("a"));
        QCOMPARE(loaded->tokenizer->vocabularySize(), std::int64_t{2147483647});
    }

    void invalidUtf8InTheTextIsRefusedWithItsByte() {
        const auto loaded = load(file(bpe()));
        QVERIFY(loaded.ok());
        for (const auto& [text, byte] :
             {std::pair("ab\xff", 2), std::pair("\xC3", 0), std::pair("a\xED\xA0\x80", 1),
              std::pair("abc\xF4\x90\x80\x80", 3), std::pair("\xC0\xAF", 0)}) {
            const auto tokens = loaded->tokenizer->encode(text, std::nullopt, {});
            QVERIFY(!tokens.ok());
            QVERIFY(tokens.error().sentence().find("at byte " + std::to_string(byte)) != std::string::npos);
        }
        const auto pair = loaded->tokenizer->encode("a", "b\xff", {});
        QVERIFY(!pair.ok());
        QVERIFY(pair.error().sentence().find("second text is not valid UTF-8 at byte 1") !=
                std::string::npos);
    }

    void aVeryLongWordIsMergedInReasonableTime() {
        const auto loaded = load(file(bpe()));
        QVERIFY(loaded.ok());
        std::string text;
        for (int i = 0; i < 500000; ++i) text += "ab";
        const auto tokens = loaded->tokenizer->encode(text, std::nullopt, {});
        QVERIFY(tokens.ok());
        QCOMPARE(tokens->tokens.size(), std::size_t{500000});
    }

    void vocabularyTextAloneIsCasedWithANotice() {
        write("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nA\na\n##b\n");
        const auto loaded = loadTokenizer(m_folder.path().toStdString());
        QVERIFY2(loaded.ok(), loaded.ok() ? "" : loaded.error().sentence().c_str());
        QCOMPARE(loaded->notices.size(), std::size_t{1});
        QVERIFY(loaded->notices[0].find("taken as cased") != std::string::npos);
        QCOMPARE(idsOf(*loaded->tokenizer, "Ab ab [MASK]"), "2 5 7 6 7 4 3");
        QCOMPARE(loaded->tokenizer->kind(), std::string_view("WordPiece"));
        QCOMPARE(loaded->tokenizer->labelOf(7), std::string("##b"));
    }

    void vocabularyTextTakesItsCaseFromTokenizerConfig() {
        write("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##b\n");
        write("tokenizer_config.json", q("{'do_lower_case': true}"));
        const auto loaded = loadTokenizer(m_folder.path().toStdString());
        QVERIFY(loaded.ok());
        QVERIFY(loaded->notices.empty());
        QCOMPARE(idsOf(*loaded->tokenizer,
                       "\xC3\x84"
                       "B"),
                 "2 5 6 3");
    }

    void vocabularyAndMergesMakeAByteLevelTokenizer() {
        write("vocab.json", q("{'a': 0, 'b': 1, 'ab': 2, '\\u0120': 3, '\\u0120a': 4, '<|endoftext|>': 5}"));
        write("merges.txt", "#version: 0.2\na b\n\xC4\xA0 a\n");
        const auto loaded = loadTokenizer(m_folder.path().toStdString());
        QVERIFY2(loaded.ok(), loaded.ok() ? "" : loaded.error().sentence().c_str());
        QCOMPARE(idsOf(*loaded->tokenizer, "ab a<|endoftext|>b"), "2 4 5 1");
        QVERIFY(loaded->tokenizer->isSpecial(5));
        QCOMPARE(loaded->tokenizer->decode({2, 4}), std::string("ab a"));
    }

    void robertaIsToldByItsVocabulary() {
        write("vocab.json", q("{'<s>': 0, '<pad>': 1, '</s>': 2, '<unk>': 3, 'a': 4, '<mask>': 5}"));
        write("merges.txt", "#version: 0.2\n");
        const auto loaded = loadTokenizer(m_folder.path().toStdString());
        QVERIFY(loaded.ok());
        QCOMPARE(idsOf(*loaded->tokenizer, "a <mask>"), "0 4 5 2");
    }

    void aBeginningTokenIsAddedWhereTokenizerConfigAsksForIt() {
        write("vocab.json", q("{'</s>': 0, 'a': 1}"));
        write("merges.txt", "");
        write("tokenizer_config.json", q("{'tokenizer_class': 'GPT2Tokenizer', 'add_bos_token': true, "
                                         "'bos_token': {'content': '</s>'}}"));
        const auto loaded = loadTokenizer(m_folder.path().toStdString());
        QVERIFY(loaded.ok());
        QCOMPARE(idsOf(*loaded->tokenizer, "aa"), "0 1 1");
    }

    void aMissingTokenizerIsNotFound() {
        const auto folder = loadTokenizer(m_folder.path().toStdString());
        QVERIFY(!folder.ok());
        QCOMPARE(folder.error().kind, ErrorKind::notFound);
        for (const char* name : {"tokenizer.json, ", "spiece.model, ", "vocab.json, ", "vocab.txt"})
            QVERIFY(folder.error().sentence().find(name) != std::string::npos);
        QCOMPARE(loadTokenizer("/nowhere/at/all").error().kind, ErrorKind::notFound);
        write("vocab.json", "{}");
        QCOMPARE(loadTokenizer(m_folder.path().toStdString()).error().kind, ErrorKind::notFound);
    }
};

QTEST_GUILESS_MAIN(TokenizerFilesTest)
#include "tokenizer_files_test.moc"
