// Where tests find data: the project's own in tests/, and what lies beside the repository in ../shared (may
// be absent).
#pragma once

#include <QtTest>
#include <cstdlib>
#include <filesystem>

namespace attnviz::test {

inline std::filesystem::path sourceDir() {
    return ATTNVIZ_SOURCE_DIR;
}
inline std::filesystem::path sharedDir() {
    const char* given = std::getenv("ATTNVIZ_SHARED_DIR");
    return given ? std::filesystem::path(given) : std::filesystem::path(ATTNVIZ_SHARED_DIR);
}

}  // namespace attnviz::test

// Skips the running test function by name where the file or folder below ../shared is absent.
#define ATTNVIZ_NEED_SHARED(relative)                                      \
    if (!std::filesystem::exists(attnviz::test::sharedDir() / (relative))) \
    QSKIP((std::string("../shared/") + (relative) + " is absent").c_str())
