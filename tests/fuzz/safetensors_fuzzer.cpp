// safetensors, whose tensors' bytes are then all read.
#include "core/model/checkpoint.h"

using namespace attnviz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto checkpoint = Checkpoint::fromBytes(std::as_bytes(std::span(data, size)), "fuzz");
    if (!checkpoint) return 0;
    volatile unsigned sum = 0;
    for (const auto& [name, view] : checkpoint->tensors())
        for (const auto byte : view.bytes) sum = sum + std::to_integer<unsigned>(byte);
    return 0;
}
