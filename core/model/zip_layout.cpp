#include "core/model/zip_layout.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "core/base/readable.h"

namespace attnviz {
namespace {

constexpr std::uint64_t kLargestDirectory = 100'000'000;
constexpr std::uint64_t kEndBytes = 22, kLocatorBytes = 20, kEnd64Bytes = 56, kEntryBytes = 46,
                        kLocalBytes = 30;

struct Bytes {
    std::vector<std::byte> bytes;
    std::uint64_t number(std::uint64_t at, int size) const {
        std::uint64_t value = 0;
        for (int i = size; i-- > 0;)
            value = (value << 8U) | std::to_integer<std::uint64_t>(
                                        bytes[static_cast<std::size_t>(at) + static_cast<std::size_t>(i)]);
        return value;
    }
};

struct Reader {
    const MappedFile& file;
    const std::string& where;
    std::uint64_t fileBytes = 0;

    Error damaged(const std::string& what) const {
        return badInput("the zip " + what, where, "The file is damaged or truncated; fetch it again.");
    }

    Result<Bytes> read(std::uint64_t at, std::uint64_t size) const {
        if (size > fileBytes || at > fileBytes - size) return damaged("points behind its end");
        Bytes out{std::vector<std::byte>(static_cast<std::size_t>(size))};
        if (auto done = file.read(at, out.bytes); !done) return done.error();
        return out;
    }

    struct Directory {
        std::uint64_t begin = 0, size = 0, count = 0;
    };

    Result<Directory> directory() const {
        const std::uint64_t tail = std::min<std::uint64_t>(fileBytes, 65535 + kEndBytes);
        auto bytes = read(fileBytes - tail, tail);
        if (!bytes) return bytes.error();
        for (std::uint64_t at = tail < kEndBytes ? 0 : tail - kEndBytes + 1; at-- > 0;) {
            if (bytes->number(at, 4) != 0x06054B50U) continue;
            const std::uint64_t comment = bytes->number(at + 20, 2);
            if (at + kEndBytes + comment != tail) continue;
            const Directory found{bytes->number(at + 16, 4), bytes->number(at + 12, 4),
                                  bytes->number(at + 10, 2)};
            const bool large =
                found.begin == 0xFFFFFFFFU || found.size == 0xFFFFFFFFU || found.count == 0xFFFFU;
            return large ? directory64(fileBytes - tail + at) : found;
        }
        return damaged("has no end of its directory");
    }

    Result<Directory> directory64(std::uint64_t end) const {
        if (end < kLocatorBytes) return damaged("has no end of its directory");
        auto locator = read(end - kLocatorBytes, kLocatorBytes);
        if (!locator) return locator.error();
        if (locator->number(0, 4) != 0x07064B50U) return damaged("has no end of its directory");
        auto bytes = read(locator->number(8, 8), kEnd64Bytes);
        if (!bytes) return bytes.error();
        if (bytes->number(0, 4) != 0x06064B50U) return damaged("has no end of its directory");
        return Directory{bytes->number(48, 8), bytes->number(40, 8), bytes->number(32, 8)};
    }

    // The sizes and the place that do not fit into an entry stand in its extra fields, in this order.
    static bool widen(const Bytes& bytes, std::uint64_t at, std::uint64_t end,
                      std::span<std::uint64_t*> narrow) {
        while (at + 4 <= end) {
            const std::uint64_t kind = bytes.number(at, 2);
            const std::uint64_t size = bytes.number(at + 2, 2);
            at += 4;
            if (size > end - at) return false;
            if (kind == 1) {
                std::uint64_t from = at;
                for (std::uint64_t* value : narrow) {
                    if (from + 8 > at + size) return false;
                    *value = bytes.number(from, 8);
                    from += 8;
                }
                return true;
            }
            at += size;
        }
        return narrow.empty();
    }

    Result<std::vector<ZipEntry>> entries() const {
        const auto place = directory();
        if (!place) return place.error();
        if (place->size > kLargestDirectory || place->count > place->size / kEntryBytes)
            return damaged("has a directory of " + std::to_string(place->size) + " bytes for " +
                           std::to_string(place->count) + " entries");
        auto bytes = read(place->begin, place->size);
        if (!bytes) return bytes.error();
        std::vector<ZipEntry> out;
        std::uint64_t at = 0;
        for (std::uint64_t i = 0; i < place->count; ++i) {
            if (place->size - at < kEntryBytes || bytes->number(at, 4) != 0x02014B50U)
                return damaged("has a directory that ends early");
            const std::uint64_t flags = bytes->number(at + 8, 2), method = bytes->number(at + 10, 2);
            const std::uint64_t nameBytes = bytes->number(at + 28, 2), extraBytes = bytes->number(at + 30, 2),
                                commentBytes = bytes->number(at + 32, 2);
            std::uint64_t packed = bytes->number(at + 20, 4), size = bytes->number(at + 24, 4),
                          local = bytes->number(at + 42, 4);
            at += kEntryBytes;
            if (nameBytes + extraBytes + commentBytes > place->size - at)
                return damaged("has a directory that ends early");
            ZipEntry entry;
            entry.name.assign(reinterpret_cast<const char*>(bytes->bytes.data()) + at,
                              static_cast<std::size_t>(nameBytes));
            std::vector<std::uint64_t*> narrow;
            for (std::uint64_t* value : {&size, &packed, &local})
                if (*value == 0xFFFFFFFFU) narrow.push_back(value);
            if (!widen(*bytes, at + nameBytes, at + nameBytes + extraBytes, narrow))
                return damaged("has an entry without its size");
            at += nameBytes + extraBytes + commentBytes;
            if (!isValidUtf8(entry.name)) return damaged("has a name that is not valid UTF-8");
            entry.stored = method == 0 && (flags & 1U) == 0 && packed == size;
            entry.size = size;
            if (entry.stored)
                if (auto found = locate(entry, local, place->begin); !found) return found.error();
            out.push_back(std::move(entry));
        }
        return out;
    }

    Result<void> locate(ZipEntry& entry, std::uint64_t local, std::uint64_t directoryBegin) const {
        auto header = read(local, kLocalBytes);
        if (!header) return header.error();
        if (header->number(0, 4) != 0x04034B50U)
            return damaged("has an entry that is not where it should be");
        entry.begin = local + kLocalBytes + header->number(26, 2) + header->number(28, 2);
        if (entry.begin > directoryBegin || entry.size > directoryBegin - entry.begin)
            return damaged("has an entry that reaches into its directory");
        return {};
    }
};

}  // namespace

Result<std::vector<ZipEntry>> readZipLayout(const MappedFile& file, const std::string& where) {
    const Reader reader{file, where, file.bytes().size()};
    auto entries = reader.entries();
    if (!entries) return entries;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> places;
    for (const ZipEntry& entry : *entries)
        if (entry.stored && entry.size > 0) places.emplace_back(entry.begin, entry.begin + entry.size);
    std::sort(places.begin(), places.end());
    for (std::size_t i = 1; i < places.size(); ++i)
        if (places[i].first < places[i - 1].second) return reader.damaged("has entries that overlap");
    return entries;
}

}  // namespace attnviz
