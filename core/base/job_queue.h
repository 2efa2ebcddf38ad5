// One thread that works off requests; the newest request of a tag wins.
//
// A request is a value, a result is a shared_ptr<const T>; nothing mutable crosses the thread. Each job gets
// a std::stop_token that fires when a newer job with the same tag arrives, on cancel(tag), and on
// destruction. A result is checked twice against newer requests: here before it is posted, and again when the
// posted delivery runs on the owner's thread. Delivery goes through the `post` function of the owner, so core
// needs no event loop. An exception in a job becomes an Error at the queue's edge (std::bad_alloc:
// outOfMemory).
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "core/base/result.h"

namespace attnviz {

class JobQueue {
 public:
    // Runs the given function on the owner's thread, some time later. Must be callable from the queue's
    // thread.
    using Post = std::function<void(std::function<void()>)>;

    JobQueue(std::string name, Post post);
    ~JobQueue();  // stops and waits for the running job; nothing is delivered afterwards
    JobQueue(const JobQueue&) = delete;
    JobQueue& operator=(const JobQueue&) = delete;

    // `work(stop)` runs on the queue's thread and returns Result<T>; `deliver(Result<T>)` runs on the
    // owner's, unless a newer job with this tag was submitted or the tag was cancelled meanwhile.
    template <class Work, class Deliver>
    void submit(const std::string& tag, Work work, Deliver deliver) {
        using Outcome = std::invoke_result_t<Work, std::stop_token>;
        enqueue(tag,
                [work = std::move(work),
                 deliver = std::move(deliver)](std::stop_token stop) mutable -> std::function<void()> {
                    auto outcome = std::make_shared<Outcome>(guarded<Outcome>([&] { return work(stop); }));
                    return
                        [outcome, deliver = std::move(deliver)]() mutable { deliver(std::move(*outcome)); };
                });
    }

    // The tag's job is stopped, and its result is never delivered.
    void cancel(const std::string& tag);
    // No job waits or runs, and every result was handed to `post`.
    bool idle() const;

 private:
    using Job = std::function<std::function<void()>(std::stop_token)>;
    struct Entry;
    struct Shared;

    template <class Outcome, class Function>
    static Outcome guarded(Function function) {
        try {
            return function();
        } catch (const std::bad_alloc&) {
            return Outcome(
                outOfMemory("not enough memory", {}, "Close other documents, or use a shorter text."));
        } catch (const std::exception& exception) {
            return Outcome(internalError(exception.what()));
        } catch (...) {
            return Outcome(internalError("a library failed without saying why"));
        }
    }
    void enqueue(const std::string& tag, Job job);
    void loop(std::stop_token stop);

    std::shared_ptr<Shared> m_shared;
    Post m_post;
    std::jthread m_thread;
};

}  // namespace attnviz
