#include "core/base/system_memory.h"

#include <sys/resource.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>
#include <string>

namespace attnviz {
namespace {

constexpr std::int64_t kUnlimited = std::numeric_limits<std::int64_t>::max();

// The number after `key` in a file of "key: value kB" lines, in bytes.
std::int64_t kilobytesOf(const char* path, const std::string& key) {
    std::ifstream file(path);
    std::string word;
    while (file >> word) {
        if (word == key) {
            std::int64_t value = 0;
            return file >> value ? value * 1024 : kUnlimited;
        }
    }
    return kUnlimited;
}

std::int64_t numberIn(const char* path) {
    std::ifstream file(path);
    std::int64_t value = 0;
    return file >> value ? value : kUnlimited;
}

// Version 2 groups: what the group's limit leaves. "max" and absent files read as unlimited.
std::int64_t controlGroupLeft() {
    const auto limit = numberIn("/sys/fs/cgroup/memory.max");
    const auto used = numberIn("/sys/fs/cgroup/memory.current");
    if (limit == kUnlimited || used == kUnlimited) return kUnlimited;
    return std::max<std::int64_t>(limit - used, 0);
}

std::int64_t addressSpaceLeft() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kUnlimited;
    const auto used = kilobytesOf("/proc/self/status", "VmSize:");
    if (used == kUnlimited) return kUnlimited;
    return std::max<std::int64_t>(static_cast<std::int64_t>(limit.rlim_cur) - used, 0);
}

}  // namespace

std::int64_t availableMemoryBytes() {
    if (const char* given = std::getenv("ATTNVIZ_AVAILABLE_MEMORY")) {
        std::int64_t bytes = 0;
        const auto* end = given + std::strlen(given);
        if (std::from_chars(given, end, bytes).ptr == end && bytes > 0) return bytes;
    }
    auto available = kilobytesOf("/proc/meminfo", "MemAvailable:");
    available = std::min({available, controlGroupLeft(), addressSpaceLeft()});
    return available == kUnlimited ? std::int64_t{4} << 30 : available;
}

}  // namespace attnviz
