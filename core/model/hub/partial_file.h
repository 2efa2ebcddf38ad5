// A blob that is not whole yet: "<hash>.attention-viz-<8 digits>.incomplete" beside where it will be.
//
// Locked while it is written. A later download takes over the newest that a process of ours left behind
// unlocked and removes the others; files of other programs are left alone. It stays on disk when a download
// ends early, so that the next one goes on, and becomes the blob by a rename.
#pragma once

#include <filesystem>
#include <span>

#include "core/base/result.h"

namespace attnviz {

class PartialFile final {
 public:
    // `blob` is the path of the whole file.
    static Result<PartialFile> open(const std::filesystem::path& blob);
    ~PartialFile();
    PartialFile(PartialFile&& other) noexcept;
    PartialFile& operator=(PartialFile&&) = delete;

    std::int64_t size() const { return m_size; }
    const std::filesystem::path& path() const { return m_path; }

    Result<void> append(std::span<const char> bytes);
    // Begins anew, in a file that nobody else can have open.
    Result<void> restart();
    Result<void> publish();  // flushed, and renamed to the blob
    void remove();

 private:
    PartialFile() = default;
    Result<void> create();
    void close();

    std::filesystem::path m_blob, m_path;
    int m_descriptor = -1;
    std::int64_t m_size = 0;
};

// Bytes that a file system has left for a file at `path`; negative if it does not say.
std::int64_t freeBytes(const std::filesystem::path& path);
// "the disk is full" with what to do, or what else kept bytes from being written.
Error cacheWriteError(const std::filesystem::path& path, int reason);

}  // namespace attnviz
