#include "core/model/hub/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <utility>

namespace attnviz {
namespace {

constexpr std::chrono::milliseconds kPoll{50};
constexpr int kRemovedLimit = 100;

}  // namespace

FileLock::~FileLock() {
    if (m_descriptor >= 0) ::close(m_descriptor);
}

FileLock::FileLock(FileLock&& other) noexcept : m_descriptor(std::exchange(other.m_descriptor, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
    std::swap(m_descriptor, other.m_descriptor);
    return *this;
}

LockState tryLock(int descriptor) {
    while (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR) continue;
        const bool busy = errno == EWOULDBLOCK || errno == EAGAIN || errno == EACCES;
        return busy ? LockState::busy : LockState::unsupported;
    }
    return LockState::taken;
}

bool sleepFor(std::chrono::milliseconds time, std::stop_token stop) {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    wake.wait_for(lock, stop, time, [] { return false; });
    return !stop.stop_requested();
}

Result<FileLock> FileLock::acquire(const std::filesystem::path& path, const std::function<void()>& waiting,
                                   std::stop_token stop) {
    bool told = false;
    int removed = 0;
    while (true) {
        FileLock lock;
        // Others of the same group may wait for it, too.
        lock.m_descriptor =
            ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0664);
        if (lock.m_descriptor < 0)
            return ioError(std::string("cannot be locked: ") + std::strerror(errno), path.string(),
                           "Is the cache yours to write? HF_HUB_CACHE names another.");
        // A lock on a file that was removed meanwhile is nobody's, except where links are not counted.
        struct stat status {};
        const auto state = tryLock(lock.m_descriptor);
        if (state == LockState::unsupported) return lock;
        if (state == LockState::taken) {
            if (::fstat(lock.m_descriptor, &status) == 0 &&
                (status.st_nlink > 0 || ++removed > kRemovedLimit))
                return lock;
            continue;
        }
        if (!told && waiting) waiting();
        told = true;
        if (!sleepFor(kPoll, stop)) return cancelled();
    }
}

}  // namespace attnviz
