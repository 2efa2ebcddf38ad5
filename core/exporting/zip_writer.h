// Writes a ZIP archive to a sink that cannot be rewound: sizes and checksums follow each entry (a data
// descriptor).
//
// The same entries give the same bytes: every entry is dated 1 January 1980. ZIP64 where an entry or the
// archive may pass 4 GiB. Nothing is held in memory but the list of entries.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/byte_sink.h"

namespace attnviz {

class ZipWriter {
 public:
    enum class Method { stored, deflated };

    explicit ZipWriter(ByteSink& sink);
    ~ZipWriter();
    ZipWriter(const ZipWriter&) = delete;
    ZipWriter& operator=(const ZipWriter&) = delete;

    // `size` is exactly what will be written to the entry; `name` is ASCII.
    Result<void> begin(std::string_view name, std::uint64_t size, Method method);
    Result<void> write(std::string_view bytes);
    Result<void> end();
    // The central directory. Nothing may be written afterwards.
    Result<void> finish();

 private:
    struct Entry;
    struct Deflater;
    Result<void> put(std::string_view bytes);

    ByteSink& m_sink;
    std::uint64_t m_position = 0;
    std::vector<Entry> m_entries;
    std::unique_ptr<Deflater> m_deflater;  // of the open entry, if it is deflated
};

}  // namespace attnviz
