#include "core/text/words.h"

#include <QtTest>

using namespace attnviz;

class WordsTest : public QObject {
    Q_OBJECT

    // Pieces separated by "|", special ones in brackets, as they follow each other in the text.
    static TokenizedText pieces(const QString& drawing) {
        TokenizedText text;
        text.texts = {""};
        for (const auto& piece : drawing.split('|')) {
            Token token;
            token.text = piece.toStdString();
            token.special = piece.startsWith('[');
            if (!token.special) {
                token.begin = text.texts[0].size();
                text.texts[0] += token.text;
                token.end = text.texts[0].size();
            }
            text.tokens.push_back(token);
        }
        return text;
    }
    static QString joined(const TokenizedText& text) {
        QStringList words;
        for (const auto& word : wordsOf(text)) words << QString::fromStdString(wordText(text, word));
        return words.join('|');
    }

 private slots:
    void piecesOfAWordAreJoined_data() {
        QTest::addColumn<QString>("drawn");
        QTest::addColumn<QString>("words");
        QTest::newRow("leading spaces") << "The| quick| br|own| fo|x"
                                        << "The| quick| brown| fox";
        QTest::newRow("punctuation") << "do|n't| stop|.|.|."
                                     << "don't| stop|.|.|.";
        QTest::newRow("specials alone") << "[CLS]|play|ing|[SEP]|[SEP]"
                                        << "[CLS]|playing|[SEP]|[SEP]";
        QTest::newRow("spaces of their own") << "a| | |b"
                                             << "a|  |b";
        QTest::newRow("one token") << "word"
                                   << "word";
    }
    void piecesOfAWordAreJoined() {
        QFETCH(QString, drawn);
        QFETCH(QString, words);
        QCOMPARE(joined(pieces(drawn)), words);
    }

    void piecesOfOneCharacterSayItOnce() {
        TokenizedText text;
        text.texts = {"\xF0\x9F\x98\x80!"};
        for (int i = 0; i < 3; ++i) text.tokens.push_back({i, "x", "\xF0\x9F\x98\x80", 0, 4, false, 0});
        text.tokens.push_back({3, "!", "!", 4, 5, false, 0});
        QCOMPARE(joined(text), QString::fromUtf8("\xF0\x9F\x98\x80|!"));
    }

    void theTwoTextsOfAPairDoNotJoin() {
        TokenizedText text;
        text.texts = {"ab", "ab"};
        text.tokens = {
            {0, "a", "a", 0, 1, false, 0}, {1, "b", "b", 1, 2, false, 0}, {0, "a", "a", 0, 1, false, 1}};
        QCOMPARE(joined(text), QString("ab|a"));
    }

    void tokensWithoutAPlaceAreWordsOfTheirOwn() {
        const auto text = numberedTokens({1, 2, 3}, {});
        QCOMPARE(wordsOf(text).size(), std::size_t{3});
        QCOMPARE(wordsOf({}).size(), std::size_t{0});
    }
};

QTEST_GUILESS_MAIN(WordsTest)
#include "words_test.moc"
