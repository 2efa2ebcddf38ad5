#include "core/model/model_folder.h"

#include <QTemporaryDir>
#include <QtTest>

#include "core/base/json_parse.h"
#include "core/model/checkpoint.h"
#include "core/model/model_config.h"
#include "tests/support/safetensors_text.h"
#include "tests/support/shared_data.h"

using namespace attnviz;
using test::safetensors;
using test::writeText;
namespace fs = std::filesystem;

namespace {

constexpr const char* kOneTensor = "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}";
constexpr const char* kOtherTensor = "{\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}";

QString sentenceOf(const Error& error) {
    return QString::fromStdString(error.sentence());
}

}  // namespace

class ModelFolderTest : public QObject {
    Q_OBJECT
    QTemporaryDir m_folder;
    fs::path m_root;
    int m_next = 0;

    fs::path newFolder() { return m_root / ("model" + std::to_string(m_next++)); }
    // A folder with two shards and the given index.
    fs::path sharded(const std::string& index) {
        const auto folder = newFolder();
        writeText(folder / "config.json", "{\"model_type\":\"gpt2\"}");
        writeText(folder / "one.safetensors", safetensors(kOneTensor, 1));
        writeText(folder / "two.safetensors", safetensors(kOtherTensor, 1));
        writeText(folder / "model.safetensors.index.json", index);
        return folder;
    }
    void refused(const fs::path& model, const char* part) {
        const auto found = findModelFolder(model.string());
        if (found) {
            const auto checkpoint = Checkpoint::open(*found);
            QVERIFY2(!checkpoint.ok(), part);
            QVERIFY2(sentenceOf(checkpoint.error()).contains(part),
                     qPrintable(sentenceOf(checkpoint.error())));
            return;
        }
        QVERIFY2(sentenceOf(found.error()).contains(part), qPrintable(sentenceOf(found.error())));
    }

 private slots:
    void initTestCase() { m_root = m_folder.path().toStdString(); }

    void aFolderAndEveryFileInItNameTheSameModel() {
        const auto folder = newFolder();
        writeText(folder / "config.json", "{\"model_type\":\"gpt2\"}");
        writeText(folder / "model.safetensors", safetensors("{}", 0));
        for (const auto& name : {folder, folder / "", folder / "config.json", folder / "model.safetensors"}) {
            const auto found = findModelFolder(name.string());
            QVERIFY2(found.ok(), found.ok() ? "" : found.error().sentence().c_str());
            QVERIFY(fs::equivalent(found->folder, folder));
            QCOMPARE(found->name, folder.filename().string());
            QCOMPARE(found->weights.size(), std::size_t{1});
            QVERIFY(!found->shardIndex);
        }
        fs::current_path(folder);
        QCOMPARE(findModelFolder(".")->name, folder.filename().string());
        QCOMPARE(findModelFolder("config.json")->name, folder.filename().string());
        fs::current_path(m_root);
    }

    void theSampleShipsWithTheProgram() {
        const auto resources = m_root / "resources";
        writeText(resources / "sample-model/config.json", "{\"model_type\":\"gpt2\"}");
        writeText(resources / "sample-model/model.safetensors", safetensors("{}", 0));
        const auto before = qgetenv("ATTNVIZ_RESOURCES");
        qputenv("ATTNVIZ_RESOURCES", resources.c_str());
        QCOMPARE(resourceFolder(), resources);
        const auto found = findModelFolder("sample");
        QVERIFY(found.ok());
        QCOMPARE(found->name, std::string("sample"));
        qputenv("ATTNVIZ_RESOURCES", "/nonexistent");
        QVERIFY(sentenceOf(findModelFolder("sample").error()).contains("ATTNVIZ_RESOURCES"));
        qunsetenv("ATTNVIZ_RESOURCES");
        QVERIFY(resourceFolder().is_absolute());
        QVERIFY(resourceFolder().string().ends_with("share/attention-viz"));
        qputenv("ATTNVIZ_RESOURCES", before);
    }

    void whatIsMissingIsSaidInOneSentence() {
        refused(m_root / "nowhere", "there is no such folder");
        refused(m_root / "nowhere", "A model is a folder on this machine");
        qputenv("HF_HUB_CACHE", (m_root / "no-cache").c_str());
        refused("openai-community/gpt2", "the Hugging Face cache holds no model");
        const auto folder = newFolder();
        fs::create_directories(folder);
        refused(folder, "the folder has no config.json");
        writeText(folder / "config.json", "{\"model_type\":\"gpt2\"}");
        refused(folder, "the folder has no model.safetensors");
        writeText(folder / "pytorch_model.bin", "PK");
        QCOMPARE(findModelFolder(folder.string())->weights, std::vector{folder / "pytorch_model.bin"});
        fs::remove(folder / "pytorch_model.bin");
        fs::create_symlink(folder / "gone", folder / "model.safetensors");
        refused(folder, "links to a file that is not there");
        fs::remove(folder / "model.safetensors");
        fs::create_directory(folder / "model.safetensors");
        refused(folder, "no regular file");
        fs::remove(folder / "model.safetensors");
        fs::create_symlink("/dev/zero", folder / "model.safetensors");
        refused(folder, "no regular file");
        fs::remove(folder / "model.safetensors");
        writeText(folder / "model.safetensors",
                  "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n");
        refused(folder, "this is a Git LFS pointer");
        writeText(folder / "config.json",
                  "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n");
        refused(folder, "git lfs pull");
    }

    void shardsAreFoundAndAgreeWithTheIndex() {
        const auto folder =
            sharded(R"({"metadata":{},"weight_map":{"a":"one.safetensors","b":"two.safetensors"}})");
        const auto found = findModelFolder(folder.string());
        QVERIFY(found.ok());
        QCOMPARE(found->weights.size(), std::size_t{2});
        const auto checkpoint = Checkpoint::open(*found);
        QVERIFY2(checkpoint.ok(), checkpoint.ok() ? "" : checkpoint.error().sentence().c_str());
        QCOMPARE(checkpoint->find("b")->file, std::string("two.safetensors"));
        QCOMPARE(checkpoint->totalBytes(), std::int64_t{2});
        std::byte byte{1};
        QVERIFY(checkpoint->read(*checkpoint->find("b"), std::span(&byte, 1)).ok());
        QCOMPARE(static_cast<int>(byte), 0);
    }

    void shardsThatDisagreeWithTheIndexAreRefused() {
        refused(sharded(R"({"weight_map":{"a":"two.safetensors","b":"two.safetensors"}})"),
                "where it is not");
        refused(sharded(R"({"weight_map":{"a":"two.safetensors","b":"one.safetensors"}})"),
                "where it is not");
        refused(
            sharded(R"({"weight_map":{"a":"one.safetensors","b":"two.safetensors","c":"two.safetensors"}})"),
            "where it is not");
        refused(sharded(R"({"weight_map":{"a":"one.safetensors","a":"one.safetensors"}})"), "twice");
        refused(sharded(R"({"weight_map":{"a":"one.safetensors","b":"three.safetensors"}})"), "no such file");
        refused(sharded(R"({"weight_map":[]})"), "no 'weight_map'");
        refused(sharded(R"({})"), "no 'weight_map'");
        refused(sharded(R"({"weight_map":)"), "no valid JSON");
        const auto extra = sharded(R"({"weight_map":{"a":"one.safetensors","b":"two.safetensors"}})");
        writeText(extra / "two.safetensors",
                  safetensors("{\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
                              "\"c\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}",
                              2));
        refused(extra, "does not name tensor 'c'");
        writeText(extra / "two.safetensors",
                  safetensors("{\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
                              "\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}",
                              2));
        refused(extra, "is in two shards");
    }

    void namesThatLeadOutOfTheFolderAreRefused_data() {
        QTest::addColumn<QByteArray>("name");
        for (const char* name :
             {"/etc/passwd", "../one.safetensors", "sub/../../one.safetensors", "..", ".", "",
              "./../one.safetensors", "sub\\\\..\\\\one.safetensors", "\\\\one.safetensors",
              "one.safetensors\\u0000.txt", "sub/", "sub/./one.safetensors", "//one.safetensors"})
            QTest::newRow(name) << QByteArray(name);
    }
    void namesThatLeadOutOfTheFolderAreRefused() {
        QFETCH(QByteArray, name);
        const auto folder = sharded("{\"weight_map\":{\"a\":\"" + name.toStdString() + "\"}}");
        writeText(folder / "sub/one.safetensors", safetensors(kOneTensor, 1));
        writeText(folder.parent_path() / "one.safetensors", safetensors(kOneTensor, 1));
        refused(folder, "which is no file of this folder");
    }

    void namesThatAreNoTextOrNoFilesAreRefused() {
        refused(sharded(R"({"weight_map":{"a":7}})"), "no file of this folder");
        refused(sharded(R"({"weight_map":{"a":null}})"), "no file of this folder");
        const auto folder = sharded(R"({"weight_map":{"a":"zero"}})");
        fs::create_symlink("/dev/zero", folder / "zero");
        refused(folder, "no regular file");
        const auto below = sharded(R"({"weight_map":{"a":"sub/one.safetensors","b":"two.safetensors"}})");
        writeText(below / "sub/one.safetensors", safetensors(kOneTensor, 1));
        QVERIFY(Checkpoint::open(*findModelFolder(below.string())).ok());
    }

    // snapshots/<revision>/file -> ../../blobs/<hash>, as huggingface_hub lays it out.
    void linksOfTheCacheAreFollowed() {
        const auto repository = m_root / "hub/models--org--small";
        const auto snapshot = repository / "snapshots/0123abcd";
        writeText(repository / "blobs/c0", "{\"model_type\":\"gpt2\"}");
        writeText(repository / "blobs/a1", safetensors(kOneTensor, 1));
        writeText(repository / "blobs/b2", safetensors(kOtherTensor, 1));
        writeText(repository / "blobs/i3", R"({"weight_map":{"a":"x-1.safetensors","b":"x-2.safetensors"}})");
        fs::create_directories(snapshot);
        fs::create_symlink("../../blobs/c0", snapshot / "config.json");
        fs::create_symlink("../../blobs/a1", snapshot / "x-1.safetensors");
        fs::create_symlink("../../blobs/b2", snapshot / "x-2.safetensors");
        fs::create_symlink("../../blobs/i3", snapshot / "model.safetensors.index.json");
        const auto found = findModelFolder(snapshot.string());
        QVERIFY2(found.ok(), found.ok() ? "" : found.error().sentence().c_str());
        QCOMPARE(found->name, std::string("org/small"));
        QCOMPARE(Checkpoint::open(*found)->tensors().size(), std::size_t{2});
        fs::remove(repository / "blobs/b2");
        refused(snapshot, "download is incomplete");
    }

    void publishedFoldersThatAreBrokenAreRefused() {
        ATTNVIZ_NEED_SHARED("data/hostile");
        const auto folder = test::sharedDir() / "data/hostile";
        refused(folder / "lfs-pointer-model", "git lfs pull");
        refused(folder / "truncated-safetensors", "truncated; fetch it again");
    }

    void configGivesSizesWithinTheirRange() {
        const auto config = ModelConfig::fromJson(
            *parseJson(
                R"({"model_type":"gpt2","n":12,"zero":0,"minus":-1,"part":1.5,"big":99999999999,"text":"x",
                       "none":null,"yes":true,"eps":1e-5})",
                "config.json"),
            "config.json");
        QVERIFY(config.ok());
        QCOMPARE(config->modelType(), std::string("gpt2"));
        QCOMPARE(*config->size({"absent", "n"}), std::int64_t{12});
        QCOMPARE(*config->sizeOr({"absent", "none"}, 7), std::int64_t{7});
        QVERIFY(sentenceOf(config->size({"absent"}).error()).contains("'absent' is missing"));
        QVERIFY(sentenceOf(config->size({"none"}).error()).contains("'none' is missing"));
        for (const char* key : {"zero", "minus", "big"})
            QVERIFY2(sentenceOf(config->size({key}).error()).contains("may be 1 to"), key);
        for (const char* key : {"part", "text", "yes"})
            QVERIFY2(sentenceOf(config->sizeOr({key}, 1).error()).contains("is no whole number"), key);
        QVERIFY(!config->size({"n"}, 11).ok());
        QCOMPARE(*config->numberOr("eps", 1.0), 1e-5);
        QCOMPARE(*config->numberOr("n", 1.0), 12.0);
        QCOMPARE(*config->numberOr("absent", 2.5), 2.5);
        QVERIFY(!config->numberOr("text", 1.0).ok());
        QCOMPARE(*config->boolOr("yes", false), true);
        QCOMPARE(*config->boolOr("none", true), true);
        QVERIFY(!config->boolOr("n", false).ok());
        QCOMPARE(*config->textOr("text", ""), std::string("x"));
        QVERIFY(!config->textOr("n", "").ok());
        QVERIFY(config->has("n") && !config->has("none") && !config->has("absent"));
    }

    void configThatIsNoConfigIsRefused() {
        writeText(m_root / "c/config.json", "[1]");
        QVERIFY(sentenceOf(ModelConfig::read(m_root / "c/config.json").error()).contains("holds no object"));
        writeText(m_root / "c/config.json", "{}");
        QVERIFY(sentenceOf(ModelConfig::read(m_root / "c/config.json").error())
                    .contains("'model_type' is missing"));
        writeText(m_root / "c/config.json", "{\"model_type\":7}");
        QVERIFY(!ModelConfig::read(m_root / "c/config.json").ok());
        writeText(m_root / "c/config.json", "{\"model_type\":\"a\",\"model_type\":\"b\"}");
        QVERIFY(sentenceOf(ModelConfig::read(m_root / "c/config.json").error()).contains("twice"));
        writeText(m_root / "c/config.json", std::string(5'000'000, ' '));
        QVERIFY(sentenceOf(ModelConfig::read(m_root / "c/config.json").error()).contains("more than"));
        QCOMPARE(ModelConfig::read(m_root / "c/none.json").error().kind, ErrorKind::notFound);
        QVERIFY(!ModelConfig::read(m_root).ok());
    }
};

QTEST_GUILESS_MAIN(ModelFolderTest)
#include "model_folder_test.moc"
