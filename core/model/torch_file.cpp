#include "core/model/torch_file.h"

#include <zip.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <unordered_map>

#include "core/base/readable.h"
#include "core/model/pickle_machine.h"
#include "core/model/zip_layout.h"

namespace attnviz {
namespace {

using Copy = std::shared_ptr<const std::vector<std::byte>>;

constexpr std::uint64_t kLargestPickle = 64'000'000;
// The first pickle of the old layout: 0x1950a86a20f9469cfc6c.
constexpr std::string_view kOldMagic("\x6C\xFC\x9C\x46\xF9\x20\x6A\xA8\x50\x19", 10);
constexpr std::int64_t kOldProtocol = 1001;

// A storage's bytes, once they are found.
using Storages = std::vector<std::span<const std::byte>>;

// What both layouts have in common: from the pickle's dictionary to tensors.
struct Assembler {
    const PickleMachine& machine;
    const Storages& storages;
    const std::string& where;
    const std::string& file;
    TorchTensors& out;
    std::int64_t copied = 0;  // never more than twice what the storages have

    Error bad(const std::string& tensor, const std::string& what) const {
        return badInput("tensor '" + tensor + "' " + what, where, "The file is damaged; fetch it again.");
    }

    Result<void> run() {
        const auto* root = std::get_if<PickleMachine::Dictionary>(&machine.result());
        if (!root)
            return unsupported("the file holds no state dict", where,
                               "Save model.state_dict(), not the model itself.");
        for (const auto& storage : storages) out.totalBytes += static_cast<std::int64_t>(storage.size());
        for (const auto& [key, value] : root->items) {
            const auto* name = machine.as<std::string>(key);
            if (!name) return badInput("the state dict has a name that is no text", where);
            const auto* tensor = machine.as<PickledTensor>(value);
            if (!tensor)
                return unsupported("the state dict's entry '" + *name + "' is no tensor", where,
                                   "Save model.state_dict() alone.");
            auto view = viewOf(*name, *tensor);
            if (!view) return view.error();
            if (!out.tensors.emplace(*name, std::move(*view)).second)
                return badInput("tensor '" + *name + "' is there twice", where);
        }
        return {};
    }

    Result<TensorView> viewOf(const std::string& name, const PickledTensor& tensor) {
        const PickledStorage& storage = machine.storages()[tensor.storage];
        const std::int64_t bytes = tensorTypeBytes(storage.type);
        // Elements, and the last one that is reached: both lie in the storage, so no product overflows.
        std::int64_t count = 1;
        std::int64_t last = 0;
        const bool empty = std::find(tensor.shape.begin(), tensor.shape.end(), 0) != tensor.shape.end();
        for (std::size_t i = 0; i < tensor.shape.size() && !empty; ++i) {
            const std::int64_t size = tensor.shape[i];
            if (count > storage.elements / size)
                return bad(name, "has shape " + shapeText(tensor.shape) + ", more than its storage of " +
                                     std::to_string(storage.elements) + " elements");
            count *= size;
            const std::int64_t stride = tensor.strides[i];
            if (size > 1 && stride > (storage.elements - last) / (size - 1))
                return bad(name, "reaches behind its storage");
            last += size > 1 ? (size - 1) * stride : 0;
        }
        if (empty) count = 0;
        if (tensor.offset > storage.elements || (!empty && last >= storage.elements - tensor.offset))
            return bad(name, "reaches behind its storage");
        TensorView view{storage.type, tensor.shape, {}, file};
        const auto all = storages[tensor.storage].subspan(static_cast<std::size_t>(tensor.offset * bytes));
        if (count == 0 || inOrder(tensor))
            view.bytes = all.first(static_cast<std::size_t>(count * bytes));
        else if ((copied += count * bytes) > 2 * out.totalBytes)
            return bad(name, "is a copy too many of the same numbers");
        else
            view.bytes = reordered(tensor, all, count, static_cast<std::size_t>(bytes));
        return view;
    }

    // Row-major, without gaps.
    static bool inOrder(const PickledTensor& tensor) {
        std::int64_t expected = 1;
        for (std::size_t i = tensor.shape.size(); i-- > 0;) {
            if (tensor.shape[i] != 1 && tensor.strides[i] != expected) return false;
            expected *= tensor.shape[i];
        }
        return true;
    }

    std::span<const std::byte> reordered(const PickledTensor& tensor, std::span<const std::byte> from,
                                         std::int64_t count, std::size_t bytes) {
        auto made = std::make_shared<std::vector<std::byte>>(static_cast<std::size_t>(count) * bytes);
        std::vector<std::int64_t> at(tensor.shape.size(), 0);
        std::int64_t source = 0;
        for (std::size_t to = 0; to < made->size(); to += bytes) {
            std::memcpy(made->data() + to, from.data() + static_cast<std::size_t>(source) * bytes, bytes);
            for (std::size_t i = at.size(); i-- > 0;) {
                source += tensor.strides[i];
                if (++at[i] < tensor.shape[i]) break;
                source -= tensor.strides[i] * tensor.shape[i];
                at[i] = 0;
            }
        }
        out.copies.push_back(made);
        return *made;
    }
};

struct Archive {
    explicit Archive(const std::filesystem::path& path) : zip(zip_open(path.c_str(), ZIP_RDONLY, nullptr)) {}
    ~Archive() {
        if (zip) zip_discard(zip);
    }
    Archive(const Archive&) = delete;
    Archive& operator=(const Archive&) = delete;
    zip_t* zip;
};

struct ZipReader {
    const MappedFile& file;
    const std::string& where;
    std::vector<ZipEntry> entries;
    std::unordered_map<std::string_view, std::size_t> indices;
    Archive archive;
    std::uint64_t unpacked = 0;

    Error damaged(const std::string& what) const {
        return badInput(what, where, "The file is damaged or truncated; fetch it again.");
    }

    // An entry through the library, unpacked and checked against its sum.
    Result<std::vector<std::byte>> unpack(std::size_t index) {
        const ZipEntry& entry = entries[index];
        zip_stat_t stat{};
        if (!archive.zip || zip_stat_index(archive.zip, index, 0, &stat) != 0 || !stat.name ||
            entry.name != stat.name || stat.size != entry.size)
            return damaged("the zip's entry '" + entry.name + "' cannot be read");
        // Weights do not shrink to a sixteenth, whatever they are packed with.
        if (entry.size / 16 > file.bytes().size() || (unpacked += entry.size) / 16 > file.bytes().size())
            return damaged("the zip unpacks to more than sixteen times its size");
        std::vector<std::byte> out(static_cast<std::size_t>(entry.size));
        zip_file_t* opened = zip_fopen_index(archive.zip, index, 0);
        if (!opened) return damaged("the zip's entry '" + entry.name + "' cannot be opened");
        std::size_t done = 0;
        while (done < out.size()) {
            const zip_int64_t got = zip_fread(opened, out.data() + done, out.size() - done);
            if (got <= 0) break;
            done += static_cast<std::size_t>(got);
        }
        std::byte more{};
        const bool whole = done == out.size() && zip_fread(opened, &more, 1) == 0;
        zip_fclose(opened);
        if (!whole) return damaged("the zip's entry '" + entry.name + "' is damaged");
        return out;
    }

    // The folder that everything lies in: "archive/", "pytorch_model/".
    Result<std::string> folder() const {
        std::string found;
        for (const ZipEntry& entry : entries) {
            if (!entry.name.ends_with("/data.pkl") ||
                std::count(entry.name.begin(), entry.name.end(), '/') != 1)
                continue;
            if (!found.empty()) return damaged("the zip has two pickles");
            found = entry.name.substr(0, entry.name.size() - 8);
        }
        if (found.empty())
            return unsupported("the zip has no pickle of PyTorch's", where,
                               "Is this what torch.save has written?");
        if (indices.contains(found + "constants.pkl"))
            return unsupported("this is a TorchScript archive, which is code", where,
                               "Open it as a custom model, or save its state dict.");
        return found;
    }

    Result<TorchTensors> read(const std::string& name) {
        auto base = folder();
        if (!base) return base.error();
        if (const auto order = indices.find(*base + "byteorder"); order != indices.end()) {
            if (entries[order->second].size > 16) return damaged("the zip's byte order is none");
            auto text = unpack(order->second);
            if (!text) return text.error();
            if (std::string_view(reinterpret_cast<const char*>(text->data()), text->size()) != "little")
                return unsupported("the numbers are not little-endian", where);
        }
        const std::size_t pickleIndex = indices.at(*base + "data.pkl");
        if (entries[pickleIndex].size > kLargestPickle)
            return damaged("the pickle has " + std::to_string(entries[pickleIndex].size) +
                           " bytes, more than the 64,000,000 allowed");
        auto pickle = unpack(pickleIndex);
        if (!pickle) return pickle.error();
        PickleMachine machine(where);
        if (auto run = machine.run(*pickle); !run) return run.error();
        TorchTensors out;
        Storages storages;
        for (const PickledStorage& storage : machine.storages()) {
            auto bytes = bytesOf(*base, storage, out);
            if (!bytes) return bytes.error();
            storages.push_back(*bytes);
        }
        Assembler assembler{machine, storages, where, name, out, 0};
        if (auto done = assembler.run(); !done) return done.error();
        return out;
    }

    Result<std::span<const std::byte>> bytesOf(const std::string& base, const PickledStorage& storage,
                                               TorchTensors& out) {
        const auto found = indices.find(base + "data/" + storage.key);
        if (found == indices.end()) return damaged("storage '" + storage.key + "' is not in the zip");
        const ZipEntry& entry = entries[found->second];
        const auto expected = static_cast<std::uint64_t>(storage.elements * tensorTypeBytes(storage.type));
        if (entry.size != expected)
            return damaged("storage '" + storage.key + "' has " + std::to_string(entry.size) +
                           " bytes; expected " + std::to_string(expected));
        if (entry.stored)
            return file.bytes().subspan(static_cast<std::size_t>(entry.begin),
                                        static_cast<std::size_t>(entry.size));
        auto unpacked = unpack(found->second);
        if (!unpacked) return unpacked.error();
        out.copies.push_back(std::make_shared<const std::vector<std::byte>>(std::move(*unpacked)));
        return std::span<const std::byte>(*out.copies.back());
    }
};

Result<TorchTensors> readZipFile(const MappedFile& file, const std::string& where, const std::string& name) {
    auto entries = readZipLayout(file, where);
    if (!entries) return entries.error();
    ZipReader reader{file, where, std::move(*entries), {}, Archive(file.path()), 0};
    for (std::size_t i = 0; i < reader.entries.size(); ++i)
        if (!reader.indices.emplace(reader.entries[i].name, i).second)
            return reader.damaged("the zip has the entry '" + reader.entries[i].name + "' twice");
    return reader.read(name);
}

// Magic number, protocol, machine, state dict, keys of the storages; then each storage with its length.
struct OldReader {
    const MappedFile& file;
    const std::string& where;
    std::vector<std::byte> head;
    std::size_t at = 0;

    Error damaged(const std::string& what) const {
        return badInput(what, where, "The file is damaged or truncated; fetch it again.");
    }

    Result<void> next(PickleMachine& machine) {
        auto taken = machine.run(std::span(head).subspan(at));
        if (!taken) return taken.error();
        at += *taken;
        return {};
    }

    Result<void> checkStart() {
        PickleMachine magic(where), protocol(where), system(where);
        for (PickleMachine* part : {&magic, &protocol, &system})
            if (auto done = next(*part); !done) return done;
        const auto* number = std::get_if<PickleMachine::LongNumber>(&magic.result());
        const auto* version = std::get_if<std::int64_t>(&protocol.result());
        if (!number || number->bytes != kOldMagic || !version || *version != kOldProtocol)
            return unsupported("this is no checkpoint that torch.save has written", where,
                               "Convert it to model.safetensors.");
        const auto* facts = std::get_if<PickleMachine::Dictionary>(&system.result());
        if (!facts) return damaged("the checkpoint does not say what machine it is from");
        for (const auto& [key, value] : facts->items) {
            const auto* name = system.as<std::string>(key);
            const auto* truth = system.as<bool>(value);
            if (name && *name == "little_endian" && (!truth || !*truth))
                return unsupported("the numbers are not little-endian", where);
        }
        return {};
    }

    // Where each storage's bytes lie, by its key.
    Result<Storages> findStorages(const PickleMachine& machine) {
        PickleMachine keys(where);
        if (auto done = next(keys); !done) return done.error();
        const auto* list = std::get_if<PickleMachine::Sequence>(&keys.result());
        if (!list) return damaged("the checkpoint has no list of its storages");
        std::unordered_map<std::string_view, std::size_t> indices;
        for (std::size_t i = 0; i < machine.storages().size(); ++i)
            indices.emplace(machine.storages()[i].key, i);
        Storages storages(machine.storages().size());
        std::uint64_t place = at;
        for (const auto item : list->items) {
            const auto* key = keys.as<std::string>(item);
            const auto index = key ? indices.find(*key) : indices.end();
            if (index == indices.end()) return damaged("the checkpoint lists a storage that nobody uses");
            const PickledStorage& storage = machine.storages()[index->second];
            std::array<std::byte, 8> length{};
            if (file.bytes().size() - place < length.size())
                return damaged("the checkpoint ends before its storages do");
            if (auto read = file.read(place, length); !read) return read.error();
            std::uint64_t elements = 0;
            for (std::size_t i = length.size(); i-- > 0;)
                elements = (elements << 8U) | std::to_integer<std::uint64_t>(length[i]);
            place += length.size();
            if (elements != static_cast<std::uint64_t>(storage.elements))
                return damaged("storage '" + storage.key + "' has " + std::to_string(elements) +
                               " elements; expected " + std::to_string(storage.elements));
            const std::uint64_t size = elements * static_cast<std::uint64_t>(tensorTypeBytes(storage.type));
            if (size > file.bytes().size() - place)
                return damaged("the checkpoint ends before its storages do");
            storages[index->second] =
                file.bytes().subspan(static_cast<std::size_t>(place), static_cast<std::size_t>(size));
            place += size;
            indices.erase(index);
        }
        if (!indices.empty())
            return damaged("storage '" + std::string(indices.begin()->first) + "' is not in the file");
        if (place != file.bytes().size()) return damaged("the file goes on behind its storages");
        return storages;
    }
};

Result<TorchTensors> readOldFile(const MappedFile& file, const std::string& where, const std::string& name) {
    OldReader reader{file, where, {}, 0};
    reader.head.resize(
        static_cast<std::size_t>(std::min<std::uint64_t>(file.bytes().size(), kLargestPickle)));
    if (auto read = file.read(0, reader.head); !read) return read.error();
    if (auto start = reader.checkStart(); !start) return start.error();
    PickleMachine machine(where);
    if (auto done = reader.next(machine); !done) return done.error();
    auto storages = reader.findStorages(machine);
    if (!storages) return storages.error();
    TorchTensors out;
    Assembler assembler{machine, *storages, where, name, out, 0};
    if (auto done = assembler.run(); !done) return done.error();
    return out;
}

}  // namespace

Result<TorchTensors> readTorchFile(const MappedFile& file, const std::string& name) {
    const std::string where = file.path().string();
    std::array<std::byte, 8> start{};
    const auto read = std::span(start).first(std::min<std::size_t>(file.bytes().size(), start.size()));
    if (auto done = file.read(0, read); !done) return done.error();
    const std::string_view text(reinterpret_cast<const char*>(start.data()), read.size());
    if (text.starts_with("version "))
        return badInput("this is a Git LFS pointer, not the file itself", where,
                        "Fetch it with 'git lfs pull'.");
    if (text.starts_with("PK\x03\x04")) return readZipFile(file, where, name);
    if (text.starts_with("\x80")) return readOldFile(file, where, name);
    return badInput("this is no file that torch.save has written", where,
                    "Fetch it again, or convert it to model.safetensors.");
}

}  // namespace attnviz
