// What the hub names a file by: SHA-256 of its bytes for large files, git's SHA-1 of a blob for small ones.
#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace attnviz {

enum class BlobHash { none, gitSha1, sha256 };

// By its look: 40 or 64 hexadecimal digits.
BlobHash kindOfBlobHash(std::string_view hash);

// The hash of a file on disk, in lower-case hexadecimal digits. `read` is told how many bytes it has read.
Result<std::string> hashOfFile(const std::filesystem::path& path, BlobHash kind,
                               const std::function<void(std::int64_t)>& read, std::stop_token stop);

}  // namespace attnviz
