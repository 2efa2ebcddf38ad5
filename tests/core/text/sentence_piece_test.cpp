// SentencePiece files: whose they are, what is added around them, and hostile ones. What they make of lines
// is in tokenizer_golden_test.cpp.
#include <QTemporaryDir>
#include <QtTest>
#include <fstream>
#include <sstream>

#include "core/base/json_parse.h"
#include "core/text/character_map.h"
#include "core/text/sentence_piece_model.h"
#include "core/text/tokenizer.h"
#include "tests/support/shared_data.h"

using namespace attnviz;
namespace fs = std::filesystem;

namespace {

fs::path golden(const std::string& name) {
    return test::sourceDir() / "tests/core/text/golden/sentence-piece" / name;
}

std::string contentOf(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream content;
    content << file.rdbuf();
    return content.str();
}

// A table of replacements whose trie has these units.
std::string tableOf(const std::vector<std::uint32_t>& units, const std::string& texts) {
    std::string bytes;
    const auto put = [&](std::uint32_t word) {
        for (int i = 0; i < 4; ++i) bytes += static_cast<char>(word >> (8 * i));
    };
    put(static_cast<std::uint32_t>(units.size() * 4));
    for (const auto unit : units) put(unit);
    return bytes + texts;
}

}  // namespace

class SentencePieceTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    fs::path folder() const { return m_folder.path().toStdString(); }
    fs::path write(const std::string& name, const std::string& content) {
        std::ofstream(folder() / name, std::ios::binary) << content;
        return folder() / name;
    }
    static QString piecesOf(const Tokenizer& tokenizer, std::string_view text, bool special = true) {
        const auto tokens = tokenizer.encode(text, std::nullopt, {special});
        if (!tokens) return QString::fromStdString(tokens.error().sentence());
        QStringList pieces;
        for (const Token& token : tokens->tokens) pieces << QString::fromStdString(token.piece);
        return pieces.join('|');
    }

 private slots:
    void cleanup() {
        for (const auto& entry : fs::directory_iterator(folder())) fs::remove_all(entry.path());
    }

    void aFileIsFoundByAnyOfItsNames_data() {
        QTest::addColumn<QString>("name");
        for (const char* name : {"spiece.model", "tokenizer.model", "sentencepiece.bpe.model",
                                 "tokenizer.model.v1", "a.model.v2", "b.model.v3"})
            QTest::newRow(name) << name;
    }
    void aFileIsFoundByAnyOfItsNames() {
        QFETCH(QString, name);
        const auto path = write(name.toStdString(), contentOf(golden("llama/tokenizer.model")));
        for (const auto& place : {folder(), path}) {
            const auto loaded = loadTokenizer(place);
            QVERIFY2(loaded.ok(), loaded.ok() ? "" : loaded.error().sentence().c_str());
            QCOMPARE(loaded->tokenizer->kind(), std::string_view("SentencePiece BPE"));
            QCOMPARE(QString::fromStdString(loaded->source), QString::fromStdString(path.string()));
        }
    }

    void theNewestOfMistralsFilesIsTaken() {
        const auto content = contentOf(golden("llama/tokenizer.model"));
        for (const char* name : {"tokenizer.model.v1", "x.model.v3", "x.model.v2"}) write(name, content);
        const auto loaded = loadTokenizer(folder());
        QVERIFY(loaded.ok());
        QVERIFY(loaded->source.ends_with("x.model.v3"));
    }

    void settingsNameTheFamilyAndItsTokens() {
        write("tokenizer.model", contentOf(golden("llama/tokenizer.model")));
        write("tokenizer_config.json",
              R"({"tokenizer_class": "LlamaTokenizerFast", "add_bos_token": false, "add_eos_token": true,
                  "added_tokens_decoder": {"500": {"content": "<|im_end|>", "special": true, "rstrip": true},
                                           "501": {"content": "hello"}}})");
        const auto loaded = loadTokenizer(folder());
        QVERIFY2(loaded.ok(), loaded.ok() ? "" : loaded.error().sentence().c_str());
        const auto tokens = loaded->tokenizer->encode("<|im_end|>  hello</s>", std::nullopt, {});
        QVERIFY(tokens.ok());
        QStringList seen;
        for (const Token& token : tokens->tokens)
            seen << QString("%1 %2-%3 %4").arg(token.id).arg(token.begin).arg(token.end).arg(token.special);
        QCOMPARE(seen.join(", "), "500 0-12 1, 501 12-17 0, 2 17-21 1, 2 0-0 1");
        QCOMPARE(loaded->tokenizer->vocabularySize(), std::int64_t{502});
    }

    void albertsOwnPreparationCountsWhereTheFolderSaysThatItIsAlbert() {
        const auto bare = loadTokenizer(golden("albert"));
        QVERIFY(bare.ok());
        write("spiece.model", contentOf(golden("albert/spiece.model")));
        write("config.json", R"({"model_type": "albert"})");
        const auto albert = loadTokenizer(folder());
        QVERIFY(albert.ok());
        QCOMPARE(piecesOf(*albert->tokenizer, "``Fox''  caf\xC3\xA9"),
                 piecesOf(*bare->tokenizer, "\"fox\" cafe"));
        QVERIFY(piecesOf(*bare->tokenizer, "``Fox''") != piecesOf(*bare->tokenizer, "\"fox\""));
    }

    void theSourceLanguageFollowsOrLeadsTheText() {
        write("sentencepiece.bpe.model", contentOf(golden("mbart/sentencepiece.bpe.model")));
        write("tokenizer_config.json", R"({"tokenizer_class": "MBartTokenizer", "src_lang": "de_DE"})");
        const auto mbart = loadTokenizer(folder());
        QVERIFY(mbart.ok());
        QVERIFY(piecesOf(*mbart->tokenizer, "fox").endsWith("|</s>|de_DE"));
        write("tokenizer_config.json", R"({"tokenizer_class": "MBart50Tokenizer"})");
        const auto mbart50 = loadTokenizer(folder());
        QVERIFY(mbart50.ok());
        QVERIFY(piecesOf(*mbart50->tokenizer, "fox").startsWith("en_XX|"));
        QCOMPARE(mbart50->tokenizer->vocabularySize() - mbart->tokenizer->vocabularySize(), std::int64_t{27});
    }

    // "legacy": false: one space before the whole text, none behind special tokens; against the slow
    // tokenizers.
    void settingsSayWhereSpacesGo() {
        const auto cases = readJsonFile(golden("legacy.json"));
        QVERIFY2(cases.ok(), cases.ok() ? "" : cases.error().sentence().c_str());
        QVERIFY(cases->items().size() > 3);
        for (const auto& one : cases->items()) {
            cleanup();
            const auto from = golden(one["folder"].string());
            for (const auto& entry : fs::directory_iterator(from))
                fs::copy_file(entry.path(), folder() / entry.path().filename());
            write("tokenizer_config.json", one["settings"].toText());
            const auto loaded = loadTokenizer(folder());
            QVERIFY2(loaded.ok(), loaded.ok() ? "" : loaded.error().sentence().c_str());
            for (const auto& line : one["lines"].items()) {
                const auto text = line.items()[0].string();
                const auto tokens = loaded->tokenizer->encode(text, std::nullopt, {false});
                QVERIFY(tokens.ok());
                QStringList found, expected;
                for (const Token& token : tokens->tokens) {
                    found << QString::number(token.id);
                    QVERIFY2(token.begin <= token.end && token.end <= text.size(), text.c_str());
                }
                for (const auto& id : line.items()[1].items()) expected << QString::number(id.integerOr(-1));
                QVERIFY2(found == expected,
                         qPrintable(QString::fromStdString(one["settings"].toText(0) +
                                                           one["folder"].string() + " '" + text + "': ") +
                                    piecesOf(*loaded->tokenizer, text, false) + ", " + found.join(' ') +
                                    " instead of " + expected.join(' ')));
            }
        }
    }

    void marianCutsTheDecodersTextByItsOwnFile() {
        const auto loaded = loadTokenizer(golden("marian"));
        QVERIFY2(loaded.ok(), loaded.ok() ? "" : loaded.error().sentence().c_str());
        QCOMPARE(loaded->tokenizer->kind(), std::string_view("SentencePiece Unigram"));
        QCOMPARE(loaded->tokenizer->forTarget().kind(), std::string_view("SentencePiece BPE"));
        QVERIFY(piecesOf(*loaded->tokenizer, ">>de<< the").startsWith(">>de<<|"));
        const auto other = loadTokenizer(golden("llama"));
        QVERIFY(other.ok());
        QCOMPARE(&other->tokenizer->forTarget(), other->tokenizer.get());
    }

    void bytesOfACharacterAllReadAsTheCharacter() {
        const auto loaded = loadTokenizer(golden("llama"));
        QVERIFY(loaded.ok());
        const auto tokens = loaded->tokenizer->encode("x\xE2\x98\x83", std::nullopt, {});
        QVERIFY(tokens.ok());
        QVERIFY(tokens->tokens.size() >= 4);
        for (std::size_t i = tokens->tokens.size() - 3; i < tokens->tokens.size(); ++i) {
            QCOMPARE(tokens->tokens[i].text, std::string("\xE2\x98\x83"));
            QCOMPARE(tokens->tokens[i].begin, std::size_t{1});
            QCOMPARE(tokens->tokens[i].end, std::size_t{4});
        }
        QCOMPARE(loaded->tokenizer->labelOf(tokens->tokens.back().id), std::string("\\x83"));
        std::vector<std::int64_t> ids;
        for (const Token& token : tokens->tokens)
            if (!token.special) ids.push_back(token.id);
        QCOMPARE(loaded->tokenizer->decode(ids), std::string("x\xE2\x98\x83"));
    }

    // Both ways agree on small models (they differ where sums of scores nearly tie).
    void ourSearchAgreesWithTheLibrary() {
        for (const char* name : {"albert/spiece.model", "llama-unigram/tokenizer.model"}) {
            const auto made = [&](auto make) {
                auto file = SentencePieceFile::read(golden(name));
                if (!file) throw std::runtime_error(file.error().sentence());
                SentencePieceIds ids;
                for (std::uint32_t i = 0; i < (*file)->pieces.size(); ++i) ids.ids.push_back(i);
                auto model = make(std::move(*file), std::move(ids));
                if (!model) throw std::runtime_error(model.error().sentence());
                return *model;
            };
            const auto ours = made(&makeSentencePieceModel);
            const auto library = made(&makeSentencePieceLibraryModel);
            std::istringstream lines(contentOf(test::sourceDir() / "tests/core/text/golden/lines.txt"));
            for (std::string line; std::getline(lines, line);) {
                if (line.empty()) continue;
                const auto mine = ours->encoder(), theirs = library->encoder();
                std::vector<ModelToken> left, right;
                QVERIFY(mine->encode(line, left).ok() && theirs->encode(line, right).ok());
                const auto text = [](const std::vector<ModelToken>& tokens) {
                    QString out;
                    for (const auto& token : tokens)
                        out += QString("%1 %2-%3 %4, ")
                                   .arg(token.id)
                                   .arg(token.begin)
                                   .arg(token.end)
                                   .arg(QString::fromUtf8(token.piece.data(),
                                                          static_cast<qsizetype>(token.piece.size())));
                    return out;
                };
                QCOMPARE(text(left), text(right));
            }
        }
    }

    // A cut file, or one with a bit turned, is refused with one sentence or cuts texts; never more than
    // that.
    void damagedFilesAreRefusedOrHarmless_data() {
        QTest::addColumn<QString>("name");
        for (const char* name :
             {"albert/spiece.model", "llama/tokenizer.model", "llama-unigram/tokenizer.model",
              "words/tokenizer.model", "characters/tokenizer.model.v1"})
            QTest::newRow(name) << name;
    }
    void damagedFilesAreRefusedOrHarmless() {
        QFETCH(QString, name);
        const std::string good = contentOf(golden(name.toStdString()));
        QVERIFY(good.size() > 1000);
        int loads = 0;
        const auto tryFile = [&](const std::string& content) {
            const auto loaded = loadTokenizer(write("tokenizer.model", content));
            if (!loaded) {
                QVERIFY(!loaded.error().sentence().empty());
                return;
            }
            ++loads;
            const auto tokens =
                loaded->tokenizer->encode("The quick \xEF\xAC\x81 fox\xE2\x98\x83 x", std::nullopt, {});
            QVERIFY(tokens.ok() || !tokens.error().sentence().empty());
        };
        for (std::size_t length = 0; length < good.size(); length += 29) tryFile(good.substr(0, length));
        for (std::size_t byte = 0; byte < good.size(); byte += 13) {
            std::string turned = good;
            turned[byte] = static_cast<char>(turned[byte] ^ (1 << (byte * 5 % 8)));
            tryFile(turned);
        }
        QVERIFY(loads > 0);
    }

    void filesThatAreNoneAreRefusedWithASentence_data() {
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QString>("words");
        const auto row = [](const char* name, const std::string& content, const char* words) {
            QTest::newRow(name) << QByteArray::fromStdString(content) << words;
        };
        row("empty", "", "0 unknown tokens");
        row("text", "hello", "no valid message");
        row("LFS pointer", "version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer");
        const std::string unknown = std::string("\x0A\x09\x0A\x05<unk>\x18\x02");
        const std::string a(
            "\x0A\x03\x0A\x01"
            "a");
        row("no pieces", unknown, "no pieces");
        row("twice", unknown + a + a, "there twice");
        row("two unknown ones",
            unknown + a +
                std::string("\x0A\x05\x0A\x01"
                            "b\x18\x02"),
            "2 unknown tokens");
        row("an empty piece", unknown + std::string("\x0A\x02\x0A\x00", 4), "has 0 bytes");
        row("a zero in a piece",
            unknown + std::string("\x0A\x04\x0A\x02"
                                  "a\0",
                                  6),
            "not valid UTF-8");
        row("invalid UTF-8", unknown + std::string("\x0A\x03\x0A\x01\xFF"), "not valid UTF-8");
        row("a kind that is none",
            unknown + std::string("\x0A\x05\x0A\x01"
                                  "a\x18\x63"),
            "unknown kind 99");
        row("a score that is no number",
            unknown + std::string("\x0A\x08\x0A\x01"
                                  "a\x15\xFF\xFF\xFF\x7F"),
            "no number");
        row("a byte without fallback", unknown + a + std::string("\x0A\x0A\x0A\x06<0x00>\x18\x06"),
            "no place in this model");
        row("fallback without bytes", unknown + a + std::string("\x12\x03\x98\x02\x01"), "not all of them");
        row("a model that is none", unknown + a + std::string("\x12\x02\x18\x09"), "unknown type 9");
        row("a length beyond the end", std::string("\x0A\xFF\xFF\xFF\xFF\x0F"), "no valid message");
        row("a number without end", std::string(20, '\xFF'), "no valid message");
        // A table of one unit whose offset leads far out.
        const std::string table = tableOf({0xFFFFFC00U}, std::string("a\0", 2));
        const std::string spec = std::string("\x12") + static_cast<char>(table.size()) + table;
        row("a table that leads out", unknown + a + "\x1A" + static_cast<char>(spec.size()) + spec,
            "leads out of its own bytes");
    }
    void filesThatAreNoneAreRefusedWithASentence() {
        QFETCH(QByteArray, content);
        QFETCH(QString, words);
        const auto loaded = loadTokenizer(write("tokenizer.model", content.toStdString()));
        QVERIFY(!loaded.ok());
        const auto sentence = QString::fromStdString(loaded.error().sentence());
        QVERIFY2(sentence.contains(words), qPrintable(sentence));
        QVERIFY2(sentence.contains("tokenizer.model"), qPrintable(sentence));
    }

    void aTableThatLeadsOutFindsNothing() {
        const std::string texts("x\0", 2);
        for (const auto& units : std::vector<std::vector<std::uint32_t>>{
                 {0}, {0xFFFFFFFFU}, {0x400U, 0x161U}, {0xFFFFFC00U, 0xFFFFFFFFU}, {0x100U, 0x80000000U}}) {
            const auto map = CharacterMap::read(tableOf(units, texts), "test");
            QVERIFY(map.ok());
            for (int byte = 0; byte < 256; ++byte) {
                const std::string text(3, static_cast<char>(byte));
                (void)map->replacementOf(text);
                (void)map->longestOf(text);
                (void)map->begins(static_cast<char>(byte));
            }
            QVERIFY(!map->checkForOthers("test").ok());
        }
        QVERIFY(!CharacterMap::read("", "test").ok());
        QVERIFY(!CharacterMap::read(std::string("\xFF\xFF\xFF\xFF", 4), "test").ok());
        QVERIFY(!CharacterMap::read(std::string("\0\0\0\0", 4), "test").ok());
        QVERIFY(!CharacterMap::read(tableOf({0}, "\xFF"), "test").ok());
    }
};

QTEST_GUILESS_MAIN(SentencePieceTest)
#include "sentence_piece_test.moc"
