// The bytes of one file on their way: servers that break off, lie, fall silent or have no ranges, and parts
// that earlier downloads left.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "tests/core/model/hub/hub_case.h"

using namespace attnviz;
using namespace attnviz::test;

class HubTransferTest : public HubCase {
    Q_OBJECT

 private slots:
    void initTestCase() { qunsetenv("HF_HUB_OFFLINE"); }
    void init() { begin(); }
    void cleanup() { m_server.reset(); }

    void aTransferThatBreaksOffIsTakenUp() {
        int times = 0;
        m_server->adjust = [&](const HubRequest& request, HubReply& reply) {
            if (request.store && ++times <= 8) reply.cutAfter = 30'000;
        };
        comes();
        const auto requests = toStore();
        QCOMPARE(requests.size(), std::size_t{9});
        QVERIFY(!requests[0].headers.contains("range"));
        for (std::size_t i = 1; i < requests.size(); ++i)
            QCOMPARE(requests[i].headers.at("range"), "bytes=" + std::to_string(i * 30'000) + "-");
    }
    void aServerWithoutRangesCostsARestart() {
        int times = 0;
        m_server->adjust = [&](const HubRequest& request, HubReply& reply) {
            if (!request.store) return;
            if (reply.status == 206) {
                reply = {};
                reply.body = m_weights;
            }
            if (++times == 1) reply.cutAfter = 200'000;
        };
        comes();
        QCOMPARE(toStore().size(), std::size_t{2});
    }
    void aServerThatAlwaysBreaksOffIsGivenUp() {
        m_server->adjust = [&](const HubRequest& request, HubReply& reply) {
            if (!request.store) return;
            reply = {};
            reply.body = m_weights;
            reply.cutAfter = 200'000;
        };
        fails("broke off", ErrorKind::network);
        QVERIFY(toStore().size() >= 5 && toStore().size() <= 8);
    }
    void rangesThatAreOthersThanAskedForAreNotJoined() {
        int times = 0;
        m_server->adjust = [&](const HubRequest& request, HubReply& reply) {
            if (!request.store) return;
            if (++times == 1) reply.cutAfter = 100'000;
            if (reply.status == 206) {
                reply.set("Content-Range", "bytes 0-299999/" + std::to_string(m_weights.size()));
                reply.body = m_weights;
            }
        };
        comes();
        QCOMPARE(toStore().size(), std::size_t{3});
    }
    void ranges416CostARestart() {
        int times = 0;
        m_server->adjust = [&](const HubRequest& request, HubReply& reply) {
            if (!request.store) return;
            if (++times == 1) reply.cutAfter = 100'000;
            if (reply.status == 206) {
                reply = {};
                reply.status = 416;
            }
        };
        comes();
        QCOMPARE(toStore().size(), std::size_t{3});
    }
    void anAddressThatHasExpiredIsRenewed() {
        int times = 0;
        m_server->adjust = [&](const HubRequest& request, HubReply& reply) {
            if (!request.store) return;
            if (++times == 1) reply.cutAfter = 100'000;
            if (times == 2) {
                reply = {};
                reply.status = 403;
            }
        };
        comes();
        QCOMPARE(count("GET", "model.safetensors"), std::size_t{1});
    }
    void bytesWithAnotherHashAreNoFile() {
        m_server->adjust = [&](const HubRequest& request, HubReply& reply) {
            if (request.store) reply.body.back() = static_cast<char>(reply.body.back() + 1);
        };
        fails("its hash differs", ErrorKind::network);
        QCOMPARE(leftOver(), std::size_t{0});
        QVERIFY(!fs::exists(blobs() / sha256Of(m_weights)));
        QVERIFY(!fs::exists(snapshot() / "model.safetensors"));
        m_server->adjust = {};
        comes();
    }
    void smallFilesAreHeldAgainstGitsHash() {
        m_server->adjust = [&](const HubRequest& request, HubReply& reply) {
            if (request.file() == "config.json") reply.body[0] = '[';
        };
        fails("its hash differs", ErrorKind::network);
    }
    void moreOrFewerBytesThanAnnouncedAreRefused() {
        m_server->adjust = [&](const HubRequest& request, HubReply& reply) {
            if (request.store) reply.body += "more";
        };
        fails("the hub announced", ErrorKind::network);
        m_server->adjust = [&](const HubRequest& request, HubReply& reply) {
            if (!request.store) return;
            reply.body += "more";
            reply.lengthKnown = false;
        };
        fails("sends more than", ErrorKind::network);
        fs::remove_all(m_settings.cache);
        m_server->adjust = [&](const HubRequest& request, HubReply& reply) {
            if (request.store) reply.body.resize(1000);
        };
        fails("the hub announced", ErrorKind::network);
    }
    void aHubThatTellsNoSizesIsBelievedItsHashes() {
        m_server->adjust = [&](const HubRequest& request, HubReply& reply) {
            if (request.store) return;
            std::erase_if(reply.headers, [](const auto& header) { return header.first == "X-Linked-Size"; });
            if (request.method == "HEAD" && reply.status == 200) reply.lengthKnown = false;
        };
        comes();
    }
    void aSilentServerIsLeftAfterTheTimeout() {
        m_settings.dataTimeout = std::chrono::seconds(1);
        int times = 0;
        m_server->adjust = [&](const HubRequest& request, HubReply& reply) {
            if (request.store && ++times == 1) reply.microsecondsABlock = 4'000'000;
        };
        comes();
        QCOMPARE(toStore().size(), std::size_t{2});
        QVERIFY(toStore()[1].headers.contains("range"));
    }
    void aStopRequestEndsADownloadAtOnceAndItGoesOnLater() {
        std::stop_source stop;
        m_server->adjust = [&](const HubRequest& request, HubReply& reply) {
            if (request.store) reply.microsecondsABlock = 50'000;
        };
        QElapsedTimer since;
        m_server->whenSent([&](const HubRequest& request, std::int64_t bytes) {
            if (!request.store || bytes < 100'000 || stop.stop_requested()) return;
            since.start();
            stop.request_stop();
        });
        const auto folder = download(kBoth, "org/small", stop.get_token());
        QVERIFY(!folder.ok());
        QCOMPARE(static_cast<int>(folder.error().kind), static_cast<int>(ErrorKind::cancelled));
        QVERIFY2(since.elapsed() < 5000, qPrintable(QString::number(since.elapsed())));
        QCOMPARE(leftOver(), std::size_t{1});
        m_server->whenSent({});
        m_server->adjust = {};
        m_server->forget();
        comes();
        QVERIFY(toStore()[0].headers.contains("range"));
    }

    void theNewestPartThatWasLeftIsTakenUp() {
        writeText(partial("00000001"), m_weights.substr(0, 50'000));
        writeText(partial("00000002"), m_weights.substr(0, 100'000));
        const auto now = fs::file_time_type::clock::now();
        fs::last_write_time(partial("00000001"), now - std::chrono::hours(1));
        // Python's, which is never touched, and one that somebody writes.
        const auto foreign = blobs() / (sha256Of(m_weights) + ".01234567.incomplete");
        writeText(foreign, "x");
        writeText(partial("00000003"), m_weights.substr(0, 150'000));
        const int held = ::open(partial("00000003").c_str(), O_RDWR | O_CLOEXEC);
        QCOMPARE(::flock(held, LOCK_EX | LOCK_NB), 0);
        QVERIFY(download().ok());
        QCOMPARE(toStore()[0].headers.at("range"), std::string("bytes=100000-"));
        QVERIFY(!fs::exists(partial("00000001")) && !fs::exists(partial("00000002")));
        QVERIFY(fs::exists(partial("00000003")) && fs::exists(foreign));
        ::close(held);
    }
    void aPartThatIsWrongCostsARestart() {
        writeText(partial("00000001"), std::string(100'000, 'x'));
        comes();
        QCOMPARE(toStore().size(), std::size_t{2});
        fs::remove_all(m_settings.cache);
        writeText(partial("00000001"), std::string(1'000'000, 'x'));  // longer than the file
        comes();
        fs::remove_all(m_settings.cache);
        m_server->forget();
        writeText(partial("00000001"), m_weights);  // whole
        comes();
        QCOMPARE(toStore().size(), std::size_t{0});
    }
};

QTEST_GUILESS_MAIN(HubTransferTest)
#include "hub_transfer_test.moc"
