// A pickle of a state dict, run by a machine that can make nothing but plain values and tensors'
// descriptions.
//
// No name is ever looked up: a pickle may mention a fixed list of globals (OrderedDict, _rebuild_tensor_v2,
// _rebuild_parameter, torch's storage types), and each stands for a rule of this machine. Everything else is
// refused with the name that it asked for. Stack, memo, values and nesting are bounded. Hostile input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "core/base/result.h"
#include "core/model/checkpoint.h"

namespace attnviz {

// A run of numbers that the file keeps somewhere else, by its key.
struct PickledStorage {
    std::string key;
    TensorType type = TensorType::other;
    std::int64_t elements = 0;
};

struct PickledTensor {
    std::size_t storage = 0;  // index of PickleMachine::storages()
    std::int64_t offset = 0;  // in elements
    std::vector<std::int64_t> shape, strides;
};

class PickleMachine {
 public:
    // Values are named by where they stand in the machine's list of all values.
    using Index = std::uint32_t;
    enum class Global { orderedDict, rebuildTensor, rebuildParameter, storageType };
    struct GlobalName {
        Global global = Global::orderedDict;
        TensorType type = TensorType::other;  // of a storage type
    };
    struct StorageIndex {
        std::size_t index = 0;
    };
    struct Sequence {  // a tuple or a list
        std::vector<Index> items;
    };
    struct Dictionary {
        std::vector<std::pair<Index, Index>> items;
    };
    struct LongNumber {  // wider than 64 bits; little-endian, as stored
        std::string bytes;
    };
    using Value = std::variant<std::monostate, bool, std::int64_t, double, LongNumber, std::string, Sequence,
                               Dictionary, GlobalName, StorageIndex, PickledTensor>;

    explicit PickleMachine(std::string where) : m_where(std::move(where)) {}

    // Runs one pickle at the beginning of `bytes` up to its STOP. Returns how many bytes it takes.
    Result<std::size_t> run(std::span<const std::byte> bytes);

    const Value& result() const { return m_values[m_result]; }
    const Value& value(Index index) const { return m_values[index]; }
    template <class Kind>
    const Kind* as(Index index) const {
        return std::get_if<Kind>(&m_values[index]);
    }
    const std::vector<PickledStorage>& storages() const { return m_storages; }

 private:
    struct Reader;

    Result<void> step(Reader& reader, unsigned char code);
    Result<void> pushNumberOrText(Reader& reader, unsigned char code, bool& known);
    Result<void> build(Reader& reader, unsigned char code, bool& known);
    Result<void> remember(Reader& reader, unsigned char code, bool& known);
    Result<void> push(Value value);
    Result<void> pushGlobal(std::string_view module, std::string_view name);
    Result<Index> pop();
    Result<std::vector<Index>> popToMark();
    Result<void> setItems(const std::vector<Index>& items);
    Result<void> reduce();
    Result<void> rebuildTensor(const Sequence& arguments);
    Result<void> loadStorage();
    Result<std::vector<std::int64_t>> sizes(Index index, std::string_view what) const;
    Error bad(std::string what) const;

    std::string m_where;
    std::vector<Value> m_values;
    std::vector<Index> m_stack;
    std::vector<std::size_t> m_marks;
    std::vector<std::optional<Index>> m_memo;
    std::vector<PickledStorage> m_storages;
    std::unordered_map<std::string, std::size_t> m_storageIndices;  // by key
    std::size_t m_items = 0;  // of all sequences and dictionaries together
    Index m_result = 0;
};

}  // namespace attnviz
