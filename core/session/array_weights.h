// Arrays of numbers from NumPy and safetensors files, made into weights.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/model/checkpoint.h"
#include "core/session/weight_block.h"

namespace attnviz {

// Numbers as they lie in a file, little-endian; `bytes` is exactly as long as the shape wants.
struct NumberArray {
    TensorType type = TensorType::f32;
    std::vector<std::int64_t> shape;
    bool columnMajor = false;  // NumPy's fortran_order
    std::span<const std::byte> bytes;
};

// Two to five axes, see plainShape. float16 stays float16, all else becomes float32; values beyond float32
// are refused with the place of the first.
Result<WeightBlock> weightsFromArray(const NumberArray& array, const std::string& where,
                                     std::stop_token stop);

// One axis (or a batch of one) of whole numbers: token ids. Empty if the array is none.
std::vector<std::int64_t> idsFromArray(const NumberArray& array);

}  // namespace attnviz
