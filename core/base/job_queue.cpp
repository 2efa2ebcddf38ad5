#include "core/base/job_queue.h"

#include <utility>
#include <vector>

namespace attnviz {

struct JobQueue::Entry {
    std::string tag;
    std::uint64_t number;
    Job job;
    std::stop_source stop;
};

// Outlives the queue, because deliveries that were posted may run after it is gone: they then find `closed`.
struct JobQueue::Shared {
    mutable std::mutex mutex;
    std::condition_variable_any wake;
    std::deque<Entry> waiting;
    std::map<std::string, std::uint64_t> newest;  // by tag: the only job whose result is wanted
    std::string runningTag;
    std::stop_source runningStop;
    bool running = false, closed = false;
    std::uint64_t lastNumber = 0;

    bool wanted(const std::string& tag, std::uint64_t number) const {
        const auto found = newest.find(tag);
        return !closed && found != newest.end() && found->second == number;
    }
    // Takes the tag's job out of the queue and out of work. The caller stops and frees what it gets *after*
    // it let go of the lock: both may run code of the job's owner, who may call the queue.
    struct Dropped {
        std::vector<Entry> entries;
        std::stop_source stop{std::nostopstate};
    };
    Dropped drop(const std::string& tag) {
        Dropped dropped;
        for (auto entry = waiting.begin(); entry != waiting.end();) {
            if (entry->tag != tag) {
                ++entry;
                continue;
            }
            dropped.entries.push_back(std::move(*entry));
            entry = waiting.erase(entry);
        }
        if (running && runningTag == tag) dropped.stop = runningStop;
        return dropped;
    }
};

JobQueue::JobQueue(std::string name, Post post)
    : m_shared(std::make_shared<Shared>()),
      m_post(std::move(post)),
      m_thread([this, name = std::move(name)](std::stop_token stop) {
#if defined(__linux__)
          ::pthread_setname_np(::pthread_self(), name.substr(0, 15).c_str());
#endif
          loop(std::move(stop));
      }) {
}

JobQueue::~JobQueue() {
    std::deque<Entry> waiting;
    std::stop_source running;
    {
        const std::lock_guard lock(m_shared->mutex);
        m_shared->closed = true;
        waiting.swap(m_shared->waiting);
        running = m_shared->runningStop;
    }
    running.request_stop();
    m_thread.request_stop();
    m_shared->wake.notify_all();
    m_thread.join();
}

void JobQueue::enqueue(const std::string& tag, Job job) {
    Shared::Dropped dropped;
    {
        const std::lock_guard lock(m_shared->mutex);
        dropped = m_shared->drop(tag);
        const auto number = ++m_shared->lastNumber;
        m_shared->newest[tag] = number;
        m_shared->waiting.push_back({tag, number, std::move(job), std::stop_source()});
    }
    dropped.stop.request_stop();
    m_shared->wake.notify_one();
}

void JobQueue::cancel(const std::string& tag) {
    Shared::Dropped dropped;
    {
        const std::lock_guard lock(m_shared->mutex);
        m_shared->newest.erase(tag);
        dropped = m_shared->drop(tag);
    }
    dropped.stop.request_stop();
}

bool JobQueue::idle() const {
    const std::lock_guard lock(m_shared->mutex);
    return m_shared->waiting.empty() && !m_shared->running;
}

void JobQueue::loop(std::stop_token stop) {
    const auto shared = m_shared;
    std::unique_lock lock(shared->mutex);
    while (shared->wake.wait(lock, stop, [&] { return !shared->waiting.empty() || shared->closed; })) {
        if (shared->closed) return;
        Entry entry = std::move(shared->waiting.front());
        shared->waiting.pop_front();
        shared->running = true;
        shared->runningTag = entry.tag;
        shared->runningStop = entry.stop;
        lock.unlock();
        auto deliver = entry.job(entry.stop.get_token());
        entry.job = nullptr;  // what the work captured is freed here, not under the lock
        lock.lock();
        const bool wanted = shared->wanted(entry.tag, entry.number);
        lock.unlock();
        if (wanted) {
            m_post([shared, deliver = std::move(deliver), tag = entry.tag, number = entry.number]() mutable {
                {
                    const std::lock_guard guard(shared->mutex);
                    if (!shared->wanted(tag, number)) return;
                    shared->newest.erase(tag);  // tags come and go with documents; none is kept for good
                }
                deliver();
            });
        }
        deliver = nullptr;  // an unwanted result, likewise
        lock.lock();
        shared->running = false;  // only now: whoever finds the queue idle finds every result posted
    }
}

}  // namespace attnviz
