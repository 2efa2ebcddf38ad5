// pytorch_model.bin: both layouts, and the pickle alone, whose tensors' bytes are then all read.
#include "core/model/pickle_machine.h"
#include "core/model/torch_file.h"
#include "tests/fuzz/fuzz_file.h"

using namespace attnviz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    PickleMachine machine("fuzz");
    (void)machine.run(std::as_bytes(std::span(data, size))).ok();
    const test::FuzzFile file(data, size);
    const auto mapped = MappedFile::open(file.path());
    if (!mapped) return 0;
    const auto read = readTorchFile(**mapped, "fuzz");
    if (!read) return read.error().sentence().empty() ? std::abort(), 0 : 0;
    volatile unsigned sum = 0;
    for (const auto& [name, view] : read->tensors)
        for (const auto byte : view.bytes) sum = sum + std::to_integer<unsigned>(byte);
    return 0;
}
