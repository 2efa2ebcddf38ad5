// One NumPy array (.npy, also the members of .npz), parsed strictly:
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
//
// The header is a Python dictionary, of which exactly the three literal keys that NumPy writes are
// understood; nothing is evaluated. Little-endian numbers and text are read. Refused: object arrays (they are
// pickles, which can run code), big-endian and structured types, shapes that the bytes disagree with.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/session/array_weights.h"

namespace attnviz {

struct NpyArray {
    char kind = 'f';  // f, i, u: numbers; U: UTF-32 text; S: bytes
    std::int64_t itemBytes = 0;
    std::vector<std::int64_t> shape;
    bool columnMajor = false;
    std::span<const std::byte> bytes;

    Result<NumberArray> numbers(const std::string& where) const;
    Result<std::vector<std::string>> texts(const std::string& where) const;  // of one axis, or a batch of one
};

bool isNpy(std::string_view bytes);
// `bytes` must outlive the array.
Result<NpyArray> parseNpy(std::string_view bytes, const std::string& where);

}  // namespace attnviz
