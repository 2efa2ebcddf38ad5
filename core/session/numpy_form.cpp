// NumPy files: one array (.npy), or an archive of named arrays (.npz, a zip), ours among them.
#include <zip.h>

#include <map>
#include <memory>

#include "core/base/readable.h"
#include "core/base/system_memory.h"
#include "core/session/array_names.h"
#include "core/session/npy_array.h"
#include "core/session/session_forms.h"

namespace attnviz {
namespace {

constexpr zip_int64_t kMostEntries = 10'000;
constexpr std::uint64_t kBestRatio = 1032;  // deflate cannot do better

bool claimsNpy(const OpenedFile& file) {
    return isNpy(file.bytes);
}
bool claimsNpz(const OpenedFile& file) {
    return file.bytes.starts_with("PK\x03\x04") || file.bytes.starts_with("PK\x05\x06");
}

std::string whereIn(const OpenedFile& file, const std::string& name) {
    return file.path.string() + ", " + harmless(name);
}

Result<WeightBlock> weightsIn(std::string_view bytes, const std::string& where, std::stop_token stop) {
    auto array = parseNpy(bytes, where);
    if (!array) return array.error();
    auto numbers = array->numbers(where);
    if (!numbers) return numbers.error();
    return weightsFromArray(*numbers, where, std::move(stop));
}

Result<Session> readNpy(OpenedFile& file) {
    NamedArrays arrays;
    arrays.names = {"attention_weights"};
    arrays.weights = [&](const std::string&) { return weightsIn(file.bytes, file.path.string(), file.stop); };
    auto foreign = foreignRunFrom(arrays, file.path);
    if (!foreign) return foreign.error();
    return foreignSession(std::move(*foreign), file.stop);
}

// A zip in memory. Members are unpacked one at a time, after their sizes have been looked at.
class Archive {
 public:
    static Result<std::unique_ptr<Archive>> open(const OpenedFile& file) {
        std::unique_ptr<Archive> archive(new Archive);
        zip_error_t error;
        zip_error_init(&error);
        zip_source_t* source = zip_source_buffer_create(file.bytes.data(), file.bytes.size(), 0, &error);
        if (source) archive->m_zip = zip_open_from_source(source, ZIP_RDONLY, &error);
        const std::string reason = zip_error_strerror(&error);
        zip_error_fini(&error);
        if (!archive->m_zip) {
            if (source) zip_source_free(source);
            return badInput("the archive cannot be read: " + harmless(reason), file.path.string(),
                            "Is the file complete?");
        }
        const zip_int64_t count = zip_get_num_entries(archive->m_zip, 0);
        if (count > kMostEntries)
            return badInput("the archive has more than 10,000 members", file.path.string());
        for (zip_int64_t i = 0; i < count; ++i) {
            const char* name = zip_get_name(archive->m_zip, static_cast<zip_uint64_t>(i), 0);
            const std::string_view text = name ? name : "";
            if (!text.ends_with(".npy")) continue;
            const auto [place, fresh] =
                archive->m_members.emplace(text.substr(0, text.size() - 4), static_cast<zip_uint64_t>(i));
            if (!fresh)
                return badInput("the archive has two members '" + harmless(place->first) + ".npy'",
                                file.path.string());
        }
        return archive;
    }
    ~Archive() {
        if (m_zip) zip_discard(m_zip);
    }
    Archive(const Archive&) = delete;
    Archive& operator=(const Archive&) = delete;

    std::vector<std::string> names() const {
        std::vector<std::string> names;
        for (const auto& member : m_members) names.push_back(member.first);
        return names;
    }

    // The member's bytes, or its first `most` of them.
    Result<std::string> read(const OpenedFile& file, const std::string& name,
                             std::uint64_t most = UINT64_MAX) const {
        const std::string where = whereIn(file, name);
        const zip_uint64_t index = m_members.find(name)->second;
        zip_stat_t status;
        zip_stat_init(&status);
        if (zip_stat_index(m_zip, index, 0, &status) != 0 || !(status.valid & ZIP_STAT_SIZE) ||
            !(status.valid & ZIP_STAT_COMP_SIZE))
            return badInput("the archive does not say how large this member is", where);
        const auto limit = static_cast<std::uint64_t>(availableMemoryBytes() / 5 * 4);
        const std::uint64_t size = std::min<std::uint64_t>(status.size, most);
        if (size > limit)
            return outOfMemory(
                "unpacks to " +
                    readableBytes(static_cast<std::int64_t>(std::min<std::uint64_t>(size, INT64_MAX))) +
                    ", more than 80 % of the available memory (" +
                    readableBytes(static_cast<std::int64_t>(limit)) + ")",
                where, "Close other documents, or save a part of it.");
        if (status.comp_size > file.bytes.size() || status.size / kBestRatio > status.comp_size + 64)
            return badInput("declares " + std::to_string(status.size) + " bytes, which its " +
                                std::to_string(status.comp_size) + " compressed ones cannot hold",
                            where);
        const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> member(zip_fopen_index(m_zip, index, 0),
                                                                       &zip_fclose);
        if (!member)
            return badInput(std::string("cannot be unpacked: ") + harmless(zip_strerror(m_zip)), where);
        std::string bytes(size, '\0');
        std::uint64_t done = 0;
        while (done < size) {
            if (file.stop.stop_requested()) return cancelled();
            const zip_int64_t got = zip_fread(member.get(), bytes.data() + done,
                                              std::min<std::uint64_t>(size - done, std::uint64_t{1} << 24U));
            if (got <= 0)
                return badInput("is damaged or cut short: " + std::to_string(done) + " of " +
                                    std::to_string(size) + " bytes",
                                where);
            done += static_cast<std::uint64_t>(got);
        }
        char beyond = 0;
        if (size == status.size && zip_fread(member.get(), &beyond, 1) != 0)
            return badInput("is damaged: its checksum or its length is wrong", where);
        return bytes;
    }

 private:
    Archive() = default;
    zip_t* m_zip = nullptr;
    std::map<std::string, zip_uint64_t> m_members;
};

Result<Session> readNpz(OpenedFile& file) {
    auto archive = Archive::open(file);
    if (!archive) return archive.error();
    NamedArrays arrays;
    arrays.names = (*archive)->names();
    arrays.weights = [&](const std::string& name) -> Result<WeightBlock> {
        auto bytes = (*archive)->read(file, name);
        if (!bytes) return bytes.error();
        return weightsIn(*bytes, whereIn(file, name), file.stop);
    };
    arrays.ids = [&](const std::string& name) -> std::vector<std::int64_t> {
        auto bytes = (*archive)->read(file, name);
        if (!bytes) return {};
        auto array = parseNpy(*bytes, name);
        if (!array) return {};
        auto numbers = array->numbers(name);
        return numbers ? idsFromArray(*numbers) : std::vector<std::int64_t>();
    };
    arrays.texts = [&](const std::string& name) -> std::vector<std::string> {
        auto bytes = (*archive)->read(file, name);
        if (!bytes) return {};
        auto array = parseNpy(*bytes, name);
        if (!array) return {};
        auto texts = array->texts(name);
        return texts ? std::move(*texts) : std::vector<std::string>();
    };
    // The header alone tells; the data need not be there for it.
    arrays.looksLikeWeights = [&](const std::string& name) {
        auto bytes = (*archive)->read(file, name);
        if (!bytes) return false;
        const auto array = parseNpy(*bytes, name);
        return array && array->kind == 'f' && array->shape.size() >= 2;
    };
    auto foreign = foreignRunFrom(arrays, file.path);
    if (!foreign) return foreign.error();
    return foreignSession(std::move(*foreign), file.stop);
}

}  // namespace

extern const SessionForm kNpyForm{"NumPy array", &claimsNpy, &readNpy};
extern const SessionForm kNpzForm{"NumPy archive", &claimsNpz, &readNpz};

}  // namespace attnviz
