// pytorch_model.bin: both layouts, views of storages, and everything that a pickle must not be able to do.
#include <zip.h>

#include <QCryptographicHash>
#include <QTemporaryDir>
#include <QtTest>
#include <cstring>
#include <fstream>
#include <numeric>
#include <sstream>

#include "core/model/checkpoint.h"
#include "core/model/model_folder.h"
#include "core/model/pickle_machine.h"
#include "tests/support/shared_data.h"

using namespace attnviz;
namespace fs = std::filesystem;

namespace {

// Pickles, written out.

std::string number(std::uint64_t value, int bytes) {
    std::string out;
    for (int i = 0; i < bytes; ++i, value >>= 8U) out += static_cast<char>(value & 0xFFU);
    return out;
}
std::string integer(std::int64_t value) {
    return "\x8A\x08" + number(static_cast<std::uint64_t>(value), 8);
}
std::string text(const std::string& value) {
    return "X" + number(value.size(), 4) + value;
}
std::string tuple(const std::string& items) {
    return "(" + items + "t";
}
std::string integers(const std::vector<std::int64_t>& values) {
    std::string items;
    for (const auto value : values) items += integer(value);
    return tuple(items);
}
std::string global(const std::string& module, const std::string& name) {
    return "c" + module + "\n" + name + "\n";
}
std::string storage(const std::string& type, const std::string& key, std::int64_t elements,
                    const std::string& more = {}) {
    return tuple(text("storage") + global("torch", type) + text(key) + text("cpu") + integer(elements) +
                 more) +
           "Q";
}
std::string tensor(const std::string& from, std::int64_t offset, const std::vector<std::int64_t>& shape,
                   const std::vector<std::int64_t>& strides) {
    return global("torch._utils", "_rebuild_tensor_v2") +
           tuple(from + integer(offset) + integers(shape) + integers(strides) + "\x89" +
                 global("collections", "OrderedDict") + ")R") +
           "R";
}
std::string dictionary(const std::string& items) {
    return "}(" + items + "u";
}
std::string pickle(const std::string& body) {
    return "\x80\x02" + body + ".";
}

using Entries = std::vector<std::pair<std::string, std::string>>;

// A zip of these entries, stored as they are or packed.
void writeZip(const fs::path& path, const Entries& entries, bool packed = false) {
    fs::remove(path);
    zip_t* zip = zip_open(path.c_str(), ZIP_CREATE | ZIP_EXCL, nullptr);
    for (const auto& [name, content] : entries) {
        zip_source_t* source = zip_source_buffer(zip, content.data(), content.size(), 0);
        const auto index = zip_file_add(zip, name.c_str(), source, 0);
        zip_set_file_compression(zip, static_cast<zip_uint64_t>(index),
                                 packed ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0);
    }
    zip_close(zip);
}

std::string floats(int count) {
    std::vector<float> values(static_cast<std::size_t>(count));
    std::iota(values.begin(), values.end(), 0.0F);
    return {reinterpret_cast<const char*>(values.data()), values.size() * 4};
}

std::vector<float> valuesOf(const Checkpoint& checkpoint, const char* name) {
    const TensorView* view = checkpoint.find(name);
    if (!view) return {};
    std::vector<float> out(view->bytes.size() / 4);
    if (!checkpoint.read(*view, std::as_writable_bytes(std::span(out)))) return {};
    return out;
}

std::string contentOf(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream content;
    content << file.rdbuf();
    return content.str();
}

const std::string kSix = storage("FloatStorage", "0", 6);

}  // namespace

class TorchFileTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    fs::path path(const std::string& name = "pytorch_model.bin") const {
        return fs::path(m_folder.path().toStdString()) / name;
    }
    fs::path write(const std::string& name, const std::string& content) {
        std::ofstream(path(name), std::ios::binary) << content;
        return path(name);
    }
    // The checkpoint of a pickle and the storage "0" of six numbers.
    Result<Checkpoint> open(const std::string& body) {
        writeZip(path(), {{"archive/data.pkl", pickle(body)}, {"archive/data/0", floats(6)}});
        return Checkpoint::openFile(path());
    }
    static std::string old(const std::string& body, const std::string& keys, const std::string& storages) {
        return pickle("\x8A\x0A" + std::string("\x6C\xFC\x9C\x46\xF9\x20\x6A\xA8\x50\x19", 10)) +
               pickle("M\xE9\x03") + pickle(dictionary(text("little_endian") + "\x88")) + pickle(body) +
               pickle(keys) + storages;
    }

 private slots:
    void tensorsAreViewsOfMappedStorages() {
        const auto file = open(
            dictionary(text("whole") + tensor(kSix, 0, {2, 3}, {3, 1}) + text("part") +
                       tensor(kSix, 2, {3}, {1}) + text("scalar") + tensor(kSix, 5, {}, {}) + text("none") +
                       tensor(kSix, 6, {0, 4}, {4, 1}) + text("turned") + tensor(kSix, 0, {3, 2}, {1, 3}) +
                       text("column") + tensor(kSix, 1, {2, 1}, {3, 1})));
        QVERIFY2(file.ok(), file.ok() ? "" : file.error().sentence().c_str());
        QCOMPARE(valuesOf(*file, "whole"), (std::vector<float>{0, 1, 2, 3, 4, 5}));
        QCOMPARE(valuesOf(*file, "part"), (std::vector<float>{2, 3, 4}));
        QCOMPARE(valuesOf(*file, "scalar"), (std::vector<float>{5}));
        QCOMPARE(valuesOf(*file, "turned"), (std::vector<float>{0, 3, 1, 4, 2, 5}));
        QCOMPARE(valuesOf(*file, "column"), (std::vector<float>{1, 4}));
        QCOMPARE(file->find("none")->elements(), std::int64_t{0});
        QCOMPARE(shapeText(file->find("whole")->shape), std::string("(2, 3)"));
        QCOMPARE(file->find("part")->bytes.data(), file->find("whole")->bytes.data() + 8);
        QCOMPARE(file->totalBytes(), std::int64_t{24});
        QVERIFY(file->checkWhole().ok());
        fs::resize_file(path(), 100);
        QVERIFY(!file->checkWhole().ok());
    }

    void dictionariesParametersAndMemoAreUnderstood() {
        const std::string ordered = global("collections", "OrderedDict") + ")R" + std::string("q\x00", 2);
        const std::string parameter = global("torch._utils", "_rebuild_parameter") +
                                      tuple(tensor(kSix, 0, {6}, {1}) + "\x88" + "h" + std::string(1, '\0')) +
                                      "R";
        const std::string metadata = dictionary(text("_metadata") + dictionary(text("") + dictionary("")));
        const auto file = open(ordered + text("weight") + parameter + "s" + metadata + "b");
        QVERIFY2(file.ok(), file.ok() ? "" : file.error().sentence().c_str());
        QCOMPARE(file->tensors().size(), std::size_t{1});
        QCOMPARE(valuesOf(*file, "weight").size(), std::size_t{6});
    }

    void packedStoragesAreCopied() {
        std::string noise;
        for (int i = 0; i < 6; ++i) noise += static_cast<char>(i * 37);
        writeZip(path(),
                 {{"x/data.pkl",
                   pickle(dictionary(text("a") + tensor(storage("ByteStorage", "k", 6), 0, {2, 3}, {1, 2})))},
                  {"x/data/k", noise},
                  {"x/byteorder", "little"}},
                 true);
        const auto file = Checkpoint::openFile(path());
        QVERIFY2(file.ok(), file.ok() ? "" : file.error().sentence().c_str());
        QCOMPARE(file->find("a")->type, TensorType::u8);
        std::vector<std::byte> out(6);
        QVERIFY(file->read(*file->find("a"), out).ok());
        QCOMPARE(static_cast<int>(out[1]), 74);
    }

    void theOldLayoutIsRead() {
        const std::string body =
            dictionary(text("a") + tensor(storage("FloatStorage", "9", 6, "N"), 0, {6}, {1}) + text("b") +
                       tensor(storage("HalfStorage", "10", 2, "N"), 0, {2}, {1}));
        const std::string storages = number(2, 8) + "abcd" + number(6, 8) + floats(6);
        write("pytorch_model.bin", old(body, "](" + text("10") + text("9") + "e", storages));
        const auto file = Checkpoint::openFile(path());
        QVERIFY2(file.ok(), file.ok() ? "" : file.error().sentence().c_str());
        QCOMPARE(valuesOf(*file, "a"), (std::vector<float>{0, 1, 2, 3, 4, 5}));
        QCOMPARE(file->find("b")->type, TensorType::f16);
        QCOMPARE(file->totalBytes(), std::int64_t{28});
    }

    void shardsAreOneCheckpoint() {
        const auto folder = path("sharded");
        fs::create_directories(folder);
        std::ofstream(folder / "config.json") << R"({"model_type": "bert"})";
        for (const std::string name : {"a", "b"})
            writeZip(folder / ("pytorch_model-" + name + ".bin"),
                     {{"s/data.pkl", pickle(dictionary(text(name) + tensor(kSix, 0, {6}, {1})))},
                      {"s/data/0", floats(6)}});
        std::ofstream(folder / "pytorch_model.bin.index.json")
            << R"({"weight_map": {"a": "pytorch_model-a.bin", "b": "pytorch_model-b.bin"}})";
        const auto found = findModelFolder(folder.string());
        QVERIFY2(found.ok(), found.ok() ? "" : found.error().sentence().c_str());
        QCOMPARE(found->weights.size(), std::size_t{2});
        const auto checkpoint = Checkpoint::open(*found);
        QVERIFY2(checkpoint.ok(), checkpoint.ok() ? "" : checkpoint.error().sentence().c_str());
        QCOMPARE(checkpoint->tensors().size(), std::size_t{2});
        QCOMPARE(checkpoint->find("b")->file, std::string("pytorch_model-b.bin"));
    }

    void whatIsNoStateDictIsRefused_data() {
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<QString>("words");
        const auto row = [](const char* name, const std::string& body, const char* words) {
            QTest::newRow(name) << QByteArray::fromStdString(body) << words;
        };
        const auto one = [](const std::string& value) { return dictionary(text("a") + value); };
        const std::string whole = tensor(kSix, 0, {6}, {1});
        row("a command", global("posix", "system") + tuple(text("echo")) + "R", "asks for 'posix.system'");
        row("a command by its parts", text("builtins") + text("eval") + "\x93", "asks for 'builtins.eval'");
        row("numpy", one(global("numpy.core.multiarray", "_reconstruct")), "may be code");
        row("a whole model", one(global("transformers", "BertModel")), "Convert it");
        row("an instance", "(i__main__\nX\n", "instruction 105");
        row("a new object", global("collections", "OrderedDict") + ")\x81", "instruction 129");
        row("an extension", "\x82\x01", "instruction 130");
        row("state of a tensor", one(whole + "}b"), "sets the state of what is no dictionary");
        row("a storage type called", global("torch", "FloatStorage") + ")R", "calls a type");
        row("a text called", text("f") + ")R", "calls what is no function");
        row("a list", "]", "no state dict");
        row("a number in it", one(integer(3)), "entry 'a' is no tensor");
        row("a dict in it", one(dictionary("")), "entry 'a' is no tensor");
        row("a name that is a number", dictionary(integer(1) + whole), "a name that is no text");
        row("twice", dictionary(text("a") + whole + text("a") + whole), "is there twice");
        row("another storage", one(tensor(storage("FloatStorage", "1", 6), 0, {6}, {1})), "not in the zip");
        row("a path as a key", one(tensor(storage("FloatStorage", "../data.pkl", 6), 0, {6}, {1})),
            "not in the zip");
        row("a storage of another size", one(tensor(storage("FloatStorage", "0", 7), 0, {6}, {1})),
            "expected 28");
        row("a storage of two types",
            one(tensor(kSix, 0, {6}, {1})) + "0" + one(tensor(storage("IntStorage", "0", 6), 0, {6}, {1})),
            "two sizes or types");
        row("elements that overflow",
            one(tensor(storage("FloatStorage", "0", std::int64_t{1} << 62), 0, {6}, {1})),
            "what is no storage");
        row("behind the end", one(tensor(kSix, 1, {6}, {1})), "reaches behind its storage");
        row("far behind the end", one(tensor(kSix, std::int64_t{1} << 60, {6}, {1})), "behind its storage");
        row("a wide stride", one(tensor(kSix, 0, {2}, {6})), "reaches behind its storage");
        row("a stride that wraps",
            one(tensor(kSix, 0, {2, 2}, {std::int64_t{1} << 47, std::int64_t{1} << 47})),
            "reaches behind its storage");
        row("a shape that wraps",
            one(tensor(kSix, 0, {std::int64_t{1} << 40, std::int64_t{1} << 40}, {0, 0})),
            "more than its storage");
        row("a negative size", one(tensor(kSix, 0, {-6}, {1})), "what is no size");
        row("a negative offset", one(tensor(kSix, -1, {6}, {1})), "what is no storage");
        row("strides missing", one(tensor(kSix, 0, {6}, {})), "number of strides");
        row("no size",
            one(global("torch._utils", "_rebuild_tensor_v2") +
                tuple(kSix + integer(0) + tuple(text("6")) + integers({1})) + "R"),
            "what is no size");
        std::string dimensions =
            tensor(kSix, 0, std::vector<std::int64_t>(40, 1), std::vector<std::int64_t>(40, 1));
        row("40 dimensions", one(dimensions), "up to 32 numbers");
        std::string copies;
        for (int i = 0; i < 3; ++i) copies += text(std::to_string(i)) + tensor(kSix, 0, {3, 2}, {1, 3});
        row("the same numbers copied again and again", dictionary(copies), "a copy too many");
        row("nothing on the stack", "0", "empty stack");
        row("items of nothing", "u", "no mark");
        row("below a mark", "}(s", "empty stack");
        row("recalled and never kept", "h\x05", "never kept");
        row("a hole in memory", "}r" + number(3'000'000, 4), "has a hole");
        row("many marks", std::string(2000, '('), "nested too deeply");
        row("a text beyond the end", "X" + number(4'000'000'000U, 4) + "a", "too long");
        row("a text that is not UTF-8", text("\xFF"), "not valid UTF-8");
        row("a protocol of the future", "\x80\x09", "protocol");
        row("a number cut off", "J\x01", "");
    }
    void whatIsNoStateDictIsRefused() {
        QFETCH(QByteArray, body);
        QFETCH(QString, words);
        const auto file = open(body.toStdString());
        QVERIFY(!file.ok());
        const auto sentence = QString::fromStdString(file.error().sentence());
        QVERIFY2(sentence.contains(words), qPrintable(sentence));
        QVERIFY2(sentence.contains("pytorch_model.bin"), qPrintable(sentence));
    }

    void endlessPicklesAreCutShort() {
        PickleMachine machine("test");
        const std::string deep(3'000'000, 'N');
        QVERIFY(!machine.run(std::as_bytes(std::span(deep))).ok());
        std::string doubling = "]q" + number(0, 1);
        for (int i = 0; i < 200'000; ++i)
            doubling += "(" + std::string("h\0", 2) + std::string("h\0", 2) + "e";
        doubling += ".";
        QVERIFY(machine.run(std::as_bytes(std::span(doubling))).ok());  // a list that holds itself
    }

    void archivesThatAreNoneAreRefused() {
        const auto refused = [&](const Entries& entries, const char* words) {
            writeZip(path(), entries);
            const auto file = Checkpoint::openFile(path());
            QVERIFY(!file.ok());
            const auto sentence = QString::fromStdString(file.error().sentence());
            QVERIFY2(sentence.contains(words), qPrintable(sentence));
        };
        const std::string good = pickle(dictionary(""));
        refused({{"a/b", "c"}}, "no pickle");
        refused({{"a/data.pkl", good}, {"b/data.pkl", good}}, "two pickles");
        refused({{"a/data.pkl", good}, {"a/constants.pkl", good}}, "TorchScript");
        refused({{"a/data.pkl", good}, {"a/byteorder", "big"}}, "not little-endian");
        refused({{"a/data.pkl", ""}}, "without its end mark");
        for (const auto& [content, words] :
             {std::pair(std::string(), "no file that torch.save"),
              std::pair(std::string("PK\x03\x04"), "directory"),
              std::pair(std::string("version https://git-lfs.github.com/spec/v1\n"), "git lfs pull"),
              std::pair(pickle("N"), "end mark"),
              std::pair(pickle("N") + pickle("N") + pickle("N"), "no checkpoint"),
              std::pair(old(dictionary(""), "](" + text("0") + "e", ""), "nobody uses"),
              std::pair(old(dictionary(""), "]", "x"), "goes on behind"),
              std::pair(old(dictionary(text("a") + tensor(kSix, 0, {6}, {1})), "]", ""),
                        "is not in the file"),
              std::pair(old(dictionary(text("a") + tensor(kSix, 0, {6}, {1})), "](" + text("0") + "e",
                            number(7, 8)),
                        "has 7 elements"),
              std::pair(old(dictionary(text("a") + tensor(kSix, 0, {6}, {1})), "](" + text("0") + "e",
                            number(6, 8) + "1234"),
                        "ends before its storages do")}) {
            write("pytorch_model.bin", content);
            const auto file = Checkpoint::openFile(path());
            QVERIFY(!file.ok());
            const auto sentence = QString::fromStdString(file.error().sentence());
            QVERIFY2(sentence.contains(words), qPrintable(sentence));
        }
    }

    // A file cut anywhere, or with a bit turned, is refused or read inside its own bytes.
    void damagedFilesAreRefusedOrHarmless() {
        QVERIFY(open(dictionary(text("a") + tensor(kSix, 0, {3, 2}, {1, 3}) + text("b") +
                                tensor(kSix, 1, {2}, {1})))
                    .ok());
        const std::string body = dictionary(text("a") + tensor(kSix, 0, {6}, {1}));
        for (const std::string& good :
             {contentOf(path()), old(body, "](" + text("0") + "e", number(6, 8) + floats(6))}) {
            int read = 0;
            const auto tryFile = [&](const std::string& content) {
                write("damaged.bin", content);
                const auto file = Checkpoint::openFile(path("damaged.bin"));
                if (!file) return;
                ++read;
                unsigned sum = 0;
                for (const auto& [name, view] : file->tensors())
                    for (const auto byte : view.bytes) sum += std::to_integer<unsigned>(byte);
                QVERIFY(sum < 100'000);
            };
            for (std::size_t length = 0; length < good.size(); ++length) tryFile(good.substr(0, length));
            QCOMPARE(read, 0);
            for (std::size_t bit = 0; bit < good.size() * 8; bit += 7) {
                std::string turned = good;
                turned[bit / 8] = static_cast<char>(turned[bit / 8] ^ (1 << (bit % 8)));
                tryFile(turned);
            }
            QVERIFY(read > 0);
        }
    }

    void theSameTensorsAsInSafetensors() {
        ATTNVIZ_NEED_SHARED("data/checkpoints/distilbert-tiny-random");
        const auto folder = test::sharedDir() / "data/checkpoints/distilbert-tiny-random";
        const auto pickled = Checkpoint::openFile(folder / "pytorch_model.bin");
        const auto plain = Checkpoint::openFile(folder / "model.safetensors");
        QVERIFY2(pickled.ok(), pickled.ok() ? "" : pickled.error().sentence().c_str());
        QVERIFY(plain.ok());
        int compared = 0;
        for (const auto& [name, view] : plain->tensors()) {
            const TensorView* other = pickled->find(name);
            if (!other) continue;
            QCOMPARE(shapeText(other->shape), shapeText(view.shape));
            QVERIFY(
                std::equal(other->bytes.begin(), other->bytes.end(), view.bytes.begin(), view.bytes.end()));
            ++compared;
        }
        QVERIFY(compared > 80);
    }

    // SHA-256 of all tensors in the order of their names, from torch.load(..., weights_only=True):
    // sha256(b"".join(name.encode() + t.contiguous().numpy().tobytes() for name, t in sorted(state.items())))
    void publishedFilesAreReadAsPyTorchReadsThem_data() {
        QTest::addColumn<QString>("file");
        QTest::addColumn<int>("tensors");
        QTest::addColumn<QString>("hash");
        QTest::newRow("zip") << "reference/storage-bin/pytorch_model.bin" << 37
                             << "69a7d5f7b01ebd91692d7292a0f7790dc380a461508a39bf2918bf1be3f19f92";
        QTest::newRow("old layout") << "data/checkpoints/albert-rxnmapper/pytorch_model.bin" << 32
                                    << "8f5bca5f38ac324610d63d85fdcd1e3d97b0ba78c96cd50297d1f7ba90ac99c8";
    }
    void publishedFilesAreReadAsPyTorchReadsThem() {
        QFETCH(QString, file);
        QFETCH(int, tensors);
        QFETCH(QString, hash);
        ATTNVIZ_NEED_SHARED(file.toStdString());
        const auto checkpoint = Checkpoint::openFile(test::sharedDir() / file.toStdString());
        QVERIFY2(checkpoint.ok(), checkpoint.ok() ? "" : checkpoint.error().sentence().c_str());
        QCOMPARE(static_cast<int>(checkpoint->tensors().size()), tensors);
        QCryptographicHash sum(QCryptographicHash::Sha256);
        for (const auto& [name, view] : checkpoint->tensors()) {
            sum.addData(QByteArrayView(name.data(), static_cast<qsizetype>(name.size())));
            sum.addData(QByteArrayView(reinterpret_cast<const char*>(view.bytes.data()),
                                       static_cast<qsizetype>(view.bytes.size())));
        }
        QCOMPARE(QString::fromLatin1(sum.result().toHex()), hash);
    }
};

QTEST_GUILESS_MAIN(TorchFileTest)
#include "torch_file_test.moc"
