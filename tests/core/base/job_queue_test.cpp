#include "core/base/job_queue.h"

#include <QtTest>
#include <atomic>
#include <random>
#include <stdexcept>

using namespace attnviz;

namespace {

// The owner's thread: what is posted waits here until it is taken.
class Desk {
 public:
    JobQueue::Post post() {
        return [this](std::function<void()> delivery) {
            const std::lock_guard lock(m_mutex);
            m_deliveries.push_back(std::move(delivery));
            m_arrived.notify_all();
        };
    }
    // Waits until `count` deliveries have been posted since the last call, then runs them.
    void take(std::size_t count) {
        std::deque<std::function<void()>> taken;
        {
            std::unique_lock lock(m_mutex);
            m_arrived.wait(lock, [&] { return m_deliveries.size() >= count; });
            taken.swap(m_deliveries);
        }
        for (auto& delivery : taken) delivery();
    }
    std::size_t waiting() {
        const std::lock_guard lock(m_mutex);
        return m_deliveries.size();
    }

 private:
    std::mutex m_mutex;
    std::condition_variable m_arrived;
    std::deque<std::function<void()>> m_deliveries;
};

// Opens once; whoever waits goes on.
class Gate {
 public:
    void open() {
        const std::lock_guard lock(m_mutex);
        m_open = true;
        m_opened.notify_all();
    }
    void wait() {
        std::unique_lock lock(m_mutex);
        m_opened.wait(lock, [&] { return m_open; });
    }

 private:
    std::mutex m_mutex;
    std::condition_variable m_opened;
    bool m_open = false;
};

void waitForStop(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait(lock, stop, [] { return false; });
}

}  // namespace

class JobQueueTest : public QObject {
    Q_OBJECT
 private slots:
    void aResultIsDeliveredOnTheOwnersThread() {
        Desk desk;
        JobQueue queue("test", desk.post());
        const auto owner = std::this_thread::get_id();
        std::thread::id worker, receiver;
        int value = 0;
        queue.submit(
            "a",
            [&](std::stop_token) -> Result<int> {
                worker = std::this_thread::get_id();
                return 7;
            },
            [&](Result<int> result) {
                receiver = std::this_thread::get_id();
                value = *result;
            });
        desk.take(1);
        QCOMPARE(value, 7);
        QVERIFY(worker != owner);
        QVERIFY(receiver == owner);
        QTRY_VERIFY(queue.idle());
    }

    void latestRequestWinsWhileTheOlderWaitsOrRuns() {
        Desk desk;
        JobQueue queue("test", desk.post());
        Gate started;
        std::vector<int> delivered;
        const auto deliver = [&](Result<int> result) { delivered.push_back(*result); };
        queue.submit(
            "a",
            [&](std::stop_token stop) -> Result<int> {
                started.open();
                waitForStop(stop);
                return 1;
            },
            deliver);
        started.wait();
        std::atomic<bool> secondRan = false;
        Gate blocked;
        queue.submit(
            "other",
            [&](std::stop_token) -> Result<int> {
                blocked.wait();
                return 10;
            },
            deliver);
        queue.submit(
            "a",
            [&](std::stop_token) -> Result<int> {
                secondRan = true;
                return 2;
            },
            deliver);
        queue.submit(
            "a", [](std::stop_token) -> Result<int> { return 3; }, deliver);
        blocked.open();
        desk.take(2);
        QCOMPARE(delivered, (std::vector<int>{10, 3}));
        QVERIFY(!secondRan);
    }

    void aPostedResultIsCheckedAgainBeforeDelivery() {
        Desk desk;
        JobQueue queue("test", desk.post());
        std::vector<int> delivered;
        const auto deliver = [&](Result<int> result) { delivered.push_back(*result); };
        queue.submit(
            "a", [](std::stop_token) -> Result<int> { return 1; }, deliver);
        QTRY_COMPARE(desk.waiting(), std::size_t{1});
        queue.submit(
            "a", [](std::stop_token) -> Result<int> { return 2; }, deliver);
        desk.take(2);
        QCOMPARE(delivered, (std::vector<int>{2}));
    }

    void whatIsCancelledIsNeverDelivered() {
        Desk desk;
        JobQueue queue("test", desk.post());
        Gate started;
        int delivered = 0;
        queue.submit(
            "a",
            [&](std::stop_token stop) -> Result<int> {
                started.open();
                waitForStop(stop);
                return cancelled();
            },
            [&](Result<int>) { ++delivered; });
        started.wait();
        queue.cancel("a");
        QTRY_VERIFY(queue.idle());
        queue.submit(
            "b", [](std::stop_token) -> Result<int> { return 1; }, [&](Result<int>) { ++delivered; });
        QTRY_COMPARE(desk.waiting(), std::size_t{1});
        queue.cancel("b");
        desk.take(1);
        QCOMPARE(delivered, 0);
        queue.cancel("never submitted");
    }

    void tagsDoNotDisturbEachOther() {
        Desk desk;
        JobQueue queue("test", desk.post());
        std::map<std::string, int> delivered;
        for (int i = 0; i < 20; ++i) {
            const auto tag = "document " + std::to_string(i);
            queue.submit(
                tag, [i](std::stop_token) -> Result<int> { return i; },
                [&, tag](Result<int> result) { delivered[tag] = *result; });
        }
        desk.take(20);
        QCOMPARE(delivered.size(), std::size_t{20});
        QCOMPARE(delivered["document 13"], 13);
    }

    void exceptionsBecomeErrors() {
        Desk desk;
        JobQueue queue("test", desk.post());
        std::vector<Error> errors;
        const auto deliver = [&](Result<int> result) { errors.push_back(result.error()); };
        queue.submit(
            "a", [](std::stop_token) -> Result<int> { throw std::bad_alloc(); }, deliver);
        queue.submit(
            "b", [](std::stop_token) -> Result<int> { throw std::runtime_error("it broke"); }, deliver);
        queue.submit(
            "c", [](std::stop_token) -> Result<int> { throw 7; }, deliver);
        desk.take(3);
        QCOMPARE(errors.size(), std::size_t{3});
        QCOMPARE(errors[0].kind, ErrorKind::outOfMemory);
        QCOMPARE(errors[1].kind, ErrorKind::internal);
        QCOMPARE(errors[1].what, std::string("it broke"));
        QCOMPARE(errors[2].kind, ErrorKind::internal);
    }

    void destructionStopsTheRunningJobAndDropsTheRest() {
        Desk desk;
        Gate started;
        std::atomic<int> delivered = 0, ran = 0;
        {
            JobQueue queue("test", desk.post());
            queue.submit(
                "done", [](std::stop_token) -> Result<int> { return 0; }, [&](Result<int>) { ++delivered; });
            QTRY_COMPARE(desk.waiting(), std::size_t{1});
            queue.submit(
                "a",
                [&](std::stop_token stop) -> Result<int> {
                    ++ran;
                    started.open();
                    waitForStop(stop);
                    return 1;
                },
                [&](Result<int>) { ++delivered; });
            queue.submit(
                "b",
                [&](std::stop_token) -> Result<int> {
                    ++ran;
                    return 1;
                },
                [&](Result<int>) { ++delivered; });
            started.wait();
        }
        desk.take(1);  // posted before, run after the queue is gone
        QCOMPARE(delivered.load(), 0);
        QCOMPARE(ran.load(), 1);
        QCOMPARE(desk.waiting(), std::size_t{0});
    }

    // A stop callback and a destructor of what a job captured may call the queue.
    void ownersCodeMayCallTheQueue() {
        Desk desk;
        JobQueue queue("test", desk.post());
        Gate started;
        queue.submit(
            "a",
            [&](std::stop_token stop) -> Result<int> {
                const std::stop_callback callback(stop, [&] { queue.cancel("x"); });
                started.open();
                waitForStop(stop);
                return 1;
            },
            [](Result<int>) {});
        started.wait();
        std::shared_ptr<int> captured(new int(3), [&](const int* value) {
            delete value;
            queue.cancel("y");
        });
        queue.submit(
            "b", [captured](std::stop_token) -> Result<int> { return *captured; }, [](Result<int>) {});
        captured.reset();
        queue.cancel("b");
        queue.cancel("a");
        QTRY_VERIFY(queue.idle());
    }

    void aThousandRandomRequestsEndInOrder() {
        std::mt19937 random(1);
        for (int round = 0; round < 4; ++round) {
            Desk desk;
            std::map<std::string, int> newest, delivered;
            bool older = false;
            {
                JobQueue queue("test", desk.post());
                for (int i = 0; i < 250; ++i) {
                    const auto tag = std::string(1, static_cast<char>('a' + random() % 5));
                    if (random() % 8 == 0) {
                        queue.cancel(tag);
                        newest.erase(tag);
                        continue;
                    }
                    newest[tag] = i;
                    queue.submit(
                        tag,
                        [i, spin = random() % 2000](std::stop_token stop) -> Result<int> {
                            unsigned sum = 0;
                            for (unsigned k = 0; k < spin && !stop.stop_requested(); ++k) sum += k;
                            return i + static_cast<int>(sum * 0);
                        },
                        [&, tag, i](Result<int> result) {
                            older |= *result < delivered[tag] || newest.find(tag) == newest.end() ||
                                     newest[tag] != i;
                            delivered[tag] = *result;
                        });
                    if (random() % 4 == 0) desk.take(0);
                }
                QTRY_VERIFY(queue.idle());
                desk.take(0);
            }
            QVERIFY(!older);
            for (const auto& [tag, number] : newest) QCOMPARE(delivered[tag], number);
        }
    }
};

QTEST_GUILESS_MAIN(JobQueueTest)
#include "job_queue_test.moc"
