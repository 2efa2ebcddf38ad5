// Sessions and foreign files: whatever openSession takes.
#include "core/session/session.h"
#include "tests/fuzz/fuzz_file.h"

using namespace attnviz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const test::FuzzFile file(data, size);
    (void)openSession(file.path()).ok();
    return 0;
}
