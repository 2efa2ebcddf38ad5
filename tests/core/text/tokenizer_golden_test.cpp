// Small tokenizers, at least one for each kind of part, and the sample model's: what the reference makes of
// hard lines. golden/ is made by make_tokenizer_goldens.py small.
#include <QtTest>
#include <fstream>
#include <sstream>

#include "core/base/json_parse.h"
#include "core/text/tokenizer.h"
#include "tests/support/shared_data.h"

using namespace attnviz;

namespace {

std::filesystem::path goldenDir() {
    return test::sourceDir() / "tests/core/text/golden";
}

std::vector<std::string> linesOf(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
}

TokenizedText encoded(const Tokenizer& tokenizer, const std::string& line, bool special) {
    const std::size_t tab = line.find('\t');
    std::optional<std::string_view> pair;
    if (tab != std::string::npos) pair = std::string_view(line).substr(tab + 1);
    auto result = tokenizer.encode(line.substr(0, tab), pair, {special});
    if (!result) throw std::runtime_error(result.error().sentence());
    return *result;
}

// The form of the golden files: ids, span ends, special flags, pieces, decoded text.
JsonValue shown(const Tokenizer& tokenizer, const TokenizedText& text) {
    JsonValue ids = JsonValue::array(), spans = JsonValue::array(), flags = JsonValue::array(),
              pieces = JsonValue::array();
    std::vector<std::int64_t> list;
    for (const Token& token : text.tokens) {
        ids.push(static_cast<long>(token.id));
        list.push_back(token.id);
        spans.push(static_cast<long>(token.begin));
        spans.push(static_cast<long>(token.end));
        flags.push(token.special ? 1 : 0);
        pieces.push(token.piece);
    }
    return JsonValue::array({ids, spans, flags, pieces, tokenizer.decode(list)});
}

}  // namespace

class TokenizerGoldenTest : public QObject {
    Q_OBJECT

 private slots:
    void everyKindTokenizesAsTheReference_data() {
        QTest::addColumn<QString>("name");
        int count = 0;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(goldenDir())) {
            if (entry.path().extension() != ".expected") continue;
            const std::string name =
                std::filesystem::relative(entry.path(), goldenDir()).replace_extension().string();
            QTest::newRow(name.c_str()) << QString::fromStdString(name);
            ++count;
        }
        QVERIFY(count >= 27);
    }

    void everyKindTokenizesAsTheReference() {
        QFETCH(QString, name);
        const std::string stem = name.toStdString();
        const auto folder =
            stem == "sample-model" ? test::sourceDir() / "resources/sample-model" : goldenDir() / stem;
        const auto loaded = loadTokenizer(folder);
        QVERIFY2(loaded.ok(), loaded.ok() ? "" : loaded.error().sentence().c_str());
        const auto lines = linesOf(goldenDir() / "lines.txt");
        const auto expected = linesOf(goldenDir() / (stem + ".expected"));
        QVERIFY(lines.size() >= 60);
        std::size_t row = 0;
        for (const bool special : {true, false}) {
            for (const std::string& line : lines) {
                const QString first = QString::fromStdString(line.substr(0, line.find('\t')));
                if (!special && first.toUcs4().size() > 6) continue;
                QVERIFY(row < expected.size());
                const auto reference = parseJson(expected[row++], stem);
                QVERIFY(reference.ok());
                const Tokenizer& tokenizer = *loaded->tokenizer;
                // What SentencePiece files decode to is not in their goldens.
                JsonValue ours = shown(tokenizer, encoded(tokenizer, line, special));
                if (reference->items().size() == 4)
                    ours = JsonValue::array(
                        {ours.items()[0], ours.items()[1], ours.items()[2], ours.items()[3]});
                QCOMPARE(QString::fromStdString(line + " -> " + ours.toText(0)),
                         QString::fromStdString(line + " -> " + reference->toText(0)));
            }
        }
        QCOMPARE(row, expected.size());
    }

    void labelsAreSlicesOfTheTextAndSpecialsByName() {
        const auto loaded = loadTokenizer(goldenDir() / "added");
        QVERIFY(loaded.ok());
        const auto text = encoded(*loaded->tokenizer, "The Quick fox [SEP] x", true);
        QStringList labels;
        for (const Token& token : text.tokens) labels << QString::fromStdString(token.text);
        QCOMPARE(labels.join('|'), QString("[CLS]|The Quick|fox|[SEP]|x|[SEP]"));
        QVERIFY(text.tokens[3].special && text.tokens[3].begin == 14);
        QVERIFY(text.tokens[5].special && text.tokens[5].end == 0);
    }

    void piecesOfOneCharacterAllCarryItsSpan() {
        const auto loaded = loadTokenizer(test::sourceDir() / "resources/sample-model");
        QVERIFY(loaded.ok());
        const auto text = encoded(*loaded->tokenizer, "a \xF0\x9F\x98\x80", true);
        QVERIFY(text.tokens.size() > 2);
        QCOMPARE(text.tokens.back().end, std::size_t{6});
        QCOMPARE(text.tokens.back().begin, std::size_t{2});
        QCOMPARE(text.tokens.back().text, std::string("\xF0\x9F\x98\x80"));
    }

    void aPairCountsEachTextByItself() {
        const auto loaded = loadTokenizer(goldenDir() / "word-level-bert");
        QVERIFY(loaded.ok());
        const auto text = encoded(*loaded->tokenizer, "the fox\tdog", true);
        QCOMPARE(text.texts, (std::vector<std::string>{"the fox", "dog"}));
        QCOMPARE(text.tokens.size(), std::size_t{6});
        QCOMPARE(text.tokens[4].segment, 1);
        QCOMPARE(text.tokens[4].begin, std::size_t{0});
        QCOMPARE(text.tokens[4].end, std::size_t{3});
        QCOMPARE(text.tokens[5].segment, 1);
    }

    void idsHavePiecesAndLabels() {
        const auto sample = loadTokenizer(test::sourceDir() / "resources/sample-model");
        QVERIFY(sample.ok());
        const Tokenizer& tokenizer = *sample->tokenizer;
        const auto text = encoded(tokenizer, "the quick\xC3\xA9", true);
        for (const Token& token : text.tokens) QCOMPARE(tokenizer.pieceOf(token.id), token.piece);
        QCOMPARE(tokenizer.labelOf(text.tokens[1].id).front(), ' ');
        QCOMPARE(tokenizer.kind(), std::string_view("byte-level BPE"));
        QCOMPARE(tokenizer.vocabularySize(), std::int64_t{4096});
        QVERIFY(tokenizer.isSpecial(0));
        QVERIFY(!tokenizer.isSpecial(text.tokens[0].id));
        QCOMPARE(tokenizer.labelOf(0), std::string("<|endoftext|>"));
        QCOMPARE(tokenizer.pieceOf(-1) + tokenizer.pieceOf(1 << 30) + tokenizer.labelOf(4096), std::string());
        QCOMPARE(tokenizer.decode({text.tokens[0].id, -5, 1 << 30}), std::string("the"));
    }

    void partOfACharacterIsLabelledByItsByte() {
        const auto sample = loadTokenizer(test::sourceDir() / "resources/sample-model");
        QVERIFY(sample.ok());
        const auto text = encoded(*sample->tokenizer, "\xF0\x9F\x98\x80", true);
        QVERIFY(sample->tokenizer->labelOf(text.tokens.back().id).starts_with("\\x"));
    }
};

QTEST_GUILESS_MAIN(TokenizerGoldenTest)
#include "tokenizer_golden_test.moc"
