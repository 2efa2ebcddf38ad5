#include "core/base/system_memory.h"

#include <sys/resource.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <string_view>

namespace attnviz {
namespace {

constexpr std::int64_t kUnlimited = std::numeric_limits<std::int64_t>::max();

// The number after the word `key` in a file of lines "key value".
std::int64_t numberAfter(const std::filesystem::path& path, std::string_view key) {
    std::ifstream file(path);
    for (std::string word; file >> word;) {
        std::int64_t value = 0;
        if (word == key) return file >> value ? value : kUnlimited;
    }
    return kUnlimited;
}

// Likewise in lines "key: value kB", in bytes.
std::int64_t kilobytesOf(const char* path, std::string_view key) {
    const auto value = numberAfter(path, key);
    return value == kUnlimited ? kUnlimited : value * 1024;
}

std::int64_t numberIn(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::int64_t value = 0;
    return file >> value ? value : kUnlimited;
}

// Version 2 groups: what the limits of our group and of those above it leave. Pages of files that the kernel
// can drop at once (mapped weights) do not count as used. "max" and absent files read as unlimited.
std::int64_t controlGroupLeft() {
    const std::filesystem::path root = "/sys/fs/cgroup";
    std::string own = "/";
    std::ifstream membership("/proc/self/cgroup");
    for (std::string line; std::getline(membership, line);)
        if (line.starts_with("0::/")) own = line.substr(3);
    std::int64_t left = kUnlimited;
    for (auto group = (root / own.substr(1)).lexically_normal();; group = group.parent_path()) {
        const auto limit = numberIn(group / "memory.max");
        const auto used = numberIn(group / "memory.current");
        if (limit != kUnlimited && used != kUnlimited) {
            const auto droppable = numberAfter(group / "memory.stat", "inactive_file");
            const auto held = used - (droppable == kUnlimited ? 0 : std::min(droppable, used));
            left = std::min(left, std::max<std::int64_t>(limit - held, 0));
        }
        if (group == root || !group.string().starts_with(root.string() + "/")) return left;
    }
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
