// A file's bytes, mapped for reading; whatever happens to the name, this file stays.
//
// What another program does to the file itself shows through the map, and beyond an end that moved nearer a
// read of the map kills the process (SIGBUS). So: writers of ours replace files and never shorten them; small
// documents are taken through read(), which cannot be killed; readers of large ones ask checkWhole() just
// before each part. A handler for the signal would be the process's only one, and is not ours to take.
//
// An empty file gives an empty span. A folder, a device, or a file that cannot be read gives an Error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

#include "core/base/result.h"

namespace attnviz {

class MappedFile {
 public:
    static Result<std::shared_ptr<const MappedFile>> open(const std::filesystem::path& path);
    ~MappedFile();
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    std::span<const std::byte> bytes() const { return {m_data, m_size}; }
    const std::filesystem::path& path() const { return m_path; }

    // An Error if the file is shorter now than when it was opened.
    Result<void> checkWhole() const;
    // Copies from `offset` on, without the map; an Error if the bytes are not there (any more).
    Result<void> read(std::uint64_t offset, std::span<std::byte> out) const;

 private:
    MappedFile() = default;
    const std::byte* m_data = nullptr;
    std::size_t m_size = 0;
    int m_descriptor = -1;
    std::filesystem::path m_path;
};

}  // namespace attnviz
