#include "core/model/checkpoint.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <limits>
#include <unordered_set>

#include "core/base/json_parse.h"
#include "core/base/readable.h"
#include "core/model/torch_file.h"

namespace attnviz {
namespace {

constexpr std::uint64_t kHeaderLimitBytes = 100'000'000;
constexpr std::size_t kRankLimit = 32;

// Wide enough for any product of two sizes; a word of the compiler's own.
__extension__ typedef unsigned __int128 Wide;

struct TypeRow {
    std::string_view name;
    TensorType type;
    int bits;
};
// The reference reader's list. Sub-byte and 8-bit floating types are known by size and never read.
constexpr std::array kTypes{TypeRow{"BOOL", TensorType::boolean, 8},
                            TypeRow{"U8", TensorType::u8, 8},
                            TypeRow{"I8", TensorType::i8, 8},
                            TypeRow{"I16", TensorType::i16, 16},
                            TypeRow{"U16", TensorType::u16, 16},
                            TypeRow{"F16", TensorType::f16, 16},
                            TypeRow{"BF16", TensorType::bf16, 16},
                            TypeRow{"I32", TensorType::i32, 32},
                            TypeRow{"U32", TensorType::u32, 32},
                            TypeRow{"F32", TensorType::f32, 32},
                            TypeRow{"I64", TensorType::i64, 64},
                            TypeRow{"U64", TensorType::u64, 64},
                            TypeRow{"F64", TensorType::f64, 64},
                            TypeRow{"C64", TensorType::other, 64},
                            TypeRow{"F8_E5M2", TensorType::other, 8},
                            TypeRow{"F8_E4M3", TensorType::other, 8},
                            TypeRow{"F8_E8M0", TensorType::other, 8},
                            TypeRow{"F8_E5M2FNUZ", TensorType::other, 8},
                            TypeRow{"F8_E4M3FNUZ", TensorType::other, 8},
                            TypeRow{"F6_E2M3", TensorType::other, 6},
                            TypeRow{"F6_E3M2", TensorType::other, 6},
                            TypeRow{"F4", TensorType::other, 4}};

struct Entry {
    std::string name;
    TensorType type = TensorType::other;
    std::vector<std::int64_t> shape;
    std::uint64_t begin = 0, end = 0;
};

// One tensor's object in the header, every key checked.
Result<Entry> readEntry(std::string_view name, simdjson::dom::element element, const std::string& where) {
    Entry entry;
    entry.name = name;
    const auto bad = [&](const std::string& what) {
        return badInput("tensor '" + entry.name + "' " + what, where,
                        "The file is damaged or not safetensors.");
    };
    simdjson::dom::object object;
    if (element.get(object) != simdjson::SUCCESS) return bad("has no description");
    std::uint64_t bits = 0;
    bool hasType = false, hasShape = false, hasOffsets = false;
    for (auto field : object) {
        if (field.key == "dtype" && !hasType) {
            std::string_view typeName;
            if (field.value.get(typeName) != simdjson::SUCCESS) return bad("has a dtype that is no text");
            const auto row = std::find_if(kTypes.begin(), kTypes.end(), [&](const TypeRow& candidate) {
                return candidate.name == typeName;
            });
            if (row == kTypes.end()) return bad("has the unknown type '" + std::string(typeName) + "'");
            entry.type = row->type;
            bits = static_cast<std::uint64_t>(row->bits);
            hasType = true;
        } else if (field.key == "shape" && !hasShape) {
            simdjson::dom::array shape;
            if (field.value.get(shape) != simdjson::SUCCESS) return bad("has a shape that is no list");
            for (auto dimension : shape) {
                std::uint64_t size = 0;
                if (dimension.get(size) != simdjson::SUCCESS || size >= (std::uint64_t{1} << 48U))
                    return bad("has a dimension that is no size");
                if (entry.shape.size() == kRankLimit) return bad("has more than 32 dimensions");
                entry.shape.push_back(static_cast<std::int64_t>(size));
            }
            hasShape = true;
        } else if (field.key == "data_offsets" && !hasOffsets) {
            simdjson::dom::array offsets;
            if (field.value.get(offsets) != simdjson::SUCCESS || offsets.size() != 2 ||
                offsets.at(0).get(entry.begin) != simdjson::SUCCESS ||
                offsets.at(1).get(entry.end) != simdjson::SUCCESS)
                return bad("has no pair of data_offsets");
            hasOffsets = true;
        } else {
            return bad("has the key '" + std::string(field.key) + "', unknown or twice");
        }
    }
    if (!hasType || !hasShape || !hasOffsets) return bad("lacks dtype, shape or data_offsets");
    if (entry.end < entry.begin) return bad("ends before it begins");
    Wide total = bits;
    for (const auto size : entry.shape) {
        total *= static_cast<Wide>(size);
        if (total > std::numeric_limits<std::uint64_t>::max())
            return bad("has a shape whose product overflows");
    }
    if (total % 8 != 0 || total / 8 != entry.end - entry.begin)
        return bad("has shape " + shapeText(entry.shape) + ", but " +
                   std::to_string(entry.end - entry.begin) + " bytes of data");
    return entry;
}

// The length of the header, from the first eight bytes of a file of `fileBytes`.
Result<std::uint64_t> headerLength(std::span<const std::byte> start, std::uint64_t fileBytes,
                                   const std::string& where) {
    if (start.size() < 8)
        return badInput("the file has " + std::to_string(fileBytes) + " bytes, too few for safetensors",
                        where, "Fetch it again.");
    if (std::memcmp(start.data(), "version ", 8) == 0)
        return badInput("this is a Git LFS pointer, not the file itself", where,
                        "Fetch it with 'git lfs pull'.");
    std::uint64_t length = 0;
    for (int i = 7; i >= 0; --i)
        length = (length << 8U) | std::to_integer<std::uint64_t>(start[static_cast<std::size_t>(i)]);
    if (length > kHeaderLimitBytes)
        return badInput(
            "the header claims " + std::to_string(length) + " bytes, more than the 100,000,000 allowed",
            where, "The file is damaged or not safetensors.");
    if (length > fileBytes - 8)
        return badInput("the header claims " + std::to_string(length) + " bytes, but the file has " +
                            std::to_string(fileBytes),
                        where, "The file is truncated; fetch it again.");
    return length;
}

Result<void> checkMetadata(simdjson::dom::element element, const std::string& where) {
    simdjson::dom::object metadata;
    if (element.get(metadata) != simdjson::SUCCESS) return badInput("'__metadata__' is no object", where);
    std::unordered_set<std::string_view> seen;
    for (auto pair : metadata) {
        if (!pair.value.is<std::string_view>())
            return badInput("'__metadata__." + std::string(pair.key) + "' is no text", where);
        if (!seen.insert(pair.key).second)
            return badInput("'__metadata__." + std::string(pair.key) + "' is there twice", where);
    }
    return {};
}

Result<std::vector<Entry>> readHeader(const simdjson::padded_string& header, const std::string& where) {
    const std::string_view text(header.data(), header.size());
    if (!text.starts_with('{')) return badInput("the header does not begin with '{'", where);
    simdjson::dom::parser parser;
    simdjson::dom::element root;
    if (const auto code = parser.parse(header).get(root); code == simdjson::MEMALLOC)
        return outOfMemory(
            "there is no memory for a header of " + readableBytes(static_cast<std::int64_t>(text.size())),
            where);
    else if (code != simdjson::SUCCESS)
        return badInput(std::string("the header is no valid JSON: ") + simdjson::error_message(code), where);
    simdjson::dom::object object;
    if (root.get(object) != simdjson::SUCCESS) return badInput("the header holds no object", where);
    std::vector<Entry> entries;
    bool hasMetadata = false;
    for (auto field : object) {
        if (field.key == "__metadata__") {
            if (hasMetadata) return badInput("'__metadata__' is there twice", where);
            if (auto checked = checkMetadata(field.value, where); !checked) return checked.error();
            hasMetadata = true;
            continue;
        }
        auto entry = readEntry(field.key, field.value, where);
        if (!entry) return entry.error();
        entries.push_back(std::move(*entry));
    }
    return entries;
}

// Offsets in order, without holes or overlap, up to the file's last byte.
Result<void> checkLayout(std::vector<Entry>& entries, std::uint64_t dataBytes, const std::string& where) {
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
        return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
    });
    std::uint64_t at = 0;
    for (const auto& entry : entries) {
        if (entry.begin != at)
            return badInput("tensor '" + entry.name + "' begins at byte " + std::to_string(entry.begin) +
                                (entry.begin < at ? " and overlaps" : " behind a hole") + "; expected " +
                                std::to_string(at),
                            where, "The file is damaged.");
        at = entry.end;
    }
    if (at != dataBytes)
        return badInput("the tensors take " + std::to_string(at) + " bytes, but the file holds " +
                            std::to_string(dataBytes),
                        where,
                        at > dataBytes ? "The file is truncated; fetch it again." : "The file is damaged.");
    return {};
}

Result<void> checkDuplicates(const std::vector<Entry>& entries, const std::string& where) {
    std::vector<std::string_view> names;
    names.reserve(entries.size());
    for (const auto& entry : entries) names.push_back(entry.name);
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    if (twice != names.end()) return badInput("tensor '" + std::string(*twice) + "' is there twice", where);
    return {};
}

}  // namespace

std::string_view tensorTypeName(TensorType type) {
    for (const auto& row : kTypes)
        if (row.type == type) return row.name;
    return "other";
}

int tensorTypeBytes(TensorType type) {
    if (type == TensorType::other) return 0;
    for (const auto& row : kTypes)
        if (row.type == type) return row.bits / 8;
    return 0;
}

std::int64_t TensorView::elements() const {
    std::int64_t count = 1;
    for (const auto size : shape) count *= size;
    return count;
}

std::string shapeText(std::span<const std::int64_t> shape) {
    std::string text = "(";
    for (std::size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
    return text + ")";
}

namespace {

using Tensors = std::map<std::string, TensorView, std::less<>>;

Result<Tensors> tensorsOf(const simdjson::padded_string& header, std::span<const std::byte> data,
                          const std::string& where, const std::string& file) {
    auto entries = readHeader(header, where);
    if (!entries) return entries.error();
    if (auto unique = checkDuplicates(*entries, where); !unique) return unique.error();
    if (auto laidOut = checkLayout(*entries, data.size(), where); !laidOut) return laidOut.error();
    Tensors tensors;
    for (auto& entry : *entries)
        tensors.emplace(std::move(entry.name),
                        TensorView{entry.type, std::move(entry.shape),
                                   data.subspan(entry.begin, entry.end - entry.begin), file});
    return tensors;
}

}  // namespace

Result<Checkpoint> Checkpoint::fromBytes(std::span<const std::byte> bytes, const std::string& where) {
    const auto length =
        headerLength(bytes.first(std::min<std::size_t>(bytes.size(), 8)), bytes.size(), where);
    if (!length) return length.error();
    const simdjson::padded_string header(reinterpret_cast<const char*>(bytes.data()) + 8, *length);
    if (header.size() != *length) return outOfMemory("there is no memory for the header", where);
    auto tensors = tensorsOf(header, bytes.subspan(8 + *length), where, where);
    if (!tensors) return tensors.error();
    Checkpoint checkpoint;
    checkpoint.m_tensors = std::move(*tensors);
    checkpoint.m_totalBytes = static_cast<std::int64_t>(bytes.size() - 8 - *length);
    return checkpoint;
}

Result<Checkpoint> Checkpoint::openFile(const std::filesystem::path& path) {
    auto file = MappedFile::open(path);
    if (!file) return file.error();
    if (path.extension() == ".bin") return openTorchFile(std::move(*file));
    const auto bytes = (*file)->bytes();
    const auto where = path.string();
    std::array<std::byte, 8> start{};
    const auto started = std::span(start).first(std::min<std::size_t>(bytes.size(), 8));
    if (auto read = (*file)->read(0, started); !read) return read.error();
    const auto length = headerLength(started, bytes.size(), where);
    if (!length) return length.error();
    simdjson::padded_string header(*length);
    if (header.size() != *length) return outOfMemory("there is no memory for the header", where);
    if (auto read = (*file)->read(8, std::as_writable_bytes(std::span(header.data(), *length))); !read)
        return read.error();
    auto tensors = tensorsOf(header, bytes.subspan(8 + *length), where, path.filename().string());
    if (!tensors) return tensors.error();
    Checkpoint checkpoint;
    checkpoint.m_tensors = std::move(*tensors);
    checkpoint.m_totalBytes = static_cast<std::int64_t>(bytes.size() - 8 - *length);
    checkpoint.m_files.push_back(std::move(*file));
    return checkpoint;
}

Result<Checkpoint> Checkpoint::openTorchFile(std::shared_ptr<const MappedFile> file) {
    auto read = readTorchFile(*file, file->path().filename().string());
    if (!read) return read.error();
    Checkpoint checkpoint;
    checkpoint.m_tensors = std::move(read->tensors);
    checkpoint.m_copies = std::move(read->copies);
    checkpoint.m_totalBytes = read->totalBytes;
    checkpoint.m_files.push_back(std::move(file));
    return checkpoint;
}

Result<Checkpoint> Checkpoint::open(const ModelFolder& folder) {
    if (!folder.shardIndex) return openFile(folder.weights.front());
    auto index = readJsonFile(*folder.shardIndex);
    if (!index) return index.error();
    const auto indexName = folder.shardIndex->string();
    Checkpoint all;
    for (const auto& path : folder.weights) {
        auto shard = openFile(path);
        if (!shard) return shard.error();
        const auto name = path.lexically_relative(folder.shardIndex->parent_path()).string();
        for (auto& [tensorName, tensor] : shard->m_tensors) {
            tensor.file = name;
            if (!all.m_tensors.emplace(tensorName, std::move(tensor)).second)
                return badInput("tensor '" + tensorName + "' is in two shards", path.string(),
                                "Fetch the shards again.");
        }
        all.m_totalBytes += shard->m_totalBytes;
        all.m_files.push_back(std::move(shard->m_files.front()));
        all.m_copies.insert(all.m_copies.end(), shard->m_copies.begin(), shard->m_copies.end());
    }
    const auto& members = (*index)["weight_map"].members();
    for (const auto& [name, file] : members) {
        const TensorView* tensor = all.find(name);
        if (!tensor || tensor->file != std::filesystem::path(file.string()).lexically_normal().string())
            return badInput(
                "the index places tensor '" + name + "' in '" + file.string() + "', where it is not",
                indexName, "Fetch the shards again.");
    }
    if (members.size() != all.m_tensors.size()) {
        std::unordered_set<std::string_view> named;
        for (const auto& member : members) named.insert(member.first);
        for (const auto& [name, tensor] : all.m_tensors)
            if (!named.contains(name))
                return badInput(
                    "the index does not name tensor '" + name + "', which is in '" + tensor.file + "'",
                    indexName, "Fetch index and shards again.");
    }
    return all;
}

Result<void> Checkpoint::checkWhole() const {
    for (const auto& file : m_files)
        if (auto whole = file->checkWhole(); !whole) return whole;
    return {};
}

Result<void> Checkpoint::read(const TensorView& tensor, std::span<std::byte> out) const {
    if (out.size() != tensor.bytes.size())
        return internalError("a tensor was asked for with another size", tensor.file);
    if (out.empty()) return {};
    const std::less_equal<> notAfter;  // a total order, for pointers into different maps too
    for (const auto& file : m_files) {
        const auto bytes = file->bytes();
        if (notAfter(bytes.data(), tensor.bytes.data()) &&
            notAfter(tensor.bytes.data() + tensor.bytes.size(), bytes.data() + bytes.size()))
            return file->read(static_cast<std::uint64_t>(tensor.bytes.data() - bytes.data()), out);
    }
    std::copy(tensor.bytes.begin(), tensor.bytes.end(), out.begin());  // of fromBytes, and copies
    return {};
}

const TensorView* Checkpoint::find(std::string_view name) const {
    const auto found = m_tensors.find(name);
    return found == m_tensors.end() ? nullptr : &found->second;
}

}  // namespace attnviz
