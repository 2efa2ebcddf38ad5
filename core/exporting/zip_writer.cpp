#include "core/exporting/zip_writer.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <new>

namespace attnviz {
namespace {

constexpr std::uint64_t kFieldLimit = 0xFFFFFFFF;  // of a 32-bit field; as a value: "see the ZIP64 field"
constexpr std::uint64_t kZip64From =
    0xF0000000;                             // below 4 GiB by what deflate may add to incompressible data
constexpr std::uint16_t kDosDate = 0x0021;  // 1 January 1980
constexpr std::uint16_t kDescriptorFlag = 1U << 3;  // checksum and sizes follow the data

// Little-endian fields, in the order in which the format lists them.
class Fields {
 public:
    Fields& u16(std::uint64_t value) { return add(value, 2); }
    Fields& u32(std::uint64_t value) { return add(value, 4); }
    Fields& u64(std::uint64_t value) { return add(value, 8); }
    Fields& text(std::string_view value) {
        m_bytes += value;
        return *this;
    }
    const std::string& bytes() const { return m_bytes; }

 private:
    Fields& add(std::uint64_t value, int bytes) {
        for (int i = 0; i < bytes; ++i) m_bytes += static_cast<char>(value >> (8 * i) & 0xFFU);
        return *this;
    }
    std::string m_bytes;
};

}  // namespace

struct ZipWriter::Entry {
    std::string name;
    std::uint64_t offset = 0, declared = 0, size = 0, stored = 0;
    std::uint32_t crc = 0;
    Method method = Method::stored;
    bool zip64 = false;
    std::uint16_t version() const { return zip64 ? 45 : 20; }
    std::uint16_t methodCode() const { return method == Method::deflated ? 8 : 0; }
};

struct ZipWriter::Deflater {
    z_stream stream{};
    Deflater() {
        if (deflateInit2(&stream, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
            throw std::bad_alloc();
    }
    ~Deflater() { deflateEnd(&stream); }
    Deflater(const Deflater&) = delete;
    Deflater& operator=(const Deflater&) = delete;
};

ZipWriter::ZipWriter(ByteSink& sink) : m_sink(sink) {}
ZipWriter::~ZipWriter() = default;

Result<void> ZipWriter::put(std::string_view bytes) {
    m_position += bytes.size();
    return m_sink.write(bytes);
}

Result<void> ZipWriter::begin(std::string_view name, std::uint64_t size, Method method) {
    Entry entry;
    entry.name = name;
    entry.offset = m_position;
    entry.declared = size;
    entry.method = method;
    entry.zip64 = size >= kZip64From;
    Fields header;
    header.u32(0x04034B50)
        .u16(entry.version())
        .u16(kDescriptorFlag)
        .u16(entry.methodCode())
        .u16(0)
        .u16(kDosDate);
    header.u32(0).u32(entry.zip64 ? kFieldLimit : 0).u32(entry.zip64 ? kFieldLimit : 0);
    header.u16(name.size()).u16(entry.zip64 ? 20 : 0).text(name);
    if (entry.zip64) header.u16(1).u16(16).u64(0).u64(0);
    m_entries.push_back(std::move(entry));
    m_deflater = method == Method::deflated ? std::make_unique<Deflater>() : nullptr;
    return put(header.bytes());
}

Result<void> ZipWriter::write(std::string_view bytes) {
    Entry& entry = m_entries.back();
    // zlib counts in 32 bits.
    constexpr std::size_t kStep = std::size_t{1} << 20U;
    for (std::size_t at = 0; at < bytes.size(); at += kStep) {
        const auto part = bytes.substr(at, kStep);
        const auto* data = reinterpret_cast<const Bytef*>(part.data());
        entry.crc = static_cast<std::uint32_t>(crc32(entry.crc, data, static_cast<uInt>(part.size())));
        entry.size += part.size();
        if (!m_deflater) {
            entry.stored += part.size();
            if (auto done = put(part); !done) return done;
            continue;
        }
        z_stream& stream = m_deflater->stream;
        stream.next_in = const_cast<Bytef*>(data);
        stream.avail_in = static_cast<uInt>(part.size());
        std::array<char, 1U << 16U> buffer;
        while (stream.avail_in > 0) {
            stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
            stream.avail_out = buffer.size();
            deflate(&stream, Z_NO_FLUSH);
            const std::string_view packed(buffer.data(), buffer.size() - stream.avail_out);
            entry.stored += packed.size();
            if (auto done = put(packed); !done) return done;
        }
    }
    return {};
}

Result<void> ZipWriter::end() {
    Entry& entry = m_entries.back();
    if (entry.size != entry.declared) {
        return internalError("the archive's entry '" + entry.name + "' has " + std::to_string(entry.size) +
                             " bytes, announced were " + std::to_string(entry.declared));
    }
    if (m_deflater) {
        z_stream& stream = m_deflater->stream;
        stream.avail_in = 0;
        for (int state = Z_OK; state == Z_OK;) {
            std::array<char, 1U << 16U> buffer;
            stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
            stream.avail_out = buffer.size();
            state = deflate(&stream, Z_FINISH);
            const std::string_view packed(buffer.data(), buffer.size() - stream.avail_out);
            entry.stored += packed.size();
            if (auto done = put(packed); !done) return done;
        }
        m_deflater.reset();
    }
    Fields descriptor;
    descriptor.u32(0x08074B50).u32(entry.crc);
    if (entry.zip64)
        descriptor.u64(entry.stored).u64(entry.size);
    else
        descriptor.u32(entry.stored).u32(entry.size);
    return put(descriptor.bytes());
}

Result<void> ZipWriter::finish() {
    const std::uint64_t directory = m_position;
    for (const Entry& entry : m_entries) {
        const bool far = entry.offset >= kFieldLimit;
        Fields extra;
        if (entry.zip64) extra.u64(entry.size).u64(entry.stored);
        if (far) extra.u64(entry.offset);
        const bool wide = entry.zip64 || far;
        Fields header;
        header.u32(0x02014B50).u16(wide ? 45 : 20).u16(wide ? 45 : 20).u16(kDescriptorFlag);
        header.u16(entry.methodCode()).u16(0).u16(kDosDate).u32(entry.crc);
        header.u32(entry.zip64 ? kFieldLimit : entry.stored).u32(entry.zip64 ? kFieldLimit : entry.size);
        header.u16(entry.name.size()).u16(wide ? extra.bytes().size() + 4 : 0).u16(0).u16(0).u16(0).u32(0);
        header.u32(far ? kFieldLimit : entry.offset).text(entry.name);
        if (wide) header.u16(1).u16(extra.bytes().size()).text(extra.bytes());
        if (auto done = put(header.bytes()); !done) return done;
    }
    const std::uint64_t size = m_position - directory;
    const bool wide = directory >= kFieldLimit || size >= kFieldLimit || m_entries.size() >= 0xFFFF;
    Fields end;
    if (wide) {
        const std::uint64_t at = m_position;
        end.u32(0x06064B50).u64(44).u16(45).u16(45).u32(0).u32(0);
        end.u64(m_entries.size()).u64(m_entries.size()).u64(size).u64(directory);
        end.u32(0x07064B50).u32(0).u64(at).u32(1);
    }
    const auto count = std::min<std::uint64_t>(m_entries.size(), 0xFFFF);
    end.u32(0x06054B50).u16(0).u16(0).u16(count).u16(count);
    end.u32(std::min(size, kFieldLimit)).u32(std::min(directory, kFieldLimit)).u16(0);
    return put(end.bytes());
}

}  // namespace attnviz
