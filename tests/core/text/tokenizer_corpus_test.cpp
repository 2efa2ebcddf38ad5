// Published tokenizers on a corpus of 388 languages, emoji, normalization vectors, naughty strings and books:
// every id, place, flag and piece is the reference's. corpus_hashes.json is made by make_tokenizer_goldens.py
// hashes; the texts and tokenizers lie beside the repository.
#include <zip.h>

#include <QCryptographicHash>
#include <QtTest>
#include <algorithm>
#include <fstream>
#include <sstream>

#include "core/base/json_parse.h"
#include "core/text/tokenizer.h"
#include "tests/support/shared_data.h"

using namespace attnviz;
namespace fs = std::filesystem;

namespace {

std::string contentOf(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream content;
    content << file.rdbuf();
    return content.str();
}

void take(std::vector<std::string>& lines, const std::string& content, std::size_t most = std::string::npos) {
    std::istringstream stream(content);
    std::size_t taken = 0;
    for (std::string line; taken < most && std::getline(stream, line); ++taken) lines.push_back(line);
    if (taken < most && (content.empty() || content.back() == '\n')) lines.emplace_back();
}

// Every text file of a zip, in the order of their names.
void takeZip(std::vector<std::string>& lines, const fs::path& path) {
    int code = 0;
    zip_t* archive = zip_open(path.c_str(), ZIP_RDONLY, &code);
    if (!archive) throw std::runtime_error("the zip cannot be opened");
    std::vector<std::string> names;
    for (zip_int64_t i = 0; i < zip_get_num_entries(archive, 0); ++i)
        names.emplace_back(zip_get_name(archive, static_cast<zip_uint64_t>(i), 0));
    std::sort(names.begin(), names.end());
    for (const auto& name : names) {
        if (!name.ends_with(".txt")) continue;
        zip_file_t* file = zip_fopen(archive, name.c_str(), 0);
        std::string content, block(65536, '\0');
        for (zip_int64_t count = 0; (count = zip_fread(file, block.data(), block.size())) > 0;)
            content.append(block, 0, static_cast<std::size_t>(count));
        zip_fclose(file);
        take(lines, content);
    }
    zip_discard(archive);
}

std::string times(std::string_view text, int count) {
    std::string out;
    for (int i = 0; i < count; ++i) out += text;
    return out;
}

// The lines of make_tokenizer_goldens.py corpus.
std::vector<std::string> corpus() {
    const fs::path text = test::sharedDir() / "data/text";
    std::vector<std::string> all;
    takeZip(all, text / "udhr2.zip");
    const auto naughty = readJsonFile(text / "blns.json");
    if (!naughty) throw std::runtime_error(naughty.error().sentence());
    for (const auto& string : naughty->items()) take(all, string.string());
    take(all, contentOf(text / "emoji-test.txt"));
    take(all, contentOf(text / "NormalizationTest.converted.txt"));
    for (const char* book : {"pg11.txt", "pg19068.txt", "pg25344.txt", "pg2641.txt", "2701-0.txt"})
        take(all, contentOf(text / "gutenberg" / book), 3000);
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < all.size(); i += 5) lines.push_back(all[i]);
    const std::size_t single = lines.size();
    for (std::size_t i = 97; i < single; i += 97) lines.push_back(lines[i] + "\t" + lines[i - 97]);
    for (const std::string name :
         {"<|endoftext|>", "[CLS]", "[SEP]", "[MASK]", "[UNK]", "<s>", "</s>", "<mask>", "<pad>"})
        for (const std::string& form : {"a" + name + "b", "x  " + name + "  y", name, times(name, 3),
                                        name + "\t" + name, " " + name + " "})
            lines.push_back(form);
    for (const auto& [letters, count] :
         {std::pair("a", 5000), std::pair("word ", 3000), std::pair("\xC3\xA9", 2000),
          std::pair("\xE4\xB8\xAD", 500), std::pair(" ", 3000), std::pair("x", 99), std::pair("x", 100),
          std::pair("x", 101), std::pair("\xF0\x9F\x98\x80", 101)})
        lines.push_back(times(letters, count));
    return lines;
}

// One line's tokens as the script writes them; transformers' slow tokenizer knows no places.
std::string canonical(const TokenizedText& text, bool placed) {
    std::string out;
    for (const Token& token : text.tokens) {
        out += std::to_string(token.id);
        if (placed)
            out += " " + std::to_string(token.begin) + " " + std::to_string(token.end) +
                   (token.special ? " 1" : " 0");
        out += " " + token.piece + "\n";
    }
    return out + "\n";
}

QStringList hashesOf(const Tokenizer& tokenizer, const std::vector<std::string>& lines, bool special,
                     bool placed) {
    QStringList hashes;
    QCryptographicHash block(QCryptographicHash::Sha256);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const std::string& line = lines[i];
        const std::size_t tab = line.find('\t');
        std::optional<std::string_view> pair;
        if (tab != std::string::npos) pair = std::string_view(line).substr(tab + 1);
        const auto text = tokenizer.encode(std::string_view(line).substr(0, tab), pair, {special});
        if (!text) throw std::runtime_error(text.error().sentence());
        const std::string row = canonical(*text, placed);
        block.addData(QByteArrayView(row.data(), static_cast<qsizetype>(row.size())));
        if ((i + 1) % 1000 != 0 && i + 1 != lines.size()) continue;
        hashes << QString::fromLatin1(block.result().toHex()).left(12);
        block.reset();
    }
    return hashes;
}

}  // namespace

class TokenizerCorpusTest : public QObject {
    Q_OBJECT

 private slots:
    void everyLineIsTheReferences_data() {
        QTest::addColumn<QString>("key");
        QTest::addColumn<QStringList>("hashes");
        const auto file = readJsonFile(test::sourceDir() / "tests/core/text/corpus_hashes.json");
        QVERIFY(file.ok());
        for (const auto& [key, list] : (*file)["hashes"].members()) {
            QStringList hashes;
            for (const auto& hash : list.items()) hashes << QString::fromStdString(hash.string());
            QTest::newRow(key.c_str()) << QString::fromStdString(key) << hashes;
        }
    }

    void everyLineIsTheReferences() {
        ATTNVIZ_NEED_SHARED("data/text/udhr2.zip");
        QFETCH(QString, key);
        QFETCH(QStringList, hashes);
        const std::string name = key.section(' ', 0, 0).toStdString();
        ATTNVIZ_NEED_SHARED("data/tokenizers/" + name);
        static const std::vector<std::string> lines = corpus();
        QVERIFY(lines.size() >= 20000);
        const auto loaded = loadTokenizer(test::sharedDir() / "data/tokenizers" / name);
        QVERIFY2(loaded.ok(), loaded.ok() ? "" : loaded.error().sentence().c_str());
        const auto ours = hashesOf(*loaded->tokenizer, lines, !key.contains("--no-special-tokens"),
                                   !name.ends_with("vocab.txt"));
        QCOMPARE(ours.size(), hashes.size());
        for (int block = 0; block < ours.size(); ++block)
            QVERIFY2(
                ours[block] == hashes[block],
                qPrintable(QString("lines %1 to %2 differ").arg(block * 1000 + 1).arg(block * 1000 + 1000)));
    }

    // Another program's ids of 46 strings.
    void anotherProgramsIdsAreOurs_data() {
        QTest::addColumn<QString>("golden");
        QTest::addColumn<QString>("tokenizer");
        QTest::newRow("BERT") << "bert-bge"
                              << "bert-base-uncased";
        QTest::newRow("GPT-2") << "gpt-2"
                               << "gpt2";
        QTest::newRow("Qwen2") << "qwen2"
                               << "qwen2";
        QTest::newRow("Llama, SentencePiece") << "llama-spm"
                                              << "llama/tokenizer.model";
        QTest::newRow("Llama, tokenizer.json") << "llama-spm"
                                               << "llama/tokenizer.json";
    }

    void anotherProgramsIdsAreOurs() {
        ATTNVIZ_NEED_SHARED("data/tokenizer-goldens");
        QFETCH(QString, golden);
        QFETCH(QString, tokenizer);
        const auto loaded = loadTokenizer(test::sharedDir() / "data/tokenizers" / tokenizer.toStdString());
        QVERIFY2(loaded.ok(), loaded.ok() ? "" : loaded.error().sentence().c_str());
        const auto stem =
            test::sharedDir() / "data/tokenizer-goldens" / ("ggml-vocab-" + golden.toStdString() + ".gguf");
        const QString inputs = QString::fromStdString(contentOf(stem.string() + ".inp"));
        const QStringList expected = QString::fromStdString(contentOf(stem.string() + ".out")).split('\n');
        int number = 0;
        for (const QString& input : inputs.split("\n__ggml_vocab_test__\n")) {
            const auto text = loaded->tokenizer->encode(input.toStdString(), std::nullopt, {false});
            QVERIFY(text.ok());
            QString ids;
            for (const Token& token : text->tokens) ids += " " + QString::number(token.id);
            QCOMPARE(input + " ->" + ids, input + " ->" + expected.value(number++));
        }
        QVERIFY(number >= 40);
    }
};

QTEST_GUILESS_MAIN(TokenizerCorpusTest)
#include "tokenizer_corpus_test.moc"
