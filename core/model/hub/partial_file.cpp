#include "core/model/hub/partial_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <random>
#include <utility>
#include <vector>

#include "core/model/hub/file_lock.h"

namespace attnviz {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMark = ".attention-viz-", kEnd = ".incomplete";

std::string randomDigits() {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::random_device source;
    std::string text;
    for (int i = 0; i < 8; ++i) text += kDigits[source() % 16];
    return text;
}

}  // namespace

Error cacheWriteError(const fs::path& path, int reason) {
    if (reason == ENOSPC || reason == EDQUOT)
        return ioError(
            "the disk is full", path.string(),
            "Free some space and try again (what has come stays), or name another disk's folder in "
            "HF_HUB_CACHE.");
    return ioError(std::string("cannot be written: ") + std::strerror(reason), path.string(),
                   "HF_HUB_CACHE names another folder for the cache.");
}

std::int64_t freeBytes(const fs::path& path) {
    struct statvfs status {};
    if (::statvfs(path.c_str(), &status) != 0) return -1;
    return static_cast<std::int64_t>(status.f_bavail) * static_cast<std::int64_t>(status.f_frsize);
}

Result<PartialFile> PartialFile::open(const fs::path& blob) {
    ::signal(SIGXFSZ, SIG_IGN);  // a limit of file sizes becomes an errno
    PartialFile file;
    file.m_blob = blob;
    const auto start = blob.filename().string() + std::string(kMark);
    std::vector<std::pair<fs::file_time_type, fs::path>> left;
    std::error_code failure;
    for (fs::directory_iterator at(blob.parent_path(), failure), end; !failure && at != end;
         at.increment(failure)) {
        const auto name = at->path().filename().string();
        std::error_code gone;
        const auto time = at->last_write_time(gone);
        if (name.starts_with(start) && name.ends_with(kEnd) && !gone) left.emplace_back(time, at->path());
    }
    std::sort(left.begin(), left.end(), std::greater<>());
    for (const auto& [time, path] : left) {
        const int descriptor = ::open(path.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
        struct stat status {};
        if (descriptor < 0) continue;
        if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode) || status.st_nlink != 1 ||
            tryLock(descriptor) != LockState::taken) {
            ::close(descriptor);
            continue;
        }
        if (file.m_descriptor >= 0) {  // older than the one taken over
            ::unlink(path.c_str());
            ::close(descriptor);
            continue;
        }
        file.m_descriptor = descriptor;
        file.m_path = path;
        file.m_size = status.st_size;
    }
    if (file.m_descriptor < 0)
        if (auto made = file.create(); !made) return made.error();
    return file;
}

PartialFile::PartialFile(PartialFile&& other) noexcept
    : m_blob(std::move(other.m_blob)),
      m_path(std::move(other.m_path)),
      m_descriptor(std::exchange(other.m_descriptor, -1)),
      m_size(other.m_size) {}

PartialFile::~PartialFile() {
    const bool empty = m_descriptor >= 0 && m_size == 0;
    if (empty) remove();
    close();
}

void PartialFile::close() {
    if (m_descriptor >= 0) ::close(m_descriptor);
    m_descriptor = -1;
}

Result<void> PartialFile::create() {
    for (int attempt = 0;; ++attempt) {
        m_path = m_blob.string() + std::string(kMark) + randomDigits() + std::string(kEnd);
        m_descriptor = ::open(m_path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (m_descriptor >= 0) break;
        if (errno != EEXIST || attempt == 16) return cacheWriteError(m_path, errno);
    }
    m_size = 0;
    tryLock(m_descriptor);
    return {};
}

Result<void> PartialFile::append(std::span<const char> bytes) {
    while (!bytes.empty()) {
        const auto wrote = ::pwrite(m_descriptor, bytes.data(), bytes.size(), m_size);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) return cacheWriteError(m_blob.parent_path(), errno);
        m_size += wrote;
        bytes = bytes.subspan(static_cast<std::size_t>(wrote));
    }
    return {};
}

Result<void> PartialFile::restart() {
    remove();
    close();
    return create();
}

void PartialFile::remove() {
    ::unlink(m_path.c_str());
}

Result<void> PartialFile::publish() {
    if (::fsync(m_descriptor) != 0) return cacheWriteError(m_blob.parent_path(), errno);
    if (::rename(m_path.c_str(), m_blob.c_str()) != 0) return cacheWriteError(m_blob, errno);
    close();
    return {};
}

}  // namespace attnviz
