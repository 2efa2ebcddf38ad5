#include "core/model/pickle_machine.h"

#include <array>
#include <bit>

#include "core/base/readable.h"

namespace attnviz {
namespace {

constexpr std::size_t kMostValues = 4'000'000;
constexpr std::size_t kDeepestStack = 1'000'000;
constexpr std::size_t kMostMarks = 1000;
constexpr std::size_t kLongestText = std::size_t{1} << 20U;
constexpr std::size_t kMostDimensions = 32;
constexpr const char* kConvert =
    "Convert it to model.safetensors, for example with save_pretrained of transformers, if you trust it.";

using Machine = PickleMachine;

struct GlobalRow {
    std::string_view module, name;
    Machine::GlobalName value;
};
// All that a pickle may name.
constexpr std::array kGlobals{
    GlobalRow{"collections", "OrderedDict", {Machine::Global::orderedDict, {}}},
    GlobalRow{"torch._utils", "_rebuild_tensor_v2", {Machine::Global::rebuildTensor, {}}},
    GlobalRow{"torch._utils", "_rebuild_tensor", {Machine::Global::rebuildTensor, {}}},
    GlobalRow{"torch._utils", "_rebuild_parameter", {Machine::Global::rebuildParameter, {}}},
    GlobalRow{"torch", "FloatStorage", {Machine::Global::storageType, TensorType::f32}},
    GlobalRow{"torch", "DoubleStorage", {Machine::Global::storageType, TensorType::f64}},
    GlobalRow{"torch", "HalfStorage", {Machine::Global::storageType, TensorType::f16}},
    GlobalRow{"torch", "BFloat16Storage", {Machine::Global::storageType, TensorType::bf16}},
    GlobalRow{"torch", "LongStorage", {Machine::Global::storageType, TensorType::i64}},
    GlobalRow{"torch", "IntStorage", {Machine::Global::storageType, TensorType::i32}},
    GlobalRow{"torch", "ShortStorage", {Machine::Global::storageType, TensorType::i16}},
    GlobalRow{"torch", "CharStorage", {Machine::Global::storageType, TensorType::i8}},
    GlobalRow{"torch", "ByteStorage", {Machine::Global::storageType, TensorType::u8}},
    GlobalRow{"torch", "BoolStorage", {Machine::Global::storageType, TensorType::boolean}},
};

}  // namespace

// The bytes of the pickle, each read checked.
struct PickleMachine::Reader {
    std::span<const std::byte> bytes;
    std::size_t at = 0;

    std::optional<std::uint64_t> number(std::size_t size) {
        if (bytes.size() - at < size) return std::nullopt;
        std::uint64_t value = 0;
        for (std::size_t i = size; i-- > 0;)
            value = (value << 8U) | std::to_integer<std::uint64_t>(bytes[at + i]);
        at += size;
        return value;
    }
    std::optional<std::string_view> text(std::optional<std::uint64_t> size) {
        if (!size || *size > kLongestText || bytes.size() - at < *size) return std::nullopt;
        const std::string_view found(reinterpret_cast<const char*>(bytes.data()) + at,
                                     static_cast<std::size_t>(*size));
        at += found.size();
        return found;
    }
    std::optional<std::string_view> line() {
        const std::string_view rest(reinterpret_cast<const char*>(bytes.data()) + at, bytes.size() - at);
        const std::size_t end = rest.find('\n');
        if (end == std::string_view::npos || end > kLongestText) return std::nullopt;
        at += end + 1;
        return rest.substr(0, end);
    }
};

Error PickleMachine::bad(std::string what) const {
    return badInput(std::move(what), m_where, "The file is damaged, or no checkpoint of PyTorch's.");
}

Result<std::size_t> PickleMachine::run(std::span<const std::byte> bytes) {
    m_stack.clear();
    m_marks.clear();
    m_memo.clear();
    m_values.clear();
    m_items = 0;
    Reader reader{bytes};
    while (const auto code = reader.number(1)) {
        if (*code == '.') {
            auto top = pop();
            if (!top) return top.error();
            m_result = *top;
            return reader.at;
        }
        if (auto done = step(reader, static_cast<unsigned char>(*code)); !done) return done.error();
    }
    return bad("the pickle ends without its end mark");
}

Result<void> PickleMachine::step(Reader& reader, unsigned char code) {
    bool known = false;
    for (const auto part :
         {&PickleMachine::pushNumberOrText, &PickleMachine::build, &PickleMachine::remember}) {
        if (auto done = (this->*part)(reader, code, known); !done || known) return done;
    }
    return unsupported("the pickle uses instruction " + std::to_string(code) + ", which no state dict needs",
                       m_where, kConvert);
}

Result<void> PickleMachine::pushNumberOrText(Reader& reader, unsigned char code, bool& known) {
    known = true;
    const auto whole = [&](std::optional<std::uint64_t> value) -> Result<void> {
        return value ? push(static_cast<std::int64_t>(*value)) : bad("the pickle ends inside a number");
    };
    const auto text = [&](std::optional<std::uint64_t> size) -> Result<void> {
        const auto found = reader.text(size);
        if (!found) return bad("the pickle has a text that is too long, or ends inside it");
        if (!isValidUtf8(*found)) return bad("the pickle has a text that is not valid UTF-8");
        return push(std::string(*found));
    };
    switch (code) {
        case 'N':
            return push(std::monostate{});
        case 0x88:
            return push(true);
        case 0x89:
            return push(false);
        case 'K':
            return whole(reader.number(1));
        case 'M':
            return whole(reader.number(2));
        case 'J': {
            const auto value = reader.number(4);
            if (!value) return bad("the pickle ends inside a number");
            return push(std::int64_t{static_cast<std::int32_t>(static_cast<std::uint32_t>(*value))});
        }
        case 0x8A: {  // LONG1, two's complement
            const auto bytes = reader.text(reader.number(1));
            if (!bytes) return bad("the pickle ends inside a number");
            if (bytes->size() > 8) return push(LongNumber{std::string(*bytes)});
            std::uint64_t value = !bytes->empty() && (bytes->back() & 0x80) != 0 ? ~std::uint64_t{0} : 0;
            for (std::size_t i = bytes->size(); i-- > 0;)
                value = (value << 8U) | static_cast<unsigned char>((*bytes)[i]);
            return push(static_cast<std::int64_t>(value));
        }
        case 'G': {  // big-endian
            auto bits = reader.number(8);
            if (!bits) return bad("the pickle ends inside a number");
            std::uint64_t turned = 0;
            for (int i = 0; i < 8; ++i, *bits >>= 8U) turned = (turned << 8U) | (*bits & 0xFFU);
            return push(std::bit_cast<double>(turned));
        }
        case 'X':
        case 'T':
            return text(reader.number(4));
        case 0x8C:
        case 'U':
            return text(reader.number(1));
        default:
            known = false;
            return {};
    }
}

Result<void> PickleMachine::build(Reader& reader, unsigned char code, bool& known) {
    known = true;
    const auto tuple = [&](std::size_t count) -> Result<void> {
        if (m_stack.size() < count) return bad("the pickle takes from an empty stack");
        Sequence made;
        made.items.assign(m_stack.end() - static_cast<std::ptrdiff_t>(count), m_stack.end());
        m_stack.resize(m_stack.size() - count);
        return push(std::move(made));
    };
    switch (code) {
        case ')':
        case ']':
            return push(Sequence{});
        case '}':
            return push(Dictionary{});
        case 0x85:
        case 0x86:
        case 0x87:
            return tuple(code - 0x84U);
        case '(':
            if (m_marks.size() >= kMostMarks) return bad("the pickle is nested too deeply");
            m_marks.push_back(m_stack.size());
            return {};
        case 't': {
            auto items = popToMark();
            if (!items) return items.error();
            return push(Sequence{std::move(*items)});
        }
        case 'a':
        case 'e': {
            auto items = code == 'e' ? popToMark() : Result<std::vector<Index>>(std::vector<Index>{});
            if (code == 'a') {
                auto item = pop();
                if (!item) return item.error();
                items->push_back(*item);
            }
            if (!items) return items.error();
            auto* list = m_stack.empty() ? nullptr : std::get_if<Sequence>(&m_values[m_stack.back()]);
            if (!list) return bad("the pickle appends to what is no list");
            m_items += items->size();
            if (m_items > kMostValues) return bad("the pickle has too many values");
            list->items.insert(list->items.end(), items->begin(), items->end());
            return {};
        }
        case 's': {
            auto value = pop();
            auto key = pop();
            if (!value || !key) return bad("the pickle takes from an empty stack");
            return setItems({*key, *value});
        }
        case 'u': {
            auto items = popToMark();
            if (!items) return items.error();
            return setItems(*items);
        }
        case 'c': {
            const auto module = reader.line();
            const auto name = reader.line();
            if (!module || !name) return bad("the pickle ends inside a name");
            return pushGlobal(*module, *name);
        }
        case 0x93: {
            const auto name = pop();
            const auto module = pop();
            const auto* nameText = name ? as<std::string>(*name) : nullptr;
            const auto* moduleText = module ? as<std::string>(*module) : nullptr;
            if (!nameText || !moduleText) return bad("the pickle names a global by what is no text");
            const std::string moduleCopy = *moduleText, nameCopy = *nameText;
            return pushGlobal(moduleCopy, nameCopy);
        }
        case 'R':
            return reduce();
        case 'Q':
            return loadStorage();
        case 'b': {  // an OrderedDict's attributes (_metadata) are nothing to us
            auto state = pop();
            if (!state) return state.error();
            if (m_stack.empty() || !as<Dictionary>(m_stack.back()) || !as<Dictionary>(*state))
                return unsupported("the pickle sets the state of what is no dictionary", m_where, kConvert);
            return {};
        }
        default:
            known = false;
            return {};
    }
}

Result<void> PickleMachine::remember(Reader& reader, unsigned char code, bool& known) {
    known = true;
    const auto put = [&](std::optional<std::uint64_t> slot) -> Result<void> {
        if (!slot || m_stack.empty()) return bad("the pickle remembers nothing");
        if (*slot >= kMostValues) return bad("the pickle remembers too much");
        // Numbered one after the other, so memory grows with the pickle.
        if (*slot > m_memo.size() + 100'000) return bad("the pickle's memory has a hole");
        if (*slot >= m_memo.size()) m_memo.resize(static_cast<std::size_t>(*slot) + 1);
        m_memo[static_cast<std::size_t>(*slot)] = m_stack.back();
        return {};
    };
    const auto get = [&](std::optional<std::uint64_t> slot) -> Result<void> {
        if (!slot || *slot >= m_memo.size() || !m_memo[static_cast<std::size_t>(*slot)])
            return bad("the pickle recalls what it never kept");
        if (m_stack.size() >= kDeepestStack) return bad("the pickle's stack is too deep");
        m_stack.push_back(*m_memo[static_cast<std::size_t>(*slot)]);
        return {};
    };
    switch (code) {
        case 0x80: {
            const auto version = reader.number(1);
            if (!version || *version > 5) return bad("the pickle's protocol is not known");
            return {};
        }
        case 0x95:  // FRAME: its length is of use to streams only
            if (!reader.number(8)) return bad("the pickle ends inside a frame");
            return {};
        case 'q':
            return put(reader.number(1));
        case 'r':
            return put(reader.number(4));
        case 0x94:
            return put(m_memo.size());
        case 'h':
            return get(reader.number(1));
        case 'j':
            return get(reader.number(4));
        case '0': {
            auto dropped = pop();
            if (!dropped) return dropped.error();
            return {};
        }
        default:
            known = false;
            return {};
    }
}

Result<void> PickleMachine::push(Value value) {
    if (m_values.size() >= kMostValues) return bad("the pickle has too many values");
    if (m_stack.size() >= kDeepestStack) return bad("the pickle's stack is too deep");
    m_stack.push_back(static_cast<Index>(m_values.size()));
    m_values.push_back(std::move(value));
    return {};
}

Result<void> PickleMachine::pushGlobal(std::string_view module, std::string_view name) {
    for (const GlobalRow& row : kGlobals)
        if (row.module == module && row.name == name) return push(row.value);
    return unsupported("the pickle asks for '" + std::string(module.substr(0, 100)) + "." +
                           std::string(name.substr(0, 100)) + "', which no weights need; it may be code",
                       m_where, kConvert);
}

Result<PickleMachine::Index> PickleMachine::pop() {
    if (m_stack.empty() || (!m_marks.empty() && m_stack.size() <= m_marks.back()))
        return bad("the pickle takes from an empty stack");
    const Index top = m_stack.back();
    m_stack.pop_back();
    return top;
}

Result<std::vector<PickleMachine::Index>> PickleMachine::popToMark() {
    if (m_marks.empty() || m_marks.back() > m_stack.size())
        return bad("the pickle has no mark to go back to");
    const auto begin = m_stack.begin() + static_cast<std::ptrdiff_t>(m_marks.back());
    std::vector<Index> items(begin, m_stack.end());
    m_stack.erase(begin, m_stack.end());
    m_marks.pop_back();
    return items;
}

Result<void> PickleMachine::setItems(const std::vector<Index>& items) {
    auto* dictionary = m_stack.empty() ? nullptr : std::get_if<Dictionary>(&m_values[m_stack.back()]);
    if (!dictionary || items.size() % 2 != 0) return bad("the pickle sets items of what is no dictionary");
    m_items += items.size();
    if (m_items > kMostValues) return bad("the pickle has too many values");
    for (std::size_t i = 0; i < items.size(); i += 2) dictionary->items.emplace_back(items[i], items[i + 1]);
    return {};
}

Result<void> PickleMachine::reduce() {
    const auto arguments = pop();
    const auto function = pop();
    const auto* global = function ? as<GlobalName>(*function) : nullptr;
    const auto* given = arguments ? as<Sequence>(*arguments) : nullptr;
    if (!global || !given) return bad("the pickle calls what is no function");
    switch (global->global) {
        case Global::orderedDict:
            if (!given->items.empty()) return bad("the pickle fills a dictionary as it makes it");
            return push(Dictionary{});
        case Global::rebuildTensor:
            return rebuildTensor(*given);
        case Global::rebuildParameter: {
            if (given->items.empty() || !as<PickledTensor>(given->items.front()))
                return bad("the pickle makes a parameter of what is no tensor");
            m_stack.push_back(given->items.front());
            return {};
        }
        case Global::storageType:
            break;
    }
    return bad("the pickle calls a type");
}

Result<std::vector<std::int64_t>> PickleMachine::sizes(Index index, std::string_view what) const {
    const auto* list = as<Sequence>(index);
    if (!list || list->items.size() > kMostDimensions)
        return bad("a tensor's " + std::string(what) + " is no list of up to 32 numbers");
    std::vector<std::int64_t> out;
    for (const Index item : list->items) {
        const auto* number = as<std::int64_t>(item);
        if (!number || *number < 0 || *number >= (std::int64_t{1} << 48U))
            return bad("a tensor's " + std::string(what) + " has what is no size");
        out.push_back(*number);
    }
    return out;
}

// (storage, offset, shape, strides, ...): what follows concerns training.
Result<void> PickleMachine::rebuildTensor(const Sequence& arguments) {
    if (arguments.items.size() < 4) return bad("the pickle makes a tensor of too little");
    const auto* storage = as<StorageIndex>(arguments.items[0]);
    const auto* offset = as<std::int64_t>(arguments.items[1]);
    if (!storage || !offset || *offset < 0) return bad("the pickle makes a tensor of what is no storage");
    auto shape = sizes(arguments.items[2], "shape");
    if (!shape) return shape.error();
    auto strides = sizes(arguments.items[3], "strides");
    if (!strides) return strides.error();
    if (shape->size() != strides->size())
        return bad("a tensor has another number of strides than dimensions");
    return push(PickledTensor{storage->index, *offset, std::move(*shape), std::move(*strides)});
}

// ("storage", type, key, location, elements[, view]): one storage a key, wherever it is mentioned again.
Result<void> PickleMachine::loadStorage() {
    const auto id = pop();
    const auto* tuple = id ? as<Sequence>(*id) : nullptr;
    if (!tuple || tuple->items.size() < 5 || tuple->items.size() > 6)
        return bad("the pickle refers to what is no storage");
    const auto* word = as<std::string>(tuple->items[0]);
    const auto* type = as<GlobalName>(tuple->items[1]);
    const auto* key = as<std::string>(tuple->items[2]);
    const auto* count = as<std::int64_t>(tuple->items[4]);
    if (!word || *word != "storage" || !type || type->global != Global::storageType || !key || !count ||
        *count < 0 || *count >= (std::int64_t{1} << 48U))
        return bad("the pickle refers to what is no storage");
    if (tuple->items.size() == 6 && !as<std::monostate>(tuple->items[5]))
        return unsupported("the pickle has views of storages, as PyTorch wrote them before 0.4", m_where,
                           kConvert);
    const auto [known, isNew] = m_storageIndices.emplace(*key, m_storages.size());
    const std::size_t index = known->second;
    if (isNew) m_storages.push_back({*key, type->type, *count});
    if (m_storages[index].type != type->type || m_storages[index].elements != *count)
        return bad("storage '" + *key + "' is there with two sizes or types");
    return push(StorageIndex{index});
}

}  // namespace attnviz
