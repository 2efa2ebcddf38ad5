#include "core/base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace attnviz {
namespace {

Error shrunkError(const std::filesystem::path& path) {
    return ioError("the file became shorter while it was open", path.string(),
                   "Open it again once it is written whole.");
}

}  // namespace

Result<std::shared_ptr<const MappedFile>> MappedFile::open(const std::filesystem::path& path) {
    const std::string name = path.string();
    const int descriptor = ::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) {
        if (errno == ENOENT) return notFound("there is no such file", name);
        return ioError(std::string("cannot be opened: ") + std::strerror(errno), name);
    }
    struct stat status {};
    if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
        const bool folder = S_ISDIR(status.st_mode);
        ::close(descriptor);
        return badInput(folder ? "this is a folder, not a file" : "this is no regular file", name);
    }
    std::shared_ptr<MappedFile> file(new MappedFile);
    file->m_descriptor = descriptor;
    file->m_path = path;
    file->m_size = static_cast<std::size_t>(status.st_size);
    if (file->m_size > 0) {
        void* data = ::mmap(nullptr, file->m_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
        if (data == MAP_FAILED) {
            const int reason = errno;
            file->m_size = 0;
            return ioError(std::string("cannot be mapped: ") + std::strerror(reason), name);
        }
        file->m_data = static_cast<const std::byte*>(data);
    }
    return std::shared_ptr<const MappedFile>(std::move(file));
}

Result<void> MappedFile::checkWhole() const {
    struct stat status {};
    if (::fstat(m_descriptor, &status) != 0 || static_cast<std::size_t>(status.st_size) < m_size)
        return shrunkError(m_path);
    return {};
}

Result<void> MappedFile::read(std::uint64_t offset, std::span<std::byte> out) const {
    if (offset > m_size || out.size() > m_size - offset)
        return badInput("the file ends before byte " + std::to_string(offset + out.size()), m_path.string());
    std::size_t done = 0;
    while (done < out.size()) {
        const auto got =
            ::pread(m_descriptor, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return ioError(std::string("cannot be read: ") + std::strerror(errno), m_path.string());
        if (got == 0) return shrunkError(m_path);
        done += static_cast<std::size_t>(got);
    }
    return {};
}

MappedFile::~MappedFile() {
    if (m_data) ::munmap(const_cast<std::byte*>(m_data), m_size);
    if (m_descriptor >= 0) ::close(m_descriptor);
}

}  // namespace attnviz
