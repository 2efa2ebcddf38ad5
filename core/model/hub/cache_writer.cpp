#include "core/model/hub/cache_writer.h"

#include <unistd.h>

#include <cerrno>
#include <fstream>

#include "core/base/atomic_file.h"
#include "core/model/hub/hub_cache.h"
#include "core/model/hub/partial_file.h"

namespace attnviz {
namespace {

namespace fs = std::filesystem;

// What backup programs look for (bford.info/cachedir).
constexpr const char* kCacheTag =
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# This file is a cache directory tag created by huggingface_hub.\n"
    "# For information about cache directory tags, see:\n"
    "#\thttps://bford.info/cachedir/\n";

Result<void> makeFolders(const fs::path& folder) {
    std::error_code failure;
    fs::create_directories(folder, failure);
    if (failure) return cacheWriteError(folder, failure.value());
    return {};
}

// A name beside `path` that nobody else uses.
fs::path beside(const fs::path& path) {
    return path.string() + "." + std::to_string(::getpid()) + ".tmp";
}

Result<void> moveOver(const fs::path& from, const fs::path& to) {
    if (::rename(from.c_str(), to.c_str()) == 0) return {};
    const int reason = errno;
    ::unlink(from.c_str());
    return cacheWriteError(to, reason);
}

}  // namespace

Result<CacheWriter> CacheWriter::open(const HubSettings& settings, const HubName& name) {
    CacheWriter writer;
    writer.m_repository = settings.cache / name.folderName();
    writer.m_locks = settings.cache / ".locks" / name.folderName();
    writer.m_links = settings.links;
    for (const auto& folder : {writer.m_repository / "blobs", writer.m_repository / "snapshots",
                               writer.m_repository / "refs", writer.m_locks})
        if (auto made = makeFolders(folder); !made) return made.error();
    const auto tag = settings.cache / "CACHEDIR.TAG";
    std::error_code ignored;
    if (!fs::exists(tag, ignored)) std::ofstream(tag) << kCacheTag;
    return writer;
}

fs::path CacheWriter::snapshot(const std::string& commit) const {
    return m_repository / "snapshots" / commit;
}

fs::path CacheWriter::blob(const std::string& hash) const {
    return m_repository / "blobs" / hash;
}

Result<FileLock> CacheWriter::lock(const std::string& hash, const std::function<void()>& waiting,
                                   std::stop_token stop) const {
    return FileLock::acquire(m_locks / (hash + ".lock"), waiting, std::move(stop));
}

Result<void> CacheWriter::place(const std::string& commit, const std::string& file, const std::string& hash,
                                bool newBlob) const {
    const auto pointer = snapshot(commit) / file;
    if (auto made = makeFolders(pointer.parent_path()); !made) return made;
    const auto target = blob(hash);
    const auto temporary = beside(pointer);
    ::unlink(temporary.c_str());
    if (m_links) {
        const auto relative = target.lexically_relative(pointer.parent_path());
        if (::symlink(relative.c_str(), temporary.c_str()) == 0) return moveOver(temporary, pointer);
        // A file system without links says so in one of these ways.
        if (errno != EPERM && errno != ENOSYS && errno != EOPNOTSUPP && errno != ENOTSUP)
            return cacheWriteError(pointer, errno);
    }
    if (newBlob) {
        if (::rename(target.c_str(), pointer.c_str()) != 0) return cacheWriteError(pointer, errno);
        return {};
    }
    std::error_code failure;
    fs::copy_file(target, temporary, failure);
    if (failure) {
        ::unlink(temporary.c_str());
        return cacheWriteError(pointer, failure.value());
    }
    return moveOver(temporary, pointer);
}

Result<void> CacheWriter::setRef(const std::string& revision, const std::string& commit) const {
    if (revision == commit || commitOfRef(m_repository, revision) == commit) return {};
    const auto path = m_repository / "refs" / revision;
    if (auto made = makeFolders(path.parent_path()); !made) return made;
    return writeFile(path, commit);
}

void CacheWriter::noteAbsence(const std::string& commit, const std::string& file) const {
    const auto path = m_repository / ".no_exist" / commit / file;
    if (makeFolders(path.parent_path())) std::ofstream(path, std::ios::app).flush();
}

}  // namespace attnviz
