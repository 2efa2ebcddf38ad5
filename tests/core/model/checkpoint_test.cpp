#include "core/model/checkpoint.h"

#include <QTemporaryDir>
#include <QtTest>
#include <cstring>
#include <limits>
#include <set>

#include "tests/support/safetensors_text.h"
#include "tests/support/shared_data.h"

using namespace attnviz;
using test::safetensors;
namespace fs = std::filesystem;

namespace {

std::span<const std::byte> bytesOf(const std::string& text) {
    return std::as_bytes(std::span(text));
}

// Written with escapes, because Qt's own compiler loses the class behind raw strings that begin with a colon.
std::string tensor(std::string_view name, std::string_view type, std::string_view shape, std::uint64_t begin,
                   std::uint64_t end) {
    return "\"" + std::string(name) + "\":{\"dtype\":\"" + std::string(type) +
           "\",\"shape\":" + std::string(shape) + ",\"data_offsets\":[" + std::to_string(begin) + "," +
           std::to_string(end) + "]}";
}

}  // namespace

class CheckpointTest : public QObject {
    Q_OBJECT
    QTemporaryDir m_folder;
    fs::path path(const char* name) const { return fs::path(m_folder.path().toStdString()) / name; }

 private slots:
    void goodFilesAreRead_data() {
        QTest::addColumn<QByteArray>("header");
        QTest::addColumn<int>("bytes");
        QTest::addColumn<int>("tensors");
        const auto row = [](const char* name, const std::string& header, int bytes, int tensors) {
            QTest::newRow(name) << QByteArray::fromStdString(header) << bytes << tensors;
        };
        row("nothing in it", "{}", 0, 0);
        row("one tensor", "{" + tensor("a", "F32", "[2,2]", 0, 16) + "}", 16, 1);
        row("order of bytes, not of names",
            "{" + tensor("a", "F32", "[1]", 4, 8) + "," + tensor("b", "F32", "[1]", 0, 4) + "}", 8, 2);
        row("spaces behind the header", "{" + tensor("a", "U8", "[3]", 0, 3) + "}     ", 3, 1);
        row("a scalar", "{" + tensor("a", "F64", "[]", 0, 8) + "}", 8, 1);
        row("no elements", "{" + tensor("a", "F32", "[2,0]", 0, 0) + "}", 0, 1);
        row("no elements where another begins",
            "{" + tensor("a", "F32", "[1]", 0, 4) + "," + tensor("z", "F32", "[0]", 0, 0) + "," +
                tensor("y", "F32", "[0]", 4, 4) + "}",
            4, 3);
        row("text beside", R"({"__metadata__":{"format":"pt"},)" + tensor("a", "BF16", "[1]", 0, 2) + "}", 2,
            1);
        row("two numbers in a byte", "{" + tensor("a", "F4", "[2,3]", 0, 3) + "}", 3, 1);
        row("a name of any letters", "{" + tensor("h\xC3\xA4\\u0000\\n", "I8", "[1]", 0, 1) + "}", 1, 1);
    }
    void goodFilesAreRead() {
        QFETCH(QByteArray, header);
        QFETCH(int, bytes);
        QFETCH(int, tensors);
        const auto file = safetensors(header.toStdString(), static_cast<std::size_t>(bytes));
        const auto checkpoint = Checkpoint::fromBytes(bytesOf(file), "test");
        QVERIFY2(checkpoint.ok(), checkpoint.ok() ? "" : checkpoint.error().sentence().c_str());
        QCOMPARE(static_cast<int>(checkpoint->tensors().size()), tensors);
        QCOMPARE(checkpoint->totalBytes(), std::int64_t{bytes});
        std::size_t sum = 0;
        for (const auto& [name, view] : checkpoint->tensors()) sum += view.bytes.size();
        QCOMPARE(sum, static_cast<std::size_t>(bytes));
    }

    void badFilesAreRefusedWithTheReason_data() {
        QTest::addColumn<QByteArray>("file");
        QTest::addColumn<QString>("reason");
        const auto row = [](const char* name, const std::string& file, const char* reason) {
            QTest::newRow(name) << QByteArray::fromStdString(file) << QString(reason);
        };
        const auto one = [](std::string_view type, std::string_view shape, std::uint64_t begin,
                            std::uint64_t end) { return "{" + tensor("a", type, shape, begin, end) + "}"; };
        row("empty", "", "too few for safetensors");
        row("seven bytes", "\x02\0\0\0\0\0\0", "too few for safetensors");
        row("header above the cap", safetensors("{}", 0, 100'000'001), "more than the 100,000,000");
        row("header beyond the end", safetensors("{}", 0, 3), "truncated");
        row("header length that wraps", safetensors("{}", 0, std::numeric_limits<std::int64_t>::max()),
            "more than");
        row("all bits set", std::string(8, '\xFF') + "{}", "more than the 100,000,000");
        row("no header", safetensors("", 0), "does not begin with '{'");
        row("a list", safetensors("[]", 0), "does not begin with '{'");
        row("space before", safetensors(" {}", 0), "does not begin with '{'");
        row("two documents", safetensors("{}{}", 0), "no valid JSON");
        row("no JSON", safetensors("{a}", 0), "no valid JSON");
        row("invalid UTF-8", safetensors("{\"\xFF\":1}", 0), "no valid JSON");
        row("deep", safetensors("{\"a\":" + std::string(1'000'000, '['), 0), "no valid JSON");
        row("git lfs", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n", "git lfs pull");
        row("metadata no object", safetensors(R"({"__metadata__":1})", 0), "'__metadata__' is no object");
        row("metadata with numbers", safetensors(R"({"__metadata__":{"a":1}})", 0),
            "'__metadata__.a' is no text");
        row("metadata twice", safetensors(R"({"__metadata__":{},"__metadata__":{}})", 0), "there twice");
        row("metadata key twice", safetensors(R"({"__metadata__":{"a":"","a":""}})", 0), "there twice");
        row("tensor twice",
            safetensors("{" + tensor("a", "U8", "[1]", 0, 1) + "," + tensor("a", "U8", "[1]", 1, 2) + "}", 2),
            "tensor 'a' is there twice");
        row("tensor twice, written otherwise",
            safetensors(
                "{" + tensor("a", "U8", "[1]", 0, 1) + "," + tensor("\\u0061", "U8", "[1]", 1, 2) + "}", 2),
            "tensor 'a' is there twice");
        row("unknown type", safetensors(one("F33", "[1]", 0, 4), 4), "unknown type 'F33'");
        row("type in small letters", safetensors(one("f32", "[1]", 0, 4), 4), "unknown type");
        row("a key twice",
            safetensors(R"({"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1),
            "unknown or twice");
        row("lacking", safetensors(R"({"a":{"dtype":"U8","shape":[1]}})", 1), "lacks");
        row("no description", safetensors(R"({"a":3})", 1), "no description");
        row("negative dimension", safetensors(one("U8", "[-1]", 0, 1), 1), "no size");
        row("broken dimension", safetensors(one("U8", "[1.0]", 0, 1), 1), "no size");
        row("49-bit dimension", safetensors(one("U8", "[562949953421312]", 0, 1), 1), "no size");
        row("65-bit dimension", safetensors(one("U8", "[18446744073709551616]", 0, 1), 1), "");
        row("product that wraps to 4", safetensors(one("U8", "[4194305,4194305,211106198978564]", 0, 4), 4),
            "overflows");
        row("product that wraps to 0", safetensors(one("F32", "[4294967296,4294967296]", 0, 0), 0),
            "overflows");
        row("overflow behind a zero comes first",
            safetensors(one("F32", "[4294967296,4294967296,0]", 0, 0), 0), "overflows");
        row("too many dimensions",
            safetensors(one(
                            "U8",
                            "[" +
                                [] {
                                    std::string ones = "1";
                                    for (int i = 0; i < 40; ++i) ones += ",1";
                                    return ones;
                                }() +
                                "]",
                            0, 1),
                        1),
            "32 dimensions");
        row("shape and bytes disagree", safetensors(one("F32", "[2]", 0, 4), 4),
            "has shape (2), but 4 bytes");
        row("half a byte", safetensors(one("F4", "[3]", 0, 2), 2), "has shape (3)");
        row("ends before it begins", safetensors(one("U8", "[1]", 2, 1), 2), "ends before it begins");
        row("three offsets", safetensors(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,1]}})", 1),
            "no pair");
        row("negative offset", safetensors(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[-1,0]}})", 1),
            "no pair");
        row("hole at the start", safetensors(one("U8", "[1]", 1, 2), 2), "behind a hole");
        row("hole between",
            safetensors("{" + tensor("a", "U8", "[1]", 0, 1) + "," + tensor("b", "U8", "[1]", 2, 3) + "}", 3),
            "behind a hole");
        row("overlap",
            safetensors("{" + tensor("a", "U8", "[2]", 0, 2) + "," + tensor("b", "U8", "[2]", 1, 3) + "}", 3),
            "overlaps");
        row("the same bytes twice",
            safetensors("{" + tensor("a", "U8", "[2]", 0, 2) + "," + tensor("b", "U8", "[2]", 0, 2) + "}", 2),
            "overlaps");
        row("offsets near the greatest number",
            safetensors(one("U8", "[1]", 18446744073709551614U, 18446744073709551615U), 1), "behind a hole");
        row("one byte short", safetensors(one("U8", "[2]", 0, 2), 1), "truncated");
        row("one byte more", safetensors(one("U8", "[2]", 0, 2), 3), "damaged");
        row("bytes of nobody", safetensors("{}", 1), "damaged");
    }
    void badFilesAreRefusedWithTheReason() {
        QFETCH(QByteArray, file);
        QFETCH(QString, reason);
        const auto bytes = file.toStdString();
        const auto fromMemory = Checkpoint::fromBytes(bytesOf(bytes), "bad.safetensors");
        QVERIFY(!fromMemory.ok());
        const auto sentence = QString::fromStdString(fromMemory.error().sentence());
        QVERIFY2(sentence.contains(reason), qPrintable(sentence));
        QVERIFY2(sentence.startsWith("bad.safetensors: "), qPrintable(sentence));
        test::writeText(path("bad.safetensors"), bytes);
        const auto fromFile = Checkpoint::openFile(path("bad.safetensors"));
        QVERIFY(!fromFile.ok());
        QCOMPARE(fromFile.error().what, fromMemory.error().what);
    }

    // A file cut anywhere, or with any one bit of its header turned, is refused or read: never more than
    // that.
    void everyCutIsRefusedAndNoTurnedBitHarms() {
        const auto good = safetensors(
            "{" + tensor("a", "F32", "[2,2]", 0, 16) + "," + tensor("b", "BF16", "[3]", 16, 22) + "}", 22);
        for (std::size_t length = 0; length < good.size(); ++length) {
            const auto cut = good.substr(0, length);
            QVERIFY(!Checkpoint::fromBytes(bytesOf(cut), "cut").ok());
        }
        for (std::size_t bit = 0; bit < (good.size() - 22) * 8; ++bit) {
            auto turned = good;
            turned[bit / 8] = static_cast<char>(turned[bit / 8] ^ (1 << (bit % 8)));
            const auto checkpoint = Checkpoint::fromBytes(bytesOf(turned), "turned");
            if (!checkpoint) continue;
            for (const auto& [name, view] : checkpoint->tensors()) {
                QVERIFY(view.bytes.data() >= bytesOf(turned).data());
                QVERIFY(view.bytes.data() + view.bytes.size() <= bytesOf(turned).data() + turned.size());
            }
        }
    }

    void aHundredThousandTensorsOpenSoon() {
        std::string header = "{";
        for (int i = 0; i < 100'000; ++i) {
            if (i) header += ",";
            header += tensor("model.layers." + std::to_string(i) + ".weight", "U8", "[1]",
                             static_cast<unsigned>(i), static_cast<unsigned>(i) + 1);
        }
        test::writeText(path("many.safetensors"), safetensors(header + "}", 100'000));
        QElapsedTimer timer;
        timer.start();
        const auto checkpoint = Checkpoint::openFile(path("many.safetensors"));
        qInfo("100,000 tensors opened in %lld ms", static_cast<long long>(timer.elapsed()));
        QVERIFY(checkpoint.ok());
        QCOMPARE(checkpoint->tensors().size(), std::size_t{100'000});
    }

    void aTensorIsCopiedWithoutTheMap() {
        test::writeText(path("copy.safetensors"), safetensors("{" + tensor("a", "U8", "[3]", 0, 3) + "," +
                                                                  tensor("b", "I16", "[2]", 3, 7) + "}",
                                                              7));
        const auto checkpoint = Checkpoint::openFile(path("copy.safetensors"));
        QVERIFY(checkpoint.ok());
        const auto* view = checkpoint->find("b");
        QVERIFY(view);
        QCOMPARE(view->elements(), std::int64_t{2});
        QCOMPARE(shapeText(view->shape), std::string("(2)"));
        std::vector<std::byte> out(4);
        QVERIFY(checkpoint->read(*view, out).ok());
        QVERIFY(std::memcmp(out.data(), view->bytes.data(), 4) == 0);
        QCOMPARE(static_cast<int>(out.front()), 3);
        QVERIFY(!checkpoint->read(*view, std::span(out).first(3)).ok());
        QVERIFY(checkpoint->find("c") == nullptr);
    }

    void aFileThatShrinksIsSaidAndNeverRead() {
        test::writeText(path("shrinks.safetensors"),
                        safetensors("{" + tensor("a", "U8", "[20000]", 0, 20000) + "}", 20000));
        const auto checkpoint = Checkpoint::openFile(path("shrinks.safetensors"));
        QVERIFY(checkpoint.ok());
        QVERIFY(checkpoint->checkWhole().ok());
        fs::resize_file(path("shrinks.safetensors"), 1000);
        const auto whole = checkpoint->checkWhole();
        QVERIFY(!whole.ok());
        QVERIFY(QString::fromStdString(whole.error().sentence()).contains("became shorter"));
        std::vector<std::byte> out(20000);
        QVERIFY(!checkpoint->read(*checkpoint->find("a"), out).ok());
    }

    void typesHaveTheirNamesAndSizes() {
        QCOMPARE(std::string(tensorTypeName(TensorType::bf16)), std::string("BF16"));
        QCOMPARE(tensorTypeBytes(TensorType::bf16), 2);
        QCOMPARE(tensorTypeBytes(TensorType::f64), 8);
        QCOMPARE(tensorTypeBytes(TensorType::other), 0);
        QCOMPARE(shapeText(std::vector<std::int64_t>{768, 2304}), std::string("(768, 2304)"));
        QCOMPARE(shapeText({}), std::string("()"));
    }

    void publishedFilesThatAreBrokenAreRefused() {
        ATTNVIZ_NEED_SHARED("data/hostile");
        const auto folder = test::sharedDir() / "data/hostile";
        const auto truncated = Checkpoint::openFile(folder / "truncated-safetensors/model.safetensors");
        QVERIFY(!truncated.ok());
        QVERIFY(QString::fromStdString(truncated.error().sentence()).contains("truncated; fetch it again"));
        const auto pointer = Checkpoint::openFile(folder / "lfs-pointer-model/model.safetensors");
        QVERIFY(!pointer.ok());
        QVERIFY(QString::fromStdString(pointer.error().sentence()).contains("git lfs pull"));
        const auto dummy = Checkpoint::openFile(folder / "dummy-model/model.safetensors");
        QVERIFY(dummy.ok() || !dummy.error().sentence().empty());
    }

    void shardsOfTheReferenceAreOneCheckpoint() {
        ATTNVIZ_NEED_SHARED("reference/storage-sharded");
        const auto folder = findModelFolder((test::sharedDir() / "reference/storage-sharded").string());
        QVERIFY(folder.ok());
        QVERIFY(folder->shardIndex.has_value());
        QVERIFY(folder->weights.size() > 1);
        const auto checkpoint = Checkpoint::open(*folder);
        QVERIFY2(checkpoint.ok(), checkpoint.ok() ? "" : checkpoint.error().sentence().c_str());
        QVERIFY(checkpoint->tensors().size() > folder->weights.size());
        std::set<std::string> files;
        for (const auto& [name, view] : checkpoint->tensors()) files.insert(view.file);
        QCOMPARE(files.size(), folder->weights.size());
        QVERIFY(checkpoint->checkWhole().ok());
    }
};

QTEST_GUILESS_MAIN(CheckpointTest)
#include "checkpoint_test.moc"
