// A model from the hub: what is asked for, what is refused, whom the token reaches, and what then lies in the
// cache.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <set>

#include "core/model/hub/hub_cache.h"
#include "core/model/hub/obtain_model.h"
#include "core/model/model_folder.h"
#include "tests/core/model/hub/hub_case.h"

using namespace attnviz;
using namespace attnviz::test;

class HubDownloadTest : public HubCase {
    Q_OBJECT

 private slots:
    void initTestCase() { qunsetenv("HF_HUB_OFFLINE"); }
    void init() { begin(); }
    void cleanup() { m_server.reset(); }

    void whatIsNeededIsLaidOutAsPythonDoes() {
        comes();
        QCOMPARE(contentOf(repository() / "refs/main"), kCommit);
        std::set<std::string> names;
        for (const auto& entry : fs::directory_iterator(snapshot())) {
            names.insert(entry.path().filename().string());
            QVERIFY(fs::is_symlink(entry.path()));
            const auto& bytes = model().files[entry.path().filename().string()];
            const auto hash = bytes.size() < 10'000 ? gitSha1Of(bytes) : sha256Of(bytes);
            QCOMPARE(fs::read_symlink(entry.path()).string(), "../../blobs/" + hash);
            QCOMPARE(contentOf(blobs() / hash) == bytes, true);
        }
        QCOMPARE(names,
                 (std::set<std::string>{"config.json", "generation_config.json", "merges.txt",
                                        "model.safetensors", "tokenizer.json", "tokenizer_config.json"}));
        QVERIFY(isKnownToLack(repository(), kCommit, "vocab.json"));
        QVERIFY(
            contentOf(m_settings.cache / "CACHEDIR.TAG").starts_with("Signature: 8a477f597d28d172789f06"));
        QVERIFY(fs::exists(m_settings.cache / ".locks/models--org--small" / (sha256Of(m_weights) + ".lock")));
        for (const auto& request : m_server->requests()) {
            QCOMPARE(request.headers.at("accept-encoding"), std::string("identity"));
            QVERIFY(request.headers.at("user-agent").starts_with("attention-viz/"));
        }
        QCOMPARE(modelFolderAt(snapshot())->name, std::string("org/small"));
    }
    void whatIsThereIsNotAskedForAgain() {
        comes();
        m_server->forget();
        comes();
        QCOMPARE(m_server->requests().size(), std::size_t{1});  // which commit main is
        QCOMPARE(m_server->requests()[0].method, std::string("HEAD"));
    }
    void aTokenizerComesWithoutWeights() {
        comes(kTokenizerFiles);
        QVERIFY(!fs::exists(snapshot() / "model.safetensors"));
        QVERIFY(holdsTokenizer(snapshot()));
        QCOMPARE(count("HEAD", "model.safetensors"), std::size_t{0});
        comes(kBoth);
    }
    void aModelWithoutATokenizerIsKnownToHaveNone() {
        model().files.erase("tokenizer.json");
        comes();
        QVERIFY(!holdsTokenizer(snapshot()));
        QVERIFY(isKnownToLackTokenizer(repository(), kCommit));
        QCOMPARE(count("HEAD", "tokenizer.model.v3"), std::size_t{1});
    }
    void shardsComeAsTheIndexNamesThem() {
        const auto other = safetensors("{\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1);
        model().files.erase("model.safetensors");
        model().files["one.safetensors"] = m_weights;
        model().files["part/two.safetensors"] = other;
        model().files["model.safetensors.index.json"] =
            R"({"weight_map":{"a":"one.safetensors","b":"part/two.safetensors"}})";
        const auto folder = download();
        QVERIFY2(folder.ok(), folder.ok() ? "" : folder.error().sentence().c_str());
        QCOMPARE(modelFolderAt(*folder)->weights.size(), std::size_t{2});
        QCOMPARE(fs::read_symlink(snapshot() / "part/two.safetensors").string(),
                 "../../../blobs/" + gitSha1Of(other));
        QVERIFY(isKnownToLack(repository(), kCommit, "model.safetensors"));
    }
    void anIndexThatLeadsElsewhereIsRefused() {
        model().files.erase("model.safetensors");
        model().files["model.safetensors.index.json"] = R"({"weight_map":{"a":"../../../../x.safetensors"}})";
        fails("which is no file of this folder", ErrorKind::badInput);
        model().files["model.safetensors.index.json"] = R"({"weight_map":{"a":"none.safetensors"}})";
        model().commit = kOtherCommit;
        fails("names 'none.safetensors', which the model does not have", ErrorKind::notFound);
    }
    void weightsThatCannotBeReadDoNotCome() {
        comes();
        QCOMPARE(count("HEAD", "pytorch_model.bin"), std::size_t{0});
        model().commit = kOtherCommit;
        model().files.erase("model.safetensors");
        QVERIFY(download().ok());
        QCOMPARE(
            modelFolderAt(repository() / "snapshots" / kOtherCommit)->weights.front().filename().string(),
            std::string("pytorch_model.bin"));
        model().commit = std::string(40, 'c');
        model().files.erase("pytorch_model.bin");
        fails("has no model.safetensors and no pytorch_model.bin", ErrorKind::notFound);
        model().commit = std::string(40, 'd');
        model().files.erase("config.json");
        fails("the model has no config.json", ErrorKind::notFound);
        QCOMPARE(count("HEAD", "tf_model.h5"), std::size_t{0});
    }
    void revisionsAreAskedForByName() {
        model().revisions["refs%2Fpr%2F1"] = kCommit;
        comes(kBoth, "org/small@refs/pr/1");
        QCOMPARE(contentOf(repository() / "refs/refs/pr/1"), kCommit);
        QVERIFY(!fs::exists(repository() / "refs/main"));
        comes(kBoth, ("org/small@" + kCommit).c_str());
        QVERIFY(!fs::exists(repository() / "refs" / kCommit));
        fails("the model has no revision 'v9'", ErrorKind::notFound, kBoth, "org/small@v9");
    }
    void filesOfAnotherCommitAreSharedWhereTheyAreTheSame() {
        comes();
        m_server->forget();
        model().commit = kOtherCommit;
        model().files["config.json"] = "{\"model_type\":\"gpt2\",\"n_layer\":1}";
        QVERIFY(download().ok());
        QCOMPARE(toStore().size(), std::size_t{0});
        QCOMPARE(count("GET", "config.json"), std::size_t{1});
        QCOMPARE(contentOf(repository() / "refs/main"), kOtherCommit);
    }
    void withoutLinksASnapshotHoldsTheFilesThemselves() {
        m_settings.links = false;
        comes();
        QVERIFY(!fs::is_symlink(snapshot() / "model.safetensors"));
        QVERIFY(!fs::exists(blobs() / sha256Of(m_weights)));
        // What another snapshot links to is copied, not moved away.
        m_settings.links = true;
        model().commit = kOtherCommit;
        QVERIFY(download().ok());
        m_settings.links = false;
        model().commit = std::string(40, 'c');
        QVERIFY(download().ok());
        QVERIFY(fs::exists(blobs() / sha256Of(m_weights)));
    }

    void theTokenGoesToTheEndpointAndNowhereElse() {
        m_settings.environmentToken = HubToken(kSecret);
        model().token = kSecret;
        comes();
        QCOMPARE(toStore().size(), std::size_t{1});
        for (const auto& request : m_server->requests())
            QCOMPARE(request.headers.contains("authorization"), !request.store);
    }
    void theTokenGoesToNoOtherPortOrSchemeOfTheHost() {
        m_settings.environmentToken = HubToken(kSecret);
        m_server->adjust = [&](const HubRequest& request, HubReply& reply) {
            for (auto& [name, value] : reply.headers)
                if (name == "Location" && !request.store)
                    value.replace(value.find("localhost"), 9, "127.0.0.1");
        };
        comes();
        QCOMPARE(toStore().size(), std::size_t{1});
        QVERIFY(!toStore()[0].headers.contains("authorization"));
    }
    void aRepositoryWithANewNameIsFollowed() {
        m_settings.environmentToken = HubToken(kSecret);
        m_server->adjust = [&](const HubRequest& request, HubReply& reply) {
            if (!request.path.starts_with("/org/old/")) return;
            reply = {};
            reply.status = 307;
            reply.set("Location", "/org/small/" + request.path.substr(9));
        };
        const auto folder = download(kBoth, "org/old");
        QVERIFY2(folder.ok(), folder.ok() ? "" : folder.error().sentence().c_str());
        QCOMPARE(folder->parent_path().parent_path().filename().string(), std::string("models--org--old"));
    }
    void redirectsWithoutEndAreLeft() {
        m_server->adjust = [](const HubRequest& request, HubReply& reply) {
            reply = {};
            reply.status = 302;
            reply.set("Location", request.path);
        };
        fails("leads nowhere", ErrorKind::network);
        m_server->adjust = [](const HubRequest&, HubReply& reply) {
            reply = {};
            reply.status = 302;
            reply.set("Location", "file:///etc/passwd");
        };
        fails("leads nowhere", ErrorKind::network);
    }

    void answersWithoutAHashOrACommitAreNone() {
        m_server->adjust = [&](const HubRequest&, HubReply& reply) {
            reply.set("ETag", "\"../../../../x\"");
        };
        fails("no hash", ErrorKind::network);
        m_server->adjust = [&](const HubRequest&, HubReply& reply) { reply.set("X-Repo-Commit", "../../x"); };
        fails("names no commit", ErrorKind::network);
        m_server->adjust = [&](const HubRequest&, HubReply& reply) {
            reply = {};
            reply.body = "<html>";
        };
        fails("names no commit", ErrorKind::network);
        QVERIFY(!fs::exists(m_settings.cache));
    }

    void theHubsRefusalsAreSentences() {
        fails("has no such model", ErrorKind::notFound, kBoth, "org/none");
        QVERIFY(!fs::exists(m_settings.cache));
        model().token = kSecret;
        fails("needs your token in HF_TOKEN", ErrorKind::notFound);
        m_settings.environmentToken = HubToken("hf_wrong");
        fails("whether the token that is set may read it", ErrorKind::notFound);
        model().gated = true;
        fails("granted on request only", ErrorKind::notFound);
        m_settings.environmentToken = {};
        fails("then give your token in HF_TOKEN", ErrorKind::notFound);
        m_server->adjust = [](const HubRequest&, HubReply& reply) {
            reply = {};
            reply.status = 503;
        };
        fails("a problem of its own (status 503)", ErrorKind::network);
        QCOMPARE(count("HEAD", "config.json"), std::size_t{5 + 6});
    }
    void aHubThatAsksForPatienceGetsIt() {
        int atHub = 0, atStore = 0;
        m_server->adjust = [&](const HubRequest& request, HubReply& reply) {
            if (request.store ? ++atStore > 1 : ++atHub > 1) return;
            reply = {};
            reply.status = 429;
            reply.set(request.store ? "RateLimit" : "Retry-After", request.store ? "\"api\";r=0;t=0" : "1");
        };
        QElapsedTimer time;
        time.start();
        comes();
        QVERIFY(time.elapsed() >= 1900);
        QCOMPARE(toStore().size(), std::size_t{2});
    }
    void aHubThatAsksForAnHourIsNotWaitedFor() {
        m_server->adjust = [](const HubRequest&, HubReply& reply) {
            reply = {};
            reply.status = 429;
            reply.set("Retry-After", "3600");
        };
        fails("Try again in 3600 seconds", ErrorKind::network);
        QCOMPARE(m_server->requests().size(), std::size_t{1});
    }
    void noNetworkIsASentenceAtOnce() {
        m_settings.retryDelay = std::chrono::seconds(60);
        m_settings.endpoint = "http://127.0.0.1:1";
        fails("no connection could be made", ErrorKind::network);
        m_settings.endpoint = "http://no-such-host.invalid";
        const auto folder = download();
        QVERIFY(!folder.ok());
        m_settings.endpoint = "ftp://127.0.0.1";
        fails("no http or https address", ErrorKind::badInput);
        m_settings.endpoint = "nonsense ";
        fails("no http or https address", ErrorKind::badInput);
    }
    void whatAnotherProgramDownloadsIsWaitedFor() {
        QVERIFY(download(kTokenizerFiles).ok());
        const auto hash = sha256Of(m_weights);
        const auto lock = m_settings.cache / ".locks/models--org--small" / (hash + ".lock");
        writeText(lock, "");
        const int held = ::open(lock.c_str(), O_RDWR | O_CLOEXEC);
        QCOMPARE(::flock(held, LOCK_EX | LOCK_NB), 0);
        std::jthread other([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(200));
            writeText(blobs() / hash, m_weights);
            ::close(held);
        });
        comes();
        QCOMPARE(toStore().size(), std::size_t{0});
    }
    void twoAtOnceDownloadEachFileOnce() {
        m_server->adjust = [&](const HubRequest& request, HubReply& reply) {
            if (request.store) reply.microsecondsABlock = 10'000;
        };
        bool came[2] = {false, false};
        {
            std::jthread one([&] { came[0] = download().ok(); });
            std::jthread two([&] { came[1] = download().ok(); });
        }
        QVERIFY(came[0] && came[1]);
        QCOMPARE(toStore().size(), std::size_t{1});
        comes();
    }
    void aDamagedBlobIsFetchedAgain() {
        writeText(blobs() / sha256Of(m_weights), "short");
        comes();
    }
    void aLinkThatLeadsNowhereIsReplaced() {
        comes();
        fs::remove(blobs() / sha256Of(m_weights));
        comes();
    }
    void aCacheThatCannotBeWrittenIsASentence() {
        m_settings.cache = "/proc/nothing/hub";
        fails("HF_HUB_CACHE", ErrorKind::io);
        m_settings.cache = "/dev/null/hub";
        fails("/dev/null/hub", ErrorKind::io);
    }

    void aNameIsObtainedOnceAndThenNeedsNoNetwork() {
        qputenv("HF_HUB_CACHE", m_settings.cache.c_str());
        qputenv("HF_ENDPOINT", m_settings.endpoint.c_str());
        QStringList notices;
        const ObtainListener listener{
            {}, [&](const std::string& text) { notices << QString::fromStdString(text); }};
        const auto tokenizer = obtainTokenizer("org/small", listener, {});
        QVERIFY(tokenizer.ok());
        QCOMPARE(notices.size(), 1);
        const auto first = obtainModel("org/small", true, listener, {});
        QVERIFY2(first.ok(), first.ok() ? "" : first.error().sentence().c_str());
        QCOMPARE(notices.size(), 2);
        m_server->forget();
        for (const char* name : {"org/small", "org/small@main"}) {
            QVERIFY(obtainModel(name, true, listener, {}).ok());
            QVERIFY(obtainTokenizer(name, listener, {}).ok());
        }
        QVERIFY(obtainModel("org/small@" + kCommit.substr(0, 7), true, listener, {}).ok());
        QCOMPARE(m_server->requests().size(), std::size_t{0});
        QCOMPARE(notices.size(), 2);
        for (const char* offline : {"HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"}) {
            qputenv(offline, "1");
            QVERIFY(obtainModel("org/small", true, listener, {}).ok());
            const auto other = obtainModel("org/other", true, listener, {});
            QVERIFY(QString::fromStdString(other.error().sentence()).contains("nothing may be downloaded"));
            QCOMPARE(m_server->requests().size(), std::size_t{0});
            qunsetenv(offline);
        }
        const auto path = obtainModel("no/such/folder", true, listener, {});
        QVERIFY(QString::fromStdString(path.error().sentence()).contains("there is no such folder"));
        QCOMPARE(m_server->requests().size(), std::size_t{0});
        qunsetenv("HF_HUB_CACHE");
        qunsetenv("HF_ENDPOINT");
    }
    void progressGoesFromNothingToAll() {
        std::vector<Progress> steps;
        m_server->adjust = [&](const HubRequest& request, HubReply& reply) {
            if (request.store) reply.microsecondsABlock = 20'000;
        };
        QVERIFY(downloadModel(m_settings, *parseHubName("org/small"), kBoth,
                              [&](const Progress& step) { steps.push_back(step); }, {})
                    .ok());
        QVERIFY(steps.size() >= 3);
        QCOMPARE(steps.front().what, std::string("Asking 127.0.0.1 for org/small"));
        double last = -1;
        for (const auto& step : steps) {
            QVERIFY(step.fraction >= last && step.fraction <= 1);
            last = step.fraction;
            QVERIFY(step.what.find("secret") == std::string::npos);
        }
        QVERIFY(last > 0.5);
    }
    void whoDoesNotWantToBeTrackedTellsNoVersion() {
        m_settings.anonymous = true;
        comes();
        for (const auto& request : m_server->requests())
            QCOMPARE(request.headers.at("user-agent"), std::string("attention-viz"));
    }
};

QTEST_GUILESS_MAIN(HubDownloadTest)
#include "hub_download_test.moc"
