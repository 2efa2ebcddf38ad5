#include "core/base/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

namespace attnviz {
namespace {

constexpr std::size_t kBufferBytes = 1 << 20;
constexpr const char* kFullHint = "Free some space, or save elsewhere; nothing was changed.";

Error writeError(const std::filesystem::path& path, int reason) {
    return ioError(std::string("cannot be written: ") + std::strerror(reason), path.string(),
                   reason == ENOSPC || reason == EFBIG || reason == EDQUOT ? kFullHint : "");
}

// What open() would give a new file. The mask is read, not set and set back: other threads make files, too.
mode_t newFileMode() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
        unsigned mask = 0;
        if (word == "Umask:" && status >> std::oct >> mask) return 0666 & ~static_cast<mode_t>(mask);
    }
    return 0600;
}

// Names that stand for something open already, whatever they lead to: /dev/stdout, /dev/fd/3,
// /proc/self/fd/3.
bool namesDescriptor(const std::filesystem::path& path) {
    const auto name = path.lexically_normal().string();
    return name.starts_with("/dev/std") || name.starts_with("/dev/fd/") || name.starts_with("/proc/");
}

}  // namespace

Result<std::unique_ptr<AtomicFile>> AtomicFile::create(const std::filesystem::path& path) {
    // A file size limit raises a signal by default; as an errno it becomes a sentence.
    ::signal(SIGXFSZ, SIG_IGN);

    std::unique_ptr<AtomicFile> file(new AtomicFile);
    file->m_target = path;
    struct stat status {};
    const bool exists = ::stat(path.c_str(), &status) == 0;
    if (exists && S_ISDIR(status.st_mode))
        return badInput("this is a folder", path.string(), "Name a file in it.");
    if (exists && (!S_ISREG(status.st_mode) || namesDescriptor(path))) {
        file->m_descriptor = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
        if (file->m_descriptor < 0) return writeError(path, errno);
        return file;
    }
    if (exists && ::access(path.c_str(), W_OK) != 0)
        return ioError("the file is read-only", path.string(), "Save elsewhere, or change its permissions.");
    // What a link points to is replaced, not the link; a chain of links is followed some steps.
    std::error_code ignored;
    std::filesystem::path target = path;
    for (int steps = 0; std::filesystem::is_symlink(target, ignored); ++steps) {
        if (steps == 32) return badInput("the link leads in a circle", path.string(), "Name a file.");
        const auto next = std::filesystem::read_symlink(target, ignored);
        target = next.is_absolute() ? next : target.parent_path() / next;
    }
    file->m_target = target;
    if (target.filename().empty() || target.filename() == "." || target.filename() == "..")
        return badInput("this names no file", path.string());
    std::string pattern =
        (target.parent_path() / ("." + target.filename().string().substr(0, 200) + ".XXXXXX"));
    file->m_descriptor = ::mkostemp(pattern.data(), O_CLOEXEC);
    if (file->m_descriptor < 0) {
        const int reason = errno;
        const auto folder = target.parent_path().empty() ? std::filesystem::path(".") : target.parent_path();
        if (reason == ENOENT || reason == ENOTDIR)
            return ioError("the folder '" + folder.string() + "' does not exist", path.string(),
                           "Create it first.");
        if (reason == EACCES || reason == EROFS || reason == EPERM)
            return ioError("the folder '" + folder.string() + "' is not writable", path.string(),
                           "Save elsewhere, or change its permissions.");
        return writeError(path, reason);
    }
    file->m_temporary = pattern;
    ::fchmod(file->m_descriptor, exists ? status.st_mode & 0777U : newFileMode());
    return file;
}

AtomicFile::~AtomicFile() {
    if (m_descriptor >= 0) ::close(m_descriptor);
    if (!m_temporary.empty()) ::unlink(m_temporary.c_str());
}

Result<void> AtomicFile::write(std::string_view bytes) {
    m_buffer.append(bytes);
    return m_buffer.size() >= kBufferBytes ? drain() : Result<void>();
}

Result<void> AtomicFile::drain() {
    std::size_t done = 0;
    while (done < m_buffer.size()) {
        const auto wrote = ::write(m_descriptor, m_buffer.data() + done, m_buffer.size() - done);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) return writeError(m_target, errno);
        done += static_cast<std::size_t>(wrote);
    }
    m_buffer.clear();
    return {};
}

Result<void> AtomicFile::commit() {
    if (auto drained = drain(); !drained) return drained;
    if (!m_temporary.empty() && ::fsync(m_descriptor) != 0) return writeError(m_target, errno);
    const int closed = ::close(m_descriptor);
    m_descriptor = -1;
    if (closed != 0) return writeError(m_target, errno);
    if (m_temporary.empty()) return {};
    if (::rename(m_temporary.c_str(), m_target.c_str()) != 0) return writeError(m_target, errno);
    m_temporary.clear();
    return {};
}

Result<void> writeFile(const std::filesystem::path& path, std::string_view bytes) {
    auto file = AtomicFile::create(path);
    if (!file) return file.error();
    if (auto written = (*file)->write(bytes); !written) return written;
    return (*file)->commit();
}

}  // namespace attnviz
