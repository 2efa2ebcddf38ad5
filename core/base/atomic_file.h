// A file that is written whole or not at all: a temporary file beside it, flushed, then renamed over it.
//
// What was there before stays until commit() succeeds. A destroyed, uncommitted AtomicFile leaves nothing
// behind. Through a symbolic link the link's target is replaced; device files (/dev/stdout, /dev/full) are
// written directly.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "core/base/byte_sink.h"
#include "core/base/result.h"

namespace attnviz {

class AtomicFile final : public ByteSink {
 public:
    // Fails with a sentence if the folder is missing or not writable, or `path` is a folder.
    static Result<std::unique_ptr<AtomicFile>> create(const std::filesystem::path& path);
    ~AtomicFile() override;
    AtomicFile(const AtomicFile&) = delete;
    AtomicFile& operator=(const AtomicFile&) = delete;

    Result<void> write(std::string_view bytes) override;
    Result<void> commit();

 private:
    AtomicFile() = default;
    Result<void> drain();

    std::filesystem::path m_target, m_temporary;
    std::string m_buffer;
    int m_descriptor = -1;
};

// Writes `bytes` to `path`, whole or not at all.
Result<void> writeFile(const std::filesystem::path& path, std::string_view bytes);

}  // namespace attnviz
