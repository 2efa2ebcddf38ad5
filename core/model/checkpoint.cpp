#include "core/model/checkpoint.h"

#include <simdjson.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <unordered_map>

#include "core/base/json_parse.h"
#include "core/base/readable.h"

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

Result<std::vector<Entry>> readHeader(std::span<const std::byte> bytes, const std::string& where) {
    if (bytes.size() < 8) return badInput("the file is too short for safetensors", where, "Fetch it again.");
    std::uint64_t length = 0;
    for (int i = 7; i >= 0; --i)
        length = (length << 8U) | std::to_integer<std::uint64_t>(bytes[static_cast<std::size_t>(i)]);
    if (length > kHeaderLimitBytes)
        return badInput(
            "the header claims " + std::to_string(length) + " bytes, more than the 100,000,000 allowed",
            where, "The file is damaged or not safetensors.");
    if (length > bytes.size() - 8)
        return badInput("the header claims " + std::to_string(length) + " bytes, but the file has " +
                            std::to_string(bytes.size()),
                        where, "The file is truncated; fetch it again.");
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + 8, length);
    if (!text.starts_with('{')) return badInput("the header does not begin with '{'", where);
    simdjson::dom::parser parser;
    simdjson::dom::element root;
    const simdjson::padded_string padded(text.data(), text.size());
    if (const auto code = parser.parse(padded).get(root); code != simdjson::SUCCESS)
        return badInput(std::string("the header is no valid JSON: ") + simdjson::error_message(code), where);
    simdjson::dom::object object;
    if (root.get(object) != simdjson::SUCCESS) return badInput("the header holds no object", where);
    std::vector<Entry> entries;
    bool hasMetadata = false;
    for (auto field : object) {
        if (field.key == "__metadata__") {
            simdjson::dom::object metadata;
            if (hasMetadata || field.value.get(metadata) != simdjson::SUCCESS)
                return badInput("'__metadata__' is no object, or there twice", where);
            for (auto pair : metadata)
                if (!pair.value.is<std::string_view>())
                    return badInput("'__metadata__." + std::string(pair.key) + "' is no text", where);
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

Result<Checkpoint> Checkpoint::openFile(const std::filesystem::path& path) {
    auto file = MappedFile::open(path);
    if (!file) return file.error();
    const auto bytes = (*file)->bytes();
    const auto where = path.string();
    auto entries = readHeader(bytes, where);
    if (!entries) return entries.error();
    if (auto unique = checkDuplicates(*entries, where); !unique) return unique.error();
    std::uint64_t header = 0;
    std::memcpy(&header, bytes.data(), sizeof header);
    const auto data = bytes.subspan(8 + header);
    if (auto laidOut = checkLayout(*entries, data.size(), where); !laidOut) return laidOut.error();
    Checkpoint checkpoint;
    for (auto& entry : *entries) {
        checkpoint.m_totalBytes += static_cast<std::int64_t>(entry.end - entry.begin);
        checkpoint.m_tensors.emplace(
            std::move(entry.name),
            TensorView{entry.type, std::move(entry.shape), data.subspan(entry.begin, entry.end - entry.begin),
                       path.filename().string()});
    }
    checkpoint.m_files.push_back(std::move(*file));
    return checkpoint;
}

Result<Checkpoint> Checkpoint::open(const ModelFolder& folder) {
    if (!folder.shardIndex) return openFile(folder.weights.front());
    auto index = readJsonFile(*folder.shardIndex);
    if (!index) return index.error();
    Checkpoint all;
    for (const auto& path : folder.weights) {
        auto shard = openFile(path);
        if (!shard) return shard.error();
        for (auto& [name, tensor] : shard->m_tensors)
            if (!all.m_tensors.emplace(name, std::move(tensor)).second)
                return badInput("tensor '" + name + "' is in two shards", path.string());
        all.m_totalBytes += shard->m_totalBytes;
        all.m_files.push_back(std::move(shard->m_files.front()));
    }
    for (const auto& [name, file] : (*index)["weight_map"].members()) {
        const TensorView* tensor = all.find(name);
        const auto expected = std::filesystem::path(file.string()).filename().string();
        if (!tensor || tensor->file != expected)
            return badInput(
                "the index places tensor '" + name + "' in '" + file.string() + "', where it is not",
                folder.shardIndex->string(), "Fetch the shards again.");
    }
    return all;
}

const TensorView* Checkpoint::find(std::string_view name) const {
    const auto found = m_tensors.find(name);
    return found == m_tensors.end() ? nullptr : &found->second;
}

}  // namespace attnviz
