// A tree of caches as huggingface_hub, older versions of it and strangers leave them, and what is found
// there.
#include "core/model/hub/hub_cache.h"

#include <sys/stat.h>

#include <QTemporaryDir>
#include <QtTest>

#include "core/model/checkpoint.h"
#include "core/model/model_folder.h"
#include "tests/support/safetensors_text.h"

using namespace attnviz;
using test::safetensors;
using test::writeText;
namespace fs = std::filesystem;

namespace {

const std::string kConfig = "{\"model_type\":\"gpt2\"}";
const std::string kTensor = safetensors("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1);
const std::string kOther = safetensors("{\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1);

std::string commit(char digit, const std::string& end = {}) {
    auto text = std::string(40, digit);
    return text.replace(40 - end.size(), end.size(), end);
}

QString sentenceOf(const Error& error) {
    return QString::fromStdString(error.sentence());
}

}  // namespace

class HubCacheTest : public QObject {
    Q_OBJECT
    QTemporaryDir m_folder;
    fs::path m_cache;

    fs::path repository(const std::string& name) { return m_cache / parseHubName(name)->folderName(); }
    // A blob, and a link to it in a snapshot.
    void link(const std::string& name, const std::string& at, const std::string& file,
              const std::string& blob, const std::string& bytes) {
        const auto folder = repository(name);
        writeText(folder / "blobs" / blob, bytes);
        const auto pointer = folder / "snapshots" / at / file;
        fs::create_directories(pointer.parent_path());
        auto up = fs::path("../..");
        for (auto parent = fs::path(file).parent_path(); !parent.empty(); parent = parent.parent_path())
            up /= "..";
        fs::create_symlink(up / "blobs" / blob, pointer);
    }
    void whole(const std::string& name, const std::string& at) {
        link(name, at, "config.json", "c" + at.substr(1), kConfig);
        link(name, at, "model.safetensors", "d" + at.substr(1), kTensor);
    }
    void found(const std::string& name, const std::string& at) {
        const auto model = findModelFolder(name);
        QVERIFY2(model.ok(), model.ok() ? "" : model.error().sentence().c_str());
        QCOMPARE(model->folder.string(),
                 (repository(parseHubName(name)->repository) / "snapshots" / at).string());
        QCOMPARE(model->name, parseHubName(name)->repository);
        QVERIFY(Checkpoint::open(*model).ok());
    }
    void refused(const std::string& name, const char* part) {
        const auto model = findModelFolder(name);
        QVERIFY2(!model.ok(), name.c_str());
        QVERIFY2(sentenceOf(model.error()).contains(part), qPrintable(sentenceOf(model.error())));
    }
    std::string tree() const {
        std::string text;
        for (const auto& entry : fs::recursive_directory_iterator(m_cache)) {
            struct stat status {};
            ::lstat(entry.path().c_str(), &status);
            text += entry.path().string() + " " + std::to_string(status.st_mtim.tv_nsec) + " " +
                    std::to_string(status.st_size) + "\n";
        }
        return text;
    }

 private slots:
    void init() {
        m_cache = fs::path(m_folder.path().toStdString()) / QTest::currentTestFunction() / "hub";
        fs::create_directories(m_cache);
        qputenv("HF_HUB_CACHE", m_cache.c_str());
    }
    void cleanup() { qunsetenv("HF_HUB_CACHE"); }

    void aBranchLeadsThroughRefsToLinks() {
        whole("org/small", commit('a'));
        writeText(repository("org/small") / "refs/main", commit('a'));
        const auto before = tree();
        found("org/small", commit('a'));
        found("org/small@main", commit('a'));
        QCOMPARE(tree(), before);
    }
    void aNameWithoutAnOrganisation() {
        whole("gpt2", commit('a'));
        writeText(repository("gpt2") / "refs/main", commit('a'));
        found("gpt2", commit('a'));
    }
    void plainFilesWhereThereAreNoLinks() {
        const auto snapshot = repository("org/plain") / "snapshots" / commit('b');
        writeText(snapshot / "config.json", kConfig);
        writeText(snapshot / "model.safetensors", kTensor);
        writeText(repository("org/plain") / "refs/main", commit('b'));
        found("org/plain", commit('b'));
    }
    void tagsAndPullRequestsAreRefs() {
        whole("org/small", commit('a'));
        whole("org/small", commit('b'));
        writeText(repository("org/small") / "refs/v1.0", commit('a'));
        writeText(repository("org/small") / "refs/refs/pr/1", commit('b') + "\n");
        found("org/small@v1.0", commit('a'));
        found("org/small@refs/pr/1", commit('b'));
        refused("org/small", "holds no revision 'main'");
        refused("org/small", "It holds org/small@aaaaaaaaaaaa, org/small@bbbbbbbbbbbb");
    }
    void aCommitNeedsNoRef() {
        whole("org/small", commit('a'));
        found("org/small@" + commit('a'), commit('a'));
        refused("org/small@" + commit('b'), "holds no revision");
        // A ref that bears a commit's name does not lead elsewhere.
        whole("org/small", commit('c'));
        writeText(repository("org/small") / "refs" / commit('a'), commit('c'));
        found("org/small@" + commit('a'), commit('a'));
    }
    void theBeginningOfACommitFindsTheOneThatBeginsSo() {
        whole("org/small", commit('a', "1"));
        whole("org/small", commit('a', "2"));
        whole("org/small", commit('b'));
        found("org/small@bbbbb", commit('b'));
        found("org/small@" + commit('a', "2").substr(0, 40), commit('a', "2"));
        refused("org/small@aaaaaaa", "fits 2 snapshots");
        refused("org/small@bbbb", "holds no revision");
        refused("org/small@ccccc", "holds no revision");
        // What refs/ says goes first.
        writeText(repository("org/small") / "refs/aaaaaaa", commit('b'));
        found("org/small@aaaaaaa", commit('b'));
    }
    void revisionsShareBlobs() {
        whole("org/small", commit('a'));
        link("org/small", commit('b'), "config.json", "c" + commit('a').substr(1), kConfig);
        link("org/small", commit('b'), "model.safetensors", "dd", kTensor);
        writeText(repository("org/small") / "refs/main", commit('b'));
        found("org/small", commit('b'));
        found("org/small@" + commit('a'), commit('a'));
    }
    void shardsAreFoundThroughTheirLinks() {
        link("org/large", commit('a'), "config.json", "c0", kConfig);
        link("org/large", commit('a'), "model.safetensors.index.json", "i0",
             R"({"weight_map":{"a":"one.safetensors","b":"part/two.safetensors"}})");
        link("org/large", commit('a'), "one.safetensors", "s1", kTensor);
        link("org/large", commit('a'), "part/two.safetensors", "s2", kOther);
        writeText(repository("org/large") / "refs/main", commit('a'));
        found("org/large", commit('a'));
        QCOMPARE(findModelFolder("org/large")->weights.size(), std::size_t{2});
    }
    // huggingface_hub 2: a blob may itself be a link into a store that all repositories share.
    void blobsThatLeadIntoTheSharedStore() {
        whole("org/small", commit('a'));
        const auto blob = repository("org/small") / "blobs" / ("d" + commit('a').substr(1));
        fs::remove(blob);
        writeText(m_cache / "blobs/ab" / ("ab" + std::string(62, '0')), kTensor);
        fs::create_symlink("../../blobs/ab/ab" + std::string(62, '0'), blob);
        writeText(repository("org/small") / "refs/main", commit('a'));
        found("org/small", commit('a'));
    }
    void theCacheMayItselfBeALink() {
        whole("org/small", commit('a'));
        writeText(repository("org/small") / "refs/main", commit('a'));
        const auto other = m_cache.parent_path() / "other";
        fs::create_directory_symlink("hub", other);
        qputenv("HF_HUB_CACHE", other.c_str());
        const auto model = findModelFolder("org/small");
        QVERIFY(model.ok());
        QCOMPARE(model->folder.string(), (other / "models--org--small/snapshots" / commit('a')).string());
    }
    void whatIsNotThereIsSaidInOneSentence() {
        refused("org/none", "the Hugging Face cache holds no model");
        whole("org/small", commit('a'));
        writeText(repository("org/small") / "refs/main", commit('f'));
        refused("org/small", "holds no revision 'main'");
        link("org/broken", commit('a'), "config.json", "c0", kConfig);
        link("org/broken", commit('a'), "model.safetensors", "w0", kTensor);
        writeText(repository("org/broken") / "refs/main", commit('a'));
        fs::remove(repository("org/broken") / "blobs/w0");
        refused("org/broken", "download is incomplete");
        qputenv("HF_HUB_CACHE", "/dev/null/nothing");
        refused("org/small", "the Hugging Face cache holds no model");
    }
    void whatIsKnownToBeAbsent() {
        writeText(repository("org/small") / ".no_exist" / commit('a') / "model.safetensors", "");
        QVERIFY(isKnownToLack(repository("org/small"), commit('a'), "model.safetensors"));
        QVERIFY(!isKnownToLack(repository("org/small"), commit('a'), "config.json"));
        QVERIFY(!isKnownToLack(repository("org/small"), commit('b'), "model.safetensors"));
    }
    void refsThatLeadOutOfTheCacheLeadNowhere() {
        whole("org/small", commit('a'));
        writeText(m_cache.parent_path() / "secret/config.json", kConfig);
        writeText(m_cache.parent_path() / "secret/model.safetensors", kTensor);
        for (const char* text : {"../../../secret", "..", ".", "", "/etc", "a/b", "a\nb", "\n"}) {
            writeText(repository("org/small") / "refs/main", text);
            refused("org/small", "holds no revision 'main'");
        }
        writeText(repository("org/small") / "refs/main", std::string(100'000, 'a'));
        refused("org/small", "holds no revision 'main'");
    }
    void aFolderGoesBeforeAName() {
        whole("org/small", commit('a'));
        writeText(repository("org/small") / "refs/main", commit('a'));
        const auto here = m_cache.parent_path() / "here";
        writeText(here / "org/small/config.json", kConfig);
        writeText(here / "org/small/model.safetensors", kTensor);
        const auto before = fs::current_path();
        fs::current_path(here);
        const auto model = findModelFolder("org/small");
        fs::current_path(before);
        QVERIFY(model.ok());
        QCOMPARE(model->folder.string(), std::string("org/small"));
    }
    void theListTellsWhatTheCacheHolds() {
        whole("org/small", commit('a'));
        whole("org/small", commit('b'));
        whole("gpt2", commit('c'));
        writeText(repository("org/small") / "refs/main", commit('b'));
        writeText(repository("org/small") / "refs/refs/pr/1", commit('b'));
        writeText(m_cache / "datasets--org--texts/snapshots/x/config.json", "{}");
        writeText(m_cache / "models--..--x/snapshots/x/config.json", "{}");
        writeText(m_cache / "CACHEDIR.TAG", "");
        writeText(m_cache / ".locks/models--gpt2/x.lock", "");
        writeText(repository("org/small") / "snapshots/file", "");
        const auto models = cachedModels(m_cache);
        QCOMPARE(models.size(), std::size_t{3});
        QCOMPARE(models[0].name(), "gpt2@" + commit('c').substr(0, 12));
        QCOMPARE(models[1].name(), "org/small@" + commit('a').substr(0, 12));
        QCOMPARE(models[2].name(), std::string("org/small"));
        QCOMPARE(models[2].refs, (std::vector<std::string>{"main", "refs/pr/1"}));
        QCOMPARE(models[2].commit, commit('b'));
        QCOMPARE(models[2].bytes, static_cast<std::int64_t>(kConfig.size() + kTensor.size()));
        for (const auto& model : models) {
            const auto again = findModelFolder(model.name());
            QVERIFY(again.ok());
            QCOMPARE(again->folder.string(), model.folder.string());
        }
        QVERIFY(cachedModels(m_cache / "none").empty());
        QVERIFY(cachedModels("/dev/null").empty());
    }
};

QTEST_GUILESS_MAIN(HubCacheTest)
#include "hub_cache_test.moc"
