// The tensors of a model, mapped as stored. Nothing is converted here, and nothing copied where it lies in
// order.
//
// `.bin` files are read by torch_file.h; a family sees no difference.
//
// safetensors, one file or shards, as hostile input: every rule of the reference reader (header at most
// 100,000,000 bytes, UTF-8 JSON beginning with '{', no duplicate names, known types, offsets without holes or
// overlap, checked products, the last byte is the file's end), and for shards: each name lies inside the
// folder lexically, in exactly the file that the index names, and every tensor is named there.
//
// The bytes are a map of the file (see mapped_file.h for what that means when another program shortens it):
// ask checkWhole() before a layer's tensors are read from `bytes`, or copy them with read(), which is always
// safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/mapped_file.h"
#include "core/base/result.h"
#include "core/model/model_folder.h"

namespace attnviz {

enum class TensorType { boolean, u8, i8, i16, u16, f16, bf16, i32, u32, f32, i64, u64, f64, other };

std::string_view tensorTypeName(TensorType type);  // "F32"
int tensorTypeBytes(TensorType type);  // 0 for `other` (sub-byte and 8-bit floats: kept, never read)

struct TensorView {
    TensorType type = TensorType::other;
    std::vector<std::int64_t> shape;  // row-major
    std::span<const std::byte> bytes;
    std::string file;  // its name in the folder, for errors

    std::int64_t elements() const;
};

std::string shapeText(std::span<const std::int64_t> shape);  // "(768, 2304)"

class Checkpoint {
 public:
    static Result<Checkpoint> open(const ModelFolder& folder);
    static Result<Checkpoint> openFile(const std::filesystem::path& path);  // one file of either kind
    // The same from memory, which the caller keeps alive.
    static Result<Checkpoint> fromBytes(std::span<const std::byte> bytes, const std::string& where);

    const TensorView* find(std::string_view name) const;  // null pointer if absent
    const std::map<std::string, TensorView, std::less<>>& tensors() const { return m_tensors; }
    std::int64_t totalBytes() const { return m_totalBytes; }

    // An Error if a file is shorter now than when it was opened.
    Result<void> checkWhole() const;
    // Copies a tensor of this checkpoint; `out` has as many bytes as it. Never touches the map.
    Result<void> read(const TensorView& tensor, std::span<std::byte> out) const;

 private:
    static Result<Checkpoint> openTorchFile(std::shared_ptr<const MappedFile> file);

    std::vector<std::shared_ptr<const MappedFile>> m_files;
    std::vector<std::shared_ptr<const std::vector<std::byte>>> m_copies;
    std::map<std::string, TensorView, std::less<>> m_tensors;
    std::int64_t m_totalBytes = 0;
};

}  // namespace attnviz
