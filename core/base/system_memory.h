// How much memory a run may take.
#pragma once

#include <cstdint>

namespace attnviz {

// Bytes that can be taken without swapping: MemAvailable, within the limits of the control group and
// RLIMIT_AS. ATTNVIZ_AVAILABLE_MEMORY (bytes) overrides it, for tests and for machines that are shared.
std::int64_t availableMemoryBytes();

}  // namespace attnviz
