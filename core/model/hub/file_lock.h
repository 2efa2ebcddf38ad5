// An exclusive lock on a file, as huggingface_hub takes it (flock), so that both can work on one cache at
// once.
//
// Ends with the object, or with the process. On file systems without locks it is given without one: what the
// cache holds does not depend on it, only that nothing is downloaded twice.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <stop_token>

#include "core/base/result.h"

namespace attnviz {

class FileLock final {
 public:
    FileLock() = default;
    ~FileLock();
    FileLock(FileLock&& other) noexcept;
    FileLock& operator=(FileLock&& other) noexcept;

    // Waits until nobody else holds it; `waiting` is called once if that takes a while. The folder must
    // exist.
    static Result<FileLock> acquire(const std::filesystem::path& path, const std::function<void()>& waiting,
                                    std::stop_token stop);

 private:
    int m_descriptor = -1;
};

// Locks an open file if nobody else has.
enum class LockState { taken, busy, unsupported };
LockState tryLock(int descriptor);

// Sleeps, but not past a stop request; false if that came.
bool sleepFor(std::chrono::milliseconds time, std::stop_token stop);

}  // namespace attnviz
